package zmq

import (
	"testing"
	"time"
)

func TestPace(t *testing.T) {
	var p pace
	wait := func(took time.Duration, messages int) {
		p.begin()
		p.began = p.began.Add(-took)
		p.end(messages)
	}
	for i := range eagerAfter {
		if p.quick() {
			t.Fatalf("quick after %d waits", i)
		}
		wait(0, 1)
	}
	if !p.quick() {
		t.Error("not quick after short waits")
	}
	wait(0, eagerFew+1)
	if p.quick() {
		t.Error("a stream was taken for a conversation")
	}
	for range eagerAfter {
		wait(0, 1)
	}
	wait(eagerQuick, 1)
	if p.quick() {
		t.Error("quick after a long wait")
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
