package oneshot

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/spf13/pflag"

	"github.com/gozre/zre/cmd/internal/cli"
	"github.com/gozre/zre/cmd/internal/eventjson"
	"github.com/gozre/zre/zre"
)

// peersCommand is "zre peers".
func peersCommand() cli.Program {
	c := newCommon("peers")
	var all, watch bool
	return cli.Program{
		Name: "peers", Group: groupWho,
		Short: "list who is there",
		Long: `zre peers waits until everybody who is there is known, and lists them: name, the first
digits of the UUID, address, round trip, how long nothing came from the peer, groups and
headers. Nodes of other commands such as this one are left out (--all).`,
		Example: `  zre peers
  zre peers --json | jq -r '.peers[] | .name + " " + .endpoint'
  zre peers --watch`,
		Statuses: `0  somebody is there
1  it failed
2  the command line or zre.conf makes no sense
3  nobody is there
4  --timeout passed before it was known who is there
128 and the number of the signal that ended it before`,
		Node:       c.flags,
		Positional: exactly(0, "zre peers"),
		Flags: func(fs *pflag.FlagSet) {
			c.register(fs, "take no longer than this")
			fs.BoolVar(&all, "all", false, "list the nodes of other commands too")
			fs.BoolVarP(&watch, "watch", "w", false, "go on, and list them again when something changes")
		},
		Run: func(ctx context.Context, env *cli.Env, _ []string) error {
			return c.list(ctx, env, watch, func(ctx context.Context, s *session) (string, bool) {
				return s.listPeers(ctx, all)
			})
		},
	}
}

// listPeers is the list of peers as text or JSON, and whether somebody is in it.
func (s *session) listPeers(ctx context.Context, all bool) (string, bool) {
	peers := s.peers()
	if all {
		peers = s.Peers()
	}
	trips := s.roundTrips(ctx, peers)
	if s.json {
		o := eventjson.Peers{
			Event: "PEERS", Time: eventjson.Time(time.Now()), Peers: []eventjson.Peer{},
			Unreached: eventjson.UnreachedOf(s.unreached()),
		}
		for _, p := range peers {
			o.Peers = append(o.Peers, eventjson.PeerOf(p, trips[p.ID]))
		}
		return eventjson.Line(o), len(peers) > 0
	}
	if len(peers) == 0 {
		return "", false
	}
	rows := [][]string{{"NAME", "ID", "ADDRESS", "RTT", "IDLE", "GROUPS", "HEADERS"}}
	for _, p := range peers {
		rtt := "-"
		if trip, answered := trips[p.ID]; answered {
			rtt = roundTrip(trip)
		}
		idle := p.Idle.Round(time.Second / 10).String()
		if p.Evasive {
			idle += " (does not answer)"
		}
		rows = append(rows, []string{
			p.Name, shortID(p), endpoint(p), rtt, idle, strings.Join(p.Groups, ","), headerList(p.Headers),
		})
	}
	return table(rows), true
}

// How long a list waits for the answers to its PINGs, and how many it sends at a time.
const (
	tripTime = time.Second
	tripsMax = 64
)

// roundTrips measures the round trips to peers. Those that do not answer are left out.
func (s *session) roundTrips(ctx context.Context, peers []zre.Peer) map[uuid.UUID]time.Duration {
	ctx, cancel := context.WithTimeout(ctx, tripTime)
	defer cancel()
	trips := make([]time.Duration, len(peers))
	slots := make(chan struct{}, tripsMax)
	var all sync.WaitGroup
	for i, p := range peers {
		if p.Evasive {
			continue
		}
		slots <- struct{}{} // The answers to those before are waited for within tripTime.
		all.Go(func() {
			defer func() { <-slots }()
			if trip, err := s.Ping(ctx, p.ID); err == nil {
				trips[i] = trip
			}
		})
	}
	all.Wait()
	answered := make(map[uuid.UUID]time.Duration)
	for i, trip := range trips {
		if trip > 0 {
			answered[peers[i].ID] = trip
		}
	}
	return answered
}
