package oneshot

import (
	"context"
	"errors"
	"time"

	"github.com/gozre/zre/cmd/internal/cli"
	"github.com/gozre/zre/zre"
)

// list prints a list: once, or again and again until a signal. make makes it and reports
// whether there is something in it.
func (c *common) list(
	ctx context.Context, env *cli.Env, watch bool,
	build func(ctx context.Context, s *session) (text string, something bool),
) error {
	set := visit
	if watch {
		set = announce
	}
	return c.run(ctx, env, set, func(ctx context.Context, s *session) error {
		if err := s.settle(ctx); err != nil {
			return err
		}
		s.sayUnreached()
		if watch {
			return s.watch(ctx, build)
		}
		text, something := build(ctx, s)
		if err := interrupted(ctx); err != nil {
			return err
		}
		if text != "" {
			s.out.line(text)
		}
		if !something {
			return &cli.ExitError{Status: cli.ExitNoPeer, Err: errors.New("nobody is there")}
		}
		return nil
	})
}

// watchPause is the time between two lists: changes are gathered for so long. On a terminal
// the list is drawn again after refreshPeriod if nothing has changed.
const (
	watchPause    = 500 * time.Millisecond
	refreshPeriod = 2 * time.Second
)

// clearScreen moves the cursor of a terminal to its first line and clears what is below.
const clearScreen = "\x1b[H\x1b[J"

// watch prints the list when something has changed, until a signal, --timeout or the end of
// the reader.
func (s *session) watch(
	ctx context.Context, build func(ctx context.Context, s *session) (string, bool),
) error {
	terminal := cli.IsTerminal(s.env.Stdout) && !s.json
	changed, stopped := s.changes(ctx)
	defer stopped()
	for {
		text, something := build(ctx, s)
		switch {
		case ctx.Err() != nil:
			return nil
		case !something && !s.json:
			text = "nobody is there"
		}
		if terminal {
			text = clearScreen + text
		} else if !s.json {
			text += "\n"
		}
		s.out.line(text)
		if !s.pause(ctx, watchPause, nil) {
			return nil
		}
		refresh := time.Duration(1<<63 - 1)
		if terminal {
			refresh = refreshPeriod
		}
		if !s.pause(ctx, refresh, changed) {
			return nil
		}
	}
}

// pause waits until something has changed, for a time at most. It reports false when the
// command is to end.
func (s *session) pause(ctx context.Context, most time.Duration, changed <-chan struct{}) bool {
	timer := time.NewTimer(most)
	defer timer.Stop()
	select {
	case <-changed:
	case <-timer.C:
	case <-ctx.Done():
		return false
	case <-s.out.gone:
		return false
	}
	return true
}

// changes takes the node's events, and puts an element into the channel if they change who is
// there. stopped waits for the end of its goroutine, which ends with ctx at the latest.
func (s *session) changes(ctx context.Context) (changed <-chan struct{}, stopped func()) {
	ctx, cancel := context.WithCancel(ctx)
	c, done := make(chan struct{}, 1), make(chan struct{}) // one element is enough
	go func() {
		defer close(done)
		for {
			ev, err := s.Next(ctx)
			if err != nil {
				return
			}
			if ev.Type == zre.EventShout || ev.Type == zre.EventWhisper {
				continue
			}
			select {
			case c <- struct{}{}:
			default:
			}
		}
	}()
	return c, func() {
		cancel()
		<-done
	}
}
