package oneshot

import (
	"bytes"
	"context"
	"errors"
	"time"

	"github.com/spf13/pflag"

	"github.com/gozre/zre/cmd/internal/cli"
	"github.com/gozre/zre/zre"
)

// replyCommand is "zre reply GROUP -- CMD".
func replyCommand() cli.Program {
	c := newCommon("reply")
	r := runner{parallel: 4, limit: cli.Bound(time.Minute)}
	most := cli.Size(16 << 20)
	var args split
	const right = "zre reply GROUP -- COMMAND [ARG...]"
	return cli.Program{
		Name: "reply", Args: "GROUP -- COMMAND [ARG...]", Group: groupMessage,
		Short: "answer requests with the output of a command",
		Long: `zre reply joins GROUP and answers the requests of zre request, to the group or to this node: for
each it runs COMMAND, which gets the payload on standard input, and sends what COMMAND writes to
standard output, with its exit status. What comes from the network is never a part of the
command line, and no shell sees it, unless COMMAND gives it to one.

COMMAND runs in a process group of its own. When it ends, what it left running in that group is
killed; when zre reply ends, COMMAND gets a SIGTERM. A COMMAND that fails is named on standard
error, and counted.`,
		Example: `  zre reply time -- date -u +%FT%TZ
  zre reply upper -- tr a-z A-Z
  zre reply --parallel 1 jobs -- ./work.sh`,
		Manual: []cli.Section{{Title: "Environment of the command", Body: environmentHelp}},
		Statuses: `0  a signal or --timeout ended it, or --count; no command failed
1  it failed, or a command did
2  the command line or zre.conf makes no sense
4  --timeout passed, and no request came, or fewer than --count
128 and the number of the signal that ended it before --count requests came`,
		Node:       c.flags,
		Positional: args.positional(right),
		Flags: func(fs *pflag.FlagSet) {
			r.register(fs)
			fs.Var(&most, "max-answer", "end a command that writes more than this (at most 255M)")
			c.register(fs, "end after this time")
		},
		Run: func(ctx context.Context, env *cli.Env, _ []string) error {
			if len(args.before) != 1 {
				return cli.Usagef("one group before --, not %d (right: %s)", len(args.before), right)
			}
			if err := groupName(args.before[0]); err != nil {
				return err
			}
			if most > maxMessage-1<<20 {
				return env.Refuse("max-answer", &most, "at most 255M")
			}
			if err := r.find(args.command); err != nil {
				return err
			}
			group := args.before[0]
			set := func(cfg *zre.Config) { cfg.Groups = []string{group} }
			return c.run(ctx, env, set, func(ctx context.Context, s *session) error {
				return s.serve(ctx, &r, "requests", func(ev zre.Event) (func(context.Context) outcome, bool) {
					return s.replyTo(ev, group, &r, int64(most))
				})
			})
		},
	}
}

// replyTo returns what answers an event, if it is a request.
func (s *session) replyTo(
	ev zre.Event, group string, r *runner, most int64,
) (answer func(context.Context) outcome, ok bool) {
	if ev.Type != zre.EventWhisper && (ev.Type != zre.EventShout || ev.Group != group) {
		return nil, false
	}
	id, payload, ok := parseRequest(ev.Content)
	if !ok {
		return nil, false
	}
	return func(ctx context.Context) outcome {
		var out bytes.Buffer
		res := r.run(ctx, job{
			input: payload, env: s.environment(ev), stdout: &out, stderr: s.env.Stderr, most: most,
		})
		if res.status == statusLate || res.status == statusTooLarge {
			out.Reset()
		}
		if ctx.Err() != nil {
			return outcome{ev: ev, result: res, cut: true}
		}
		// A peer that takes nothing must not hold this command's place for ever.
		ctx, cancel := context.WithTimeout(ctx, answerTime)
		defer cancel()
		err := s.Whisper(ctx, ev.Peer, replyFrame(id, res.status), out.Bytes())
		if errors.Is(err, zre.ErrUnknownPeer) || errors.Is(err, zre.ErrPeerGone) {
			err = errors.New("left before it had the answer")
		}
		return outcome{ev: ev, result: res, err: err}
	}, true
}

// answerTime bounds how long an answer waits while too much is in flight to the peer.
const answerTime = 10 * time.Second

// environment is the environment of the command for an event.
func (s *session) environment(ev zre.Event) []string {
	headers := ev.Headers
	if peer, ok := s.Peer(ev.Peer); ok && headers == nil {
		headers = peer.Headers
	}
	return environment(variables(ev), headers)
}
