package inbox

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/gozre/zre/zre/internal/core"
)

// source is a sender whose messages are taken.
type source struct {
	name  string
	taken uint64
	owes  bool
	ended bool
}

func (s *source) Peer() (uuid.UUID, string) { return uuid.Nil, s.name }
func (s *source) Taken(n uint64)            { s.taken += n }
func (s *source) Owes() bool                { return s.owes }
func (s *source) Ended() bool               { return s.ended }

// from returns a chunk with a message of a source.
func from(s *source) *Chunk {
	c := NewMessage(Item{Type: core.EventWhisper})
	c.Source = s
	return c
}

// What an event holds counts, also where it has no octets of content.
func TestCostOfEvents(t *testing.T) {
	headers := make(map[string]string)
	for i := range 1000 {
		headers[fmt.Sprintf("%04d", i)] = ""
	}
	message := func(content ...[]byte) *Chunk { return NewMessage(Item{Content: content}) }
	for _, c := range []struct {
		name  string
		chunk *Chunk
		want  int64
	}{
		{"WHISPER without a frame", message(), EventCost},
		{"frames", message(make([]byte, 10), make([]byte, 5)), EventCost + 15 + 2*FrameCost},
		{"frames of no size", message(make([][]byte, 60_000)...), EventCost + 60_000*FrameCost},
		{"JOIN", NewEvent(&core.Event{Name: "abc", Group: "de"}), EventCost + 5},
		{"ENTER with headers", NewEvent(&core.Event{Headers: headers}), EventCost + 1000*(4+HeaderCost)},
	} {
		q := NewQueue(1 << 30)
		q.Put([]*Chunk{c.chunk})
		if got := q.Octets(); got != c.want {
			t.Errorf("%s: %d octets, want %d", c.name, got, c.want)
		}
		if err := q.Take(t.Context(), new(Event)); err != nil || q.Octets() != 0 {
			t.Errorf("%s: %d octets after it was taken, error %v", c.name, q.Octets(), err)
		}
	}
}

// A taker that waits for its turn behind another one waits no longer than its own
// context, and gets its turn when the other one ends.
func TestTakersTakeTurns(t *testing.T) {
	q := NewQueue(1 << 20)
	first, cancel := context.WithCancel(context.Background())
	errs := make(chan error, 2)
	go func() { errs <- q.Take(first, new(Event)) }()
	for q.takeMu.TryLock() {
		q.takeMu.Unlock()
		runtime.Gosched()
	}
	ended, end := context.WithCancel(context.Background())
	end()
	if err := q.Take(ended, new(Event)); err != context.Canceled {
		t.Errorf("second taker: %v", err)
	}
	go func() { errs <- q.Take(t.Context(), new(Event)) }()
	for q.takers.Load() == 0 {
		runtime.Gosched()
	}
	cancel()
	if err := <-errs; err != context.Canceled {
		t.Errorf("first taker: %v", err)
	}
	q.Put([]*Chunk{from(&source{})})
	if err := <-errs; err != nil {
		t.Errorf("third taker: %v", err)
	}
}

// A connection waits while the queue is full, and goes on when events were taken;
// after Open it waits no more.
func TestAwaitRoom(t *testing.T) {
	q := NewQueue(10 * EventCost)
	fill := func() {
		for !q.Full() {
			q.Put([]*Chunk{from(&source{})})
		}
	}
	fill()
	done := make(chan struct{})
	wait := func() {
		q.AwaitRoom()
		done <- struct{}{}
	}
	go wait()
	for blocked, _ := q.Blocked(); !blocked; blocked, _ = q.Blocked() {
		runtime.Gosched()
	}
	select {
	case <-done:
		t.Fatal("a full queue has room")
	default:
	}
	var it Event
	for q.Full() {
		if err := q.Take(t.Context(), &it); err != nil {
			t.Fatal(err)
		}
	}
	<-done
	if now, total := q.Blocked(); now || total <= 0 {
		t.Errorf("blocked %v for %v", now, total)
	}
	fill()
	go wait()
	q.Open()
	<-done
	fill()
	q.AwaitRoom()
}

// Close ends the queue after what is left.
func TestCloseQueue(t *testing.T) {
	q := NewQueue(1 << 20)
	q.Put([]*Chunk{from(&source{name: "a"})})
	q.Close()
	var it Event
	if err := q.Take(t.Context(), &it); err != nil {
		t.Fatal(err)
	}
	if _, name := it.Source.Peer(); name != "a" {
		t.Errorf("event of %q", name)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for range 2 {
		if err := q.Take(ctx, &it); err != io.EOF {
			t.Errorf("error %v, want %v", err, io.EOF)
		}
	}
}

// Each event that is taken, and each Ack, is progress. There is no telling while a goroutine
// is in Take.
func TestProgress(t *testing.T) {
	q := NewQueue(1 << 20)
	q.HoldAcks()
	q.Put([]*Chunk{q.run(&source{}, 2)})
	var seen uint64
	moved := func(step string, want bool) {
		t.Helper()
		n, still := q.Progress()
		if !still || (n != seen) != want {
			t.Errorf("%s: %d after %d, nobody in Take: %v", step, n, seen, still)
		}
		seen = n
	}
	moved("nothing", false)
	q.takeAll(t, 1)
	moved("an event", true)
	q.Ack()
	moved("an Ack that tells of nothing", false)
	q.takeAll(t, 1)
	moved("another one", true)
	q.Ack()
	moved("an Ack", true)
	ctx, cancel := context.WithCancel(t.Context())
	taken := make(chan error)
	go func() { taken <- q.Take(ctx, new(Event)) }()
	for _, still := q.Progress(); still; _, still = q.Progress() {
		runtime.Gosched()
	}
	cancel()
	if err := <-taken; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	moved("in the end", false)
}

// TakeSome takes what is there up to a number, over the borders of chunks, and counts it as Take
// does.
func TestTakeSome(t *testing.T) {
	q, s := NewQueue(1<<20), &source{}
	q.Put([]*Chunk{q.run(s, 7), NewEvent(&core.Event{Type: core.EventJoin}), q.run(s, 5)})
	take := func(most int) (got []int) {
		t.Helper()
		err := q.TakeSome(t.Context(), most, func(from Source, messages []Item, other *core.Event) {
			switch {
			case other != nil && (from != nil || len(messages) > 0):
				t.Error("an event with messages")
			case other == nil && from != s:
				t.Error("messages of", from)
			}
			got = append(got, len(messages))
		})
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	for _, step := range []struct {
		most  int
		want  string
		taken uint64
	}{{3, "[3]", 0}, {4, "[4]", 7}, {3, "[0 2]", 7}, {100, "[3]", 12}} {
		if got := fmt.Sprint(take(step.most)); got != step.want || s.taken != step.taken {
			t.Errorf("at most %d: %s and %d counted as taken, want %s and %d",
				step.most, got, s.taken, step.want, step.taken)
		}
	}
	if n := q.Octets(); n != 0 {
		t.Error(n, "octets are left")
	}
	if n, _ := q.Progress(); n != 13 {
		t.Error("progress:", n)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := q.TakeSome(ended, 1, nil); err != context.Canceled {
		t.Error(err)
	}
	q.Close()
	if err := q.TakeSome(t.Context(), 1, nil); err != io.EOF {
		t.Error(err)
	}
}
