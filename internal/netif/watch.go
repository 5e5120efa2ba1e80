package netif

import (
	"context"
	"slices"
	"sync"
	"time"
)

// pollPeriod is how often Watch compares the list of interfaces where nothing
// better is known to tell of all changes.
const pollPeriod = 2 * time.Second

// Watch tells of changes of interfaces and their addresses until ctx
// ends: the channel then holds one value, however many changes there were
// since it was last read, and the reader calls List or Select again. Changes
// after Watch has returned are not missed. Some values stand for changes that
// do not show in the list.
//
// When ctx has ended the channel is closed, after everything that Watch holds
// has been given back.
func Watch(ctx context.Context) (<-chan struct{}, error) {
	return watch(ctx)
}

// tell puts a value into a channel of capacity one, which then stands for all
// changes that have not been looked at yet.
func tell(changed chan<- struct{}) {
	select {
	case changed <- struct{}{}:
	default:
	}
}

// A hinter tells when the system speaks of a change, until ctx ends; task is
// done when it has given back what it holds. It may tell nothing at all.
type hinter func(ctx context.Context, task *sync.WaitGroup, hints chan<- struct{})

// watchByPolling is Watch with what every system has: it compares the list of
// interfaces every period, and at once when there is a hint.
func watchByPolling(
	ctx context.Context, period time.Duration, hint hinter,
) (<-chan struct{}, error) {
	ctx, stop := context.WithCancel(ctx)
	hints := make(chan struct{}, 1)
	var hinting sync.WaitGroup
	// The hints begin before the list is made, so that no change falls in between.
	hint(ctx, &hinting, hints)
	before, err := List()
	if err != nil {
		stop()
		hinting.Wait()
		return nil, err
	}
	changed := make(chan struct{}, 1)
	go func() {
		defer close(changed)
		defer hinting.Wait()
		defer stop()
		poll(ctx, period, before, hints, changed)
	}()
	return changed, nil
}

// poll compares the list of interfaces every period, and at once when there is a
// hint, until ctx ends. The list known at first is before.
func poll(
	ctx context.Context, period time.Duration, before []Interface,
	hints <-chan struct{}, changed chan<- struct{},
) {
	ticker := time.NewTicker(period)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		case <-hints:
		}
		now, err := List()
		if err != nil || slices.EqualFunc(before, now, Interface.Equal) {
			continue
		}
		before = now
		tell(changed)
	}
}
