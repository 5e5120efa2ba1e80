package netif

import (
	"context"
	"slices"
	"time"
)

// pollPeriod is how often Watch compares the list of interfaces where the
// system does not tell of changes.
const pollPeriod = 2 * time.Second

// Watch tells of changes of interfaces and their IPv4 addresses until ctx
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

// poll compares the list of interfaces every period until ctx ends. The list
// known at first is before.
func poll(ctx context.Context, period time.Duration, before []Interface, changed chan<- struct{}) {
	ticker := time.NewTicker(period)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		now, err := List()
		if err != nil || slices.EqualFunc(before, now, Interface.Equal) {
			continue
		}
		before = now
		tell(changed)
	}
}
