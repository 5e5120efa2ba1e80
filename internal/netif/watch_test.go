package netif

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/gozre/zre/internal/lab"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(inLab{m}) }

// inLab runs the tests where they can have hosts of their own.
type inLab struct{ m *testing.M }

func (l inLab) Run() int { return lab.Main(l.m) }

// patience bounds the wait for what must come; it is not a measure of time.
const patience = 2 * time.Minute

// next waits for a value from Watch.
func next(t *testing.T, changed <-chan struct{}) {
	t.Helper()
	select {
	case _, ok := <-changed:
		if !ok {
			t.Fatal("the watch has ended")
		}
	case <-time.After(patience):
		t.Fatal("no change was told")
	}
}

func TestWatchEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	changed, err := Watch(ctx)
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	deadline := time.After(patience)
	for {
		select {
		case _, ok := <-changed:
			if !ok {
				return
			}
		case <-deadline:
			t.Fatal("the channel was not closed")
		}
	}
}

func TestPollTellsOfADifference(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	changed := make(chan struct{}, 1)
	done := make(chan struct{})
	go func() {
		defer close(done)
		poll(ctx, time.Millisecond, []Interface{{Name: "gone0"}}, nil, changed)
	}()
	next(t, changed)
	cancel()
	<-done
}

// A hint makes the list be compared at once, and nothing is told when it shows
// no difference.
func TestPollTakesHints(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	hints, changed := make(chan struct{}), make(chan struct{}, 1)
	done := make(chan struct{})
	go func() {
		defer close(done)
		poll(ctx, time.Hour, []Interface{{Name: "gone0"}}, hints, changed)
	}()
	hints <- struct{}{}
	next(t, changed)
	for range 2 { // the second is taken when the first has been looked at
		hints <- struct{}{}
	}
	if len(changed) != 0 {
		t.Error("a change was told, and there was none")
	}
	cancel()
	<-done
}

// The goroutine that hints is waited for.
func TestWatchByPollingEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	var ended atomic.Bool
	untilTheEnd := func(ctx context.Context, task *sync.WaitGroup, _ chan<- struct{}) {
		task.Go(func() {
			<-ctx.Done()
			ended.Store(true)
		})
	}
	changed, err := watchByPolling(ctx, time.Hour, untilTheEnd)
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	for range changed {
	}
	if !ended.Load() {
		t.Error("the channel was closed before the hints had ended")
	}
}
