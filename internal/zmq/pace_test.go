package zmq

import (
	"runtime"
	"testing"
	"time"
)

func TestPace(t *testing.T) {
	var p pace
	row := func(n int, took time.Duration, messages int) {
		for range n {
			p.begin()
			p.began = p.began.Add(-took)
			p.end(messages)
		}
	}
	many := held
	if runtime.GOMAXPROCS(0) == 1 {
		many = parked // There is no processor to hold.
	}
	for _, step := range []struct {
		name       string
		took       time.Duration
		messages   int
		rows       int
		idle, busy wait
	}{
		{"one wait too few for a conversation", 0, 1, waitAfter - 1, parked, parked},
		{"a conversation", 0, 1, 1, eager, eager},
		{"a stream", 0, eagerFew + 1, 1, many, parked},
		{"a conversation again", 0, 1, waitAfter, eager, eager},
		{"waits beyond those of a conversation", eagerQuick, 1, 1, many, parked},
		{"a long wait", waitLimit, eagerFew + 1, 1, parked, parked},
		{"one wait too few for a stream", 0, eagerFew + 1, waitAfter - 1, parked, parked},
		{"a stream again", 0, eagerFew + 1, 1, many, parked},
	} {
		row(step.rows, step.took, step.messages)
		if got := p.next(true); got != step.idle {
			t.Errorf("%s: wait %d with nothing else to do, want %d", step.name, got, step.idle)
		}
		if got := p.next(false); got != step.busy {
			t.Errorf("%s: wait %d beside other work, want %d", step.name, got, step.busy)
		}
	}
}

// A Receive that waits, in whichever way, ends when it is interrupted, and one that does not wait yet when it begins to.
func TestInterrupt(t *testing.T) {
	for _, way := range []struct {
		name string
		pace pace
	}{
		{"parked", pace{}},
		{"held", pace{short: waitAfter}},
		{"eager", pace{few: waitAfter}},
	} {
		t.Run(way.name, func(t *testing.T) {
			onEachPath(t, func(t *testing.T, c *Context, o Options) {
				r, endpoint := router(t, c, o)
				r.Interrupt()
				b := Batch{Idle: true}
				if err := r.Receive(&b); err != nil || b.Len() != 0 {
					t.Fatalf("interrupted before: %d messages, error %v", b.Len(), err)
				}
				r.pace = way.pace
				done := make(chan error, 1)
				go func() { done <- r.Receive(&b) }()
				until(t, "parked", r.isParked)
				r.Interrupt()
				if err := <-done; err != nil || b.Len() != 0 {
					t.Fatalf("%d messages, error %v", b.Len(), err)
				}
				// It tells nothing of how long messages take to come,
				for range waitAfter {
					r.Interrupt()
					if err := r.Receive(&b); err != nil {
						t.Fatal(err)
					}
				}
				if got := r.pace.next(true); got != parked {
					t.Errorf("wait %d after interrupts, want %d", got, parked)
				}
				// and was for that Receive alone.
				send(t, dealer(t, c, endpoint, o), number(7))
				each(t, r, 1, func([][]byte) {})
			})
		})
	}
}

// TestConversation has two receivers answer each other, which is when they wait eagerly, and closes one at a moment
// when it may be waiting so.
func TestConversation(t *testing.T) {
	const rounds = 500
	onEachPath(t, func(t *testing.T, c *Context, o Options) {
		in, there := router(t, c, o)
		back, here := router(t, c, o)
		out, answer := dealer(t, c, there, o), dealer(t, c, here, o)
		done := make(chan error, 1)
		go func() {
			for {
				var b Batch
				if err := in.Receive(&b); err != nil {
					done <- err
					return
				}
				for i := range b.Len() {
					if err := answer.Send(b.Message(i)[1]); err != nil {
						done <- err
						return
					}
				}
			}
		}()
		got := 0
		send(t, out, number(0))
		each(t, back, rounds, func(m [][]byte) {
			if string(m[1]) != string(number(got)) {
				t.Fatalf("round %d: wrong answer", got)
			}
			if got++; got < rounds {
				send(t, out, number(got))
			}
		})
		if err := in.Close(); err != nil {
			t.Error(err)
		}
		if err := <-done; err != ErrClosed {
			t.Error(err)
		}
	})
}
