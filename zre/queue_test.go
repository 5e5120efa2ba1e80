package zre

import (
	"context"
	"fmt"
	"runtime"
	"testing"
)

// waitFor waits for wake until ctx ends, and reads nothing meanwhile.
func waitFor(ctx context.Context, wake <-chan struct{}) error {
	select {
	case <-wake:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// What an event holds counts, also where it has no octets of content.
func TestCostOfEvents(t *testing.T) {
	headers := make(map[string]string)
	for i := range 1000 {
		headers[fmt.Sprintf("%04d", i)] = ""
	}
	for _, c := range []struct {
		name string
		item item
		want int64
	}{
		{"WHISPER without a frame", item{from: &sender{}}, eventCost},
		{"frames", item{from: &sender{}, content: [][]byte{make([]byte, 10), make([]byte, 5)}}, eventCost + 15 + 2*frameCost},
		{"frames of no size", item{from: &sender{}, content: make([][]byte, 60_000)}, eventCost + 60_000*frameCost},
		{"JOIN", item{other: &Event{Name: "abc", Group: "de"}}, eventCost + 5},
		{"ENTER with headers", item{other: &Event{Headers: headers}}, eventCost + 1000*(4+headerCost)},
	} {
		if got := c.item.cost(); got != c.want {
			t.Errorf("%s: %d octets, want %d", c.name, got, c.want)
		}
	}
}

// A taker that waits for its turn behind another one waits no longer than its own
// context, and gets its turn when the other one ends.
func TestTakersTakeTurns(t *testing.T) {
	q := newQueue(1<<20, waitFor)
	first, cancel := context.WithCancel(context.Background())
	errs := make(chan error, 2)
	go func() { errs <- q.take(first, new(Event)) }()
	for q.takeMu.TryLock() {
		q.takeMu.Unlock()
		runtime.Gosched()
	}
	ended, end := context.WithCancel(context.Background())
	end()
	if err := q.take(ended, new(Event)); err != context.Canceled {
		t.Errorf("second taker: %v", err)
	}
	go func() { errs <- q.take(t.Context(), new(Event)) }()
	for q.takers.Load() == 0 {
		runtime.Gosched()
	}
	cancel()
	if err := <-errs; err != context.Canceled {
		t.Errorf("first taker: %v", err)
	}
	q.put([]item{{from: &sender{link: &link{err: ErrPeerGone}}}})
	if err := <-errs; err != nil {
		t.Errorf("third taker: %v", err)
	}
}
