package oneshot

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/spf13/pflag"

	"github.com/gozre/zre/cmd/internal/cli"
	"github.com/gozre/zre/cmd/internal/eventjson"
	"github.com/gozre/zre/zre"
)

// sendCommand is "zre send PEER TEXT".
func sendCommand() cli.Program {
	c := newCommon("send")
	c.timeout = cli.Bound(30 * time.Second)
	var to target
	var message content
	const right = "zre send PEER TEXT, or zre send --group GROUP TEXT"
	return cli.Program{
		Name: "send", Args: "{PEER | --group GROUP} [TEXT...]", Group: groupMessage,
		Short: "send one message, and wait until it is acknowledged",
		Long: `zre send sends one message to a peer, or to everyone who is in a group when everybody who is
there is known. It ends with status 0 when all of them have acknowledged it, and else names
those that have not. PEER is a name, a UUID, the beginning of one, or NAME/BEGINNING.

` + contentHelp,
		Example: `  zre send bob hello
  uptime | zre send --group status
  zre send --group backup --frame done --file report.pdf
  zre send bob < picture.png || echo "bob has not acknowledged it"`,
		Statuses: `0  acknowledged by the peer, or by everyone in the group
1  it failed, or somebody has not acknowledged it or was not reached; he is named
2  the command line or zre.conf makes no sense
3  the peer is not there, or nobody is in the group
4  --timeout passed before it was known who is there; nothing was sent
128 and the number of the signal that ended it before`,
		Node:       c.flags,
		Positional: to.positional(right),
		Flags: func(fs *pflag.FlagSet) {
			to.register(fs)
			message.register(fs)
			c.register(fs, "take no longer than this")
		},
		Run: func(ctx context.Context, env *cli.Env, args []string) error {
			frames, err := message.read(ctx, env, to.words(args))
			if err != nil {
				return to.explain(env, err)
			}
			return c.run(ctx, env, visit, func(ctx context.Context, s *session) error {
				return s.send(ctx, &to, frames)
			})
		},
	}
}

func (s *session) send(ctx context.Context, to *target, frames [][]byte) error {
	peers, err := to.resolve(ctx, s)
	if err != nil {
		return err
	}
	missed, err := addMissed(nil, to.send(ctx, s, peers, frames))
	if err == nil {
		missed, err = addMissed(missed, s.Flush(ctx))
	}
	if stopped := interrupted(ctx); stopped != nil {
		return stopped
	}
	if err != nil {
		return err
	}
	if s.json {
		s.out.line(eventjson.Line(s.sent(to, peers, missed, frames)))
	}
	if len(missed) > 0 {
		return errors.New(missedWords(missed))
	}
	if to.given && s.unsettled != nil {
		return &cli.ExitError{Status: cli.ExitFailure} // said before
	}
	return nil
}

// addMissed adds those who are named by an error of sending to a list. Other errors it returns.
func addMissed(list []zre.Missed, err error) ([]zre.Missed, error) {
	delivery, ok := errors.AsType[*zre.DeliveryError](err)
	if !ok {
		return list, err
	}
	for _, m := range delivery.Missed {
		known := func(k zre.Missed) bool { return k.Peer == m.Peer }
		if !slices.ContainsFunc(list, known) {
			list = append(list, m)
		}
	}
	return list, nil
}

// sent says what became of a message.
func (s *session) sent(to *target, peers []zre.Peer, missed []zre.Missed, frames [][]byte) eventjson.Sent {
	o := eventjson.Sent{
		Event: "SENT", Time: eventjson.Time(time.Now()), Group: to.group, Octets: size(frames),
		Acknowledged: []eventjson.Member{},
	}
	for _, m := range missed {
		o.Missed = append(o.Missed, eventjson.Missed{Peer: m.Peer, Name: m.Name, Reason: m.Err.Error()})
	}
	for _, p := range peers {
		if !slices.ContainsFunc(missed, func(m zre.Missed) bool { return m.Peer == p.ID }) {
			o.Acknowledged = append(o.Acknowledged, eventjson.Member{Peer: p.ID, Name: p.Name})
		}
	}
	if to.given {
		o.Unreached = eventjson.UnreachedOf(s.unreached())
	}
	return o
}
