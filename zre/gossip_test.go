package zre

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gozre/zre/zgossip"
)

// withoutBeacon leaves a node to gossip alone.
func withoutBeacon(servers ...string) func(*Config) {
	return func(c *Config) { c.Discovery.NoBeacon, c.Discovery.Gossip = true, servers }
}

// talk fails unless the two nodes meet and can send to each other.
func talk(t *testing.T, a, b *Node) {
	t.Helper()
	await(t, a, is(EventEnter, b.Name()))
	await(t, b, is(EventEnter, a.Name()))
	must(t, a.Whisper(bg(t), b.ID(), []byte("a")))
	must(t, b.Whisper(bg(t), a.ID(), []byte("b")))
	await(t, a, is(EventWhisper, b.Name()))
	await(t, b, is(EventWhisper, a.Name()))
}

func gossipServer(t *testing.T, connect ...string) (*zgossip.Server, string) {
	t.Helper()
	s, err := zgossip.NewServer(zgossip.ServerConfig{Listen: []string{"tcp://127.0.0.1:*"}, Connect: connect})
	must(t, err)
	t.Cleanup(func() { s.Close() })
	return s, strings.TrimPrefix(s.Endpoints()[0], "tcp://")
}

func TestGossip(t *testing.T) {
	w := newTestNet(t)
	server, addr := gossipServer(t)
	a := w.start("a", withoutBeacon(addr))
	b := w.start("b", withoutBeacon("tcp://"+addr))
	talk(t, a, b)
	must(t, a.Close())
	await(t, b, is(EventExit, "a"))
	isA := func(tuple zgossip.Tuple) bool { return tuple.UUID == a.ID() }
	for ctx := bg(t); slices.ContainsFunc(server.Tuples(), isA); {
		select {
		case <-time.After(10 * time.Millisecond):
		case <-ctx.Done():
			t.Fatalf("the server still has the tuple of a node that left: %+v", server.Tuples())
		}
	}
}

// Two nodes with a gossip server each, which know each other.
func TestGossipAcrossServers(t *testing.T) {
	w := newTestNet(t)
	_, first := gossipServer(t)
	_, second := gossipServer(t, first)
	talk(t, w.start("a", withoutBeacon(first)), w.start("b", withoutBeacon(second)))
}

// A node that is a gossip server is found through itself.
func TestGossipBind(t *testing.T) {
	w := newTestNet(t)
	a := w.start("a", withoutBeacon(), func(c *Config) { c.Discovery.GossipBind = "tcp://127.0.0.1:*" })
	addr := strings.TrimPrefix(a.discovery.GossipServer().Endpoints()[0], "tcp://")
	b := w.start("b", withoutBeacon(addr))
	talk(t, a, b)
	talk(t, b, w.start("c", withoutBeacon(addr)))
}

// A peer that is found by beacon and by gossip is one peer.
func TestGossipAndBeacon(t *testing.T) {
	w := newTestNet(t)
	_, addr := gossipServer(t)
	both := func(c *Config) { c.Discovery.Gossip, c.Discovery.BeaconPeriod = []string{addr}, 20*time.Millisecond }
	a, b := w.start("a", both), w.start("b", both)
	talk(t, a, b)
	ctx := bg(t)
	for _, n := range []*Node{a, b} {
		for n.Stats().BeaconsHeard < 12 && ctx.Err() == nil {
			<-time.After(10 * time.Millisecond)
		}
		if s := n.Stats(); s.Peers != 1 || s.Restarts+s.Gaps > 0 {
			t.Errorf("%s: %+v", n.Name(), s)
		}
	}
}
