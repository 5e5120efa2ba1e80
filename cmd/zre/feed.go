package main

import (
	"context"
	"errors"
	"time"

	"github.com/gozre/zre/zre"
)

// Events that come close together are shown together: those that follow each other within
// togetherGap, for at most togetherMost. So a start among hundreds of peers is a few lines,
// and a flood of messages few prints.
const (
	togetherGap   = 15 * time.Millisecond
	togetherMost  = 250 * time.Millisecond
	togetherCount = 2000
)

// feed shows events on the screen until the node is closed and everything is read.
func (s *shell) feed(screen *screen) {
	d := newDigest(screen.look)
	if !s.options.all {
		d.hides = s.visitors.hide
	}
	for {
		events, ended := s.gather(d.nextTally, screen.now)
		screen.put(d.lines(screen.now(), events))
		if ended {
			var rest [][]span
			for _, line := range d.tally(screen.now(), true) {
				rest = append(rest, screen.look.line(screen.now(), line...))
			}
			screen.put(rest)
			return
		}
	}
}

// gather waits for an event, or until the given time if that is not zero, and returns it
// with those that follow soon.
func (s *shell) gather(until time.Time, now func() time.Time) (events []zre.Event, ended bool) {
	ctx, cancel := context.Background(), func() {}
	if !until.IsZero() {
		ctx, cancel = context.WithTimeout(ctx, max(until.Sub(now()), time.Millisecond))
	}
	ev, err := s.node.Next(ctx)
	cancel()
	for last := time.Now().Add(togetherMost); err == nil; {
		events = append(events, ev)
		if len(events) == togetherCount || time.Now().After(last) {
			return events, false
		}
		ctx, cancel := context.WithTimeout(context.Background(), togetherGap)
		ev, err = s.node.Next(ctx)
		cancel()
	}
	return events, !errors.Is(err, context.DeadlineExceeded)
}
