package oneshot

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/gozre/zre/cmd/internal/cli"
	"github.com/gozre/zre/cmd/internal/layout"
	"github.com/gozre/zre/cmd/internal/visible"
	"github.com/gozre/zre/zre"
)

// subscription is the flags of "zre sub".
type subscription struct {
	groups []string
	count  cli.Count
	wait   cli.Bound
	format layout.Format
	null   bool
	times  bool
}

// subCommand is "zre sub GROUP".
func subCommand() cli.Program {
	c := newCommon("sub")
	var sub subscription
	return cli.Program{
		Name: "sub", Args: "[GROUP...]", Group: groupMessage,
		Short: "print messages as they come",
		Long: `zre sub joins the groups and prints what is said in them, or whispered to this node: each
message with a newline at its end. Without GROUP it joins every group that there is, also those
that others join later.

A message is acknowledged when it is written: what a full disk refuses, and what comes after
--count messages, is not. On a terminal control characters in messages are shown as escapes; in a
pipe or file nothing is changed. It ends at a signal, or with --count and --timeout (-W is the same as -t).`,
		Example: `  zre sub status
  zre sub -c 1 -W 5 temperature                    the next message, or status 4
  zre sub -F '{time} {group} {name}: {payload}'    who says what, and when, in all groups
  zre sub --json chat | jq -r .name`,
		Manual: []cli.Section{{Title: "Format", Body: layout.Manual}},
		Statuses: `0  it printed what came: with --count so many messages, else at least one
1  it failed, or messages were lost on the way
2  the command line or zre.conf makes no sense
4  --timeout passed and not enough came, or nothing
128 and the number of the signal that ended it before --count messages came`,
		Node: c.flags,
		Positional: func(_ *cobra.Command, args []string) error {
			for _, group := range args {
				if err := groupName(group); err != nil {
					return err
				}
			}
			return nil
		},
		Flags: func(fs *pflag.FlagSet) {
			fs.VarP(&sub.count, "count", "c", "end when this many messages have come")
			fs.VarP(&sub.wait, "within", "W", "the same as --timeout")
			fs.VarP(&sub.format, "format", "F", "print each message like this: '{time} {name}: {payload}'; see Format")
			fs.BoolVar(&sub.times, "times", false, "print the time before each message")
			fs.BoolVarP(&sub.null, "null", "0", false, "end each message with NUL")
			c.register(fs, "end after this time")
		},
		Run: func(ctx context.Context, env *cli.Env, args []string) error {
			sub.groups = args
			if sub.wait > 0 {
				if c.timeout > 0 {
					return cli.Usagef("-W and --timeout are the same; give one of them")
				}
				c.timeout = sub.wait
			}
			l, err := sub.layout(c.json, cli.IsTerminal(env.Stdout))
			if err != nil {
				return err
			}
			set := func(cfg *zre.Config) { cfg.Groups, cfg.ManualAck = args, true }
			return c.run(ctx, env, set, func(ctx context.Context, s *session) error {
				return s.subscribe(ctx, &sub, l)
			})
		},
	}
}

// layout is how messages are printed.
func (sub *subscription) layout(json, terminal bool) (*layout.Layout, error) {
	l := &layout.Layout{Format: sub.format, Lines: !sub.null, Null: sub.null, JSON: json, Terminal: terminal}
	format := ""
	switch {
	case json && (sub.format.Given() || sub.null || sub.times):
		return nil, cli.Usagef("--json has a format of its own: without --format, --times and --null")
	case sub.times && sub.format.Given():
		return nil, cli.Usagef("--times is for messages without --format; put {time} into the format")
	case sub.times:
		format = "{time} {payload}"
	case terminal && !sub.format.Given():
		format = "{payload}" // a format makes it harmless
	}
	if format == "" {
		return l, nil
	}
	return l, l.Format.Set(format)
}

// subscribe prints messages until there is a reason to end.
func (s *session) subscribe(ctx context.Context, sub *subscription, l *layout.Layout) error {
	ctx, cancel := s.untilGone(ctx)
	defer cancel()
	came, lost, full := 0, false, false
	var buffer []byte
	for sub.count == 0 || came < int(sub.count) {
		ev, err := s.Next(ctx)
		if err != nil {
			break
		}
		switch ev.Type {
		case zre.EventShout, zre.EventWhisper:
			came++
			buffer = l.Append(buffer[:0], ev, time.Now())
			if s.out.write(buffer) {
				s.Ack()
			}
			s.Recycle(ev.Content...)
			if cap(buffer) > maxKept {
				buffer = nil
			}
		case zre.EventJoin:
			if len(sub.groups) > 0 || full {
				continue
			}
			if err := s.Join(ev.Group); errors.Is(err, zre.ErrTooManyGroups) {
				full = true
				s.note("%v; others are not printed", err)
			}
		case zre.EventExit:
			if ev.Reason == zre.ReasonGap {
				lost = true
				s.note("messages from %s (%s) were lost on the way", visible.String(ev.Name), ev.Peer)
			}
		}
	}
	if err := s.enough(ctx, came, int(sub.count), "messages"); err != nil {
		return err
	}
	if lost {
		return &cli.ExitError{Status: cli.ExitFailure}
	}
	return nil
}

// maxKept is how large a buffer may be that is kept for the next message.
const maxKept = 1 << 20

// errGone is the cause of a context that ends because nobody reads standard output any more.
var errGone = errors.New("nobody reads standard output")

// untilGone returns a context that ends also when nobody reads standard output any more.
func (s *session) untilGone(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		select {
		case <-s.out.gone:
			cancel(errGone)
		case <-ctx.Done():
		}
	}()
	return ctx, func() {
		cancel(nil)
		<-done
	}
}

// enough is the verdict on a command that waits for things to come, of which want were asked
// for; 0: as many as come.
func (s *session) enough(ctx context.Context, came, want int, what string) error {
	switch cause := context.Cause(ctx); {
	case want > 0 && came >= want, cause == nil, errors.Is(cause, errGone):
		return nil
	case errors.Is(cause, errTimeout):
		if want > 0 {
			return s.late(cli.ExitTimeout, fmt.Sprintf("%d of %d %s came", came, want, what))
		}
		if came == 0 {
			return s.late(cli.ExitTimeout, "no "+what+" came")
		}
		return nil
	case want > 0:
		return interrupted(ctx)
	}
	return nil
}
