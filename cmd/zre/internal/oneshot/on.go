package oneshot

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/spf13/pflag"

	"github.com/gozre/zre/cmd/internal/cli"
	"github.com/gozre/zre/zre"
)

// onCommand is "zre on GROUP -- CMD".
func onCommand() cli.Program {
	c := newCommon("on")
	r := runner{parallel: 1}
	var args split
	var kinds eventKinds
	var all bool
	ack := ackWhen("ended")
	const right = "zre on GROUP -- COMMAND [ARG...]"
	return cli.Program{
		Name: "on", Args: "[GROUP...] -- COMMAND [ARG...]", Group: groupMessage,
		Short: "run a command for each message or event",
		Long: `zre on joins the groups and runs COMMAND for each message in them, or to this node; with --event
for other events. COMMAND gets the content of the message on standard input, and writes to
standard output (with --json to standard error). What comes from the network is never a part of
the command line, and no shell sees it, unless COMMAND gives it to one.

One command runs at a time (--parallel), in the order of the events. While they run, no event is
taken, so that those who send wait. COMMAND runs in a process group of its own. When it ends,
what it left running in that group is killed; when zre on ends, COMMAND gets a SIGTERM.

A message is acknowledged when its COMMAND has ended, with whatever status: zre send, for one,
waits for that (its --timeout). With --parallel above 1 it is acknowledged when no COMMAND runs,
which is after so many times four commands at most. With --ack taken it is acknowledged before its
COMMAND runs: those who send do not wait, and a message is lost if zre on is killed.

If COMMAND itself sends with zre send, it waits until that is acknowledged. Two zre on whose COMMANDs
send to each other's group then wait for each other, until the --timeout of zre send: give one of
them --ack taken.

A COMMAND that fails is named on standard error, and counted; zre on goes on, and its own status
is 1 at the end.

ENTER and EXIT are about all peers, JOIN, LEAVE and LEADER about the groups. Nodes of other
commands, such as zre send, are left out of ENTER and EXIT (--all). Peers that are there
already give an ENTER each at the start.`,
		Example: `  zre on alarm -- sh -c 'logger -t zre "$ZRE_NAME: $(cat)"'
  zre on --event ENTER --event EXIT -- sh -c 'echo "$ZRE_EVENT $ZRE_NAME"'
  zre on -c 1 deploy -- ./deploy.sh
  zre on --ack taken backup -- ./an-hour-long.sh`,
		Manual: []cli.Section{{Title: "Environment of the command", Body: environmentHelp}},
		Statuses: `0  a signal or --timeout ended it, or --count; no command failed
1  it failed, or a command did
2  the command line or zre.conf makes no sense
4  --timeout passed, and nothing came, or less than --count
128 and the number of the signal that ended it before --count commands ran`,
		Node:       c.flags,
		Positional: args.positional(right),
		Flags: func(fs *pflag.FlagSet) {
			fs.VarP(&kinds, "event", "e", "run the command for these events: "+eventNames+"; may be repeated (default SHOUT and WHISPER)")
			fs.BoolVar(&all, "all", false, "run it for ENTER and EXIT of the nodes of other commands too")
			fs.Var(&ack, "ack", "when a message is acknowledged: ended, after its command has, or taken, before")
			r.register(fs)
			c.register(fs, "end after this time")
		},
		Run: func(ctx context.Context, env *cli.Env, _ []string) error {
			groups := args.before
			if len(groups) == 0 && len(kinds) == 0 {
				return cli.Usagef("which group? (right: %s)", right)
			}
			for _, g := range groups {
				if err := groupName(g); err != nil {
					return err
				}
			}
			if len(kinds) == 0 {
				kinds = eventKinds{zre.EventShout, zre.EventWhisper}
			}
			if err := r.find(args.command); err != nil {
				return err
			}
			seen := watcher{groups: groups, kinds: kinds, all: all}
			r.manualAck = ack == "ended"
			set := func(cfg *zre.Config) { cfg.Groups, cfg.ManualAck = groups, r.manualAck }
			return c.run(ctx, env, set, func(ctx context.Context, s *session) error {
				return s.serve(ctx, &r, "events", func(ev zre.Event) (func(context.Context) outcome, bool) {
					return func(ctx context.Context) outcome { return s.on(ctx, ev, &r) }, seen.wants(ev)
				})
			})
		},
	}
}

// on runs the command for an event.
func (s *session) on(ctx context.Context, ev zre.Event, r *runner) outcome {
	j := job{input: ev.Content, env: s.environment(ev), stdout: s.env.Stdout, stderr: s.env.Stderr}
	if s.json {
		j.stdout = s.env.Stderr
	}
	res := r.run(ctx, j)
	return outcome{ev: ev, result: res, cut: ctx.Err() != nil && res.status != 0}
}

// watcher selects the events that a command is run for.
type watcher struct {
	groups   []string
	kinds    eventKinds
	all      bool
	visitors map[uuid.UUID]bool // peers that are nodes of other commands
}

// wants reports whether the command is run for an event. It must see every event.
func (w *watcher) wants(ev zre.Event) bool {
	switch ev.Type {
	case zre.EventEnter:
		if ev.Headers[cli.OneShotHeader] != "" {
			if w.visitors == nil {
				w.visitors = make(map[uuid.UUID]bool)
			}
			w.visitors[ev.Peer] = true
		}
	case zre.EventExit:
		defer delete(w.visitors, ev.Peer)
	}
	if !slices.Contains(w.kinds, ev.Type) {
		return false
	}
	switch ev.Type {
	case zre.EventEnter, zre.EventExit:
		return w.all || !w.visitors[ev.Peer]
	case zre.EventShout, zre.EventJoin, zre.EventLeave, zre.EventLeader:
		return len(w.groups) == 0 || slices.Contains(w.groups, ev.Group)
	}
	return true
}

// ackWhen is the flag --ack.
type ackWhen string

func (a *ackWhen) String() string { return string(*a) }

// Type is the name of the value in the help text.
func (a *ackWhen) Type() string { return "WHEN" }

// Choices are what it can be.
func (a *ackWhen) Choices() []string { return []string{"ended", "taken"} }

func (a *ackWhen) Set(text string) error {
	if text != "ended" && text != "taken" {
		return errors.New("not a moment (right: ended or taken)")
	}
	*a = ackWhen(text)
	return nil
}

// eventKinds is the flag --event.
type eventKinds []zre.EventType

// eventNames are the events that there are.
const eventNames = "SHOUT, WHISPER, ENTER, EXIT, JOIN, LEAVE, LEADER, EVASIVE, SILENT"

func (k *eventKinds) String() string { return "" }

// Type is the name of the value in the help text.
func (k *eventKinds) Type() string { return "EVENT" }

// Choices are what it can be.
func (k *eventKinds) Choices() []string { return strings.Split(eventNames, ", ") }

// Set reads one event, or several with commas between them, in letters of any case.
func (k *eventKinds) Set(text string) error {
	for name := range strings.SplitSeq(text, ",") {
		kind, ok := eventKind(strings.ToUpper(strings.TrimSpace(name)))
		if !ok {
			return errors.New("not an event (right: " + eventNames + ")")
		}
		*k = append(*k, kind)
	}
	return nil
}

func eventKind(name string) (zre.EventType, bool) {
	for kind := zre.EventEnter; kind <= zre.EventLeader; kind++ {
		if kind.String() == name {
			return kind, true
		}
	}
	return 0, false
}
