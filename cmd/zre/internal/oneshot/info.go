package oneshot

import (
	"context"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/gozre/zre/cmd/internal/cli"
	"github.com/gozre/zre/cmd/internal/eventjson"
	"github.com/gozre/zre/zre"
)

// infoCommand is "zre info PEER".
func infoCommand() cli.Program {
	c := newCommon("info")
	return cli.Program{
		Name: "info", Args: "PEER", Group: groupWho,
		Short: "show what is known of a peer",
		Long: `zre info shows what is known of one peer. PEER is its name, its UUID, the beginning of the
UUID, or NAME/BEGINNING.`,
		Example: `  zre info bob
  zre info --json bob | jq -r '.headers["role"]'`,
		Statuses: `0  it is there
1  it failed, or several peers could be meant
2  the command line or zre.conf makes no sense
3  the peer is not there
4  --timeout passed before it was known who is there
128 and the number of the signal that ended it before`,
		Node:       c.flags,
		Positional: exactly(1, "zre info PEER"),
		Flags:      func(fs *pflag.FlagSet) { c.register(fs, "take no longer than this") },
		Run: func(ctx context.Context, env *cli.Env, args []string) error {
			return c.run(ctx, env, visit, func(ctx context.Context, s *session) error {
				return s.info(ctx, args[0])
			})
		},
	}
}

func (s *session) info(ctx context.Context, who string) error {
	peer, err := s.find(ctx, who)
	if err != nil {
		return err
	}
	trip, answered := s.roundTrips(ctx, []zre.Peer{peer})[peer.ID]
	if err := interrupted(ctx); err != nil {
		return err
	}
	if s.json {
		s.out.line(eventjson.Line(eventjson.Info{
			Event: "INFO", Time: eventjson.Time(time.Now()), Peer: eventjson.PeerOf(peer, trip),
		}))
		return nil
	}
	rtt, state, encrypted := "no answer", "answers", "no"
	if answered {
		rtt = roundTrip(trip)
	}
	if peer.Evasive {
		state = "does not answer"
	}
	if peer.PublicKey != "" {
		encrypted = "yes, its key is " + peer.PublicKey
	}
	s.out.line(table([][]string{
		{"name", peer.Name},
		{"UUID", peer.ID.String()},
		{"address", endpoint(peer)},
		{"groups", strings.Join(peer.Groups, ", ")},
		{"headers", headerList(peer.Headers)},
		{"encrypted", encrypted},
		{"state", state},
		{"round trip", rtt},
		{"idle", peer.Idle.Round(time.Second / 10).String()},
	}))
	return nil
}
