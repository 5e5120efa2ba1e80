package zretest

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gozre/zre/zre"
	"github.com/gozre/zre/zre/internal/lan"
)

// Patience is how long Meet, Next and Wait wait. It is far longer than anything takes, so that
// a busy machine does not fail a test.
const Patience = time.Minute

// pause is the time between two looks.
const pause = 5 * time.Millisecond

// Network is a network in memory. Methods that may end the test are to be called from its
// goroutine, as t.FailNow is; the others are safe for concurrent use.
type Network struct {
	t       testing.TB
	network *lan.Network
	ctx     context.Context

	mu    sync.Mutex
	nodes []*zre.Node
}

// New returns a network without nodes. At the end of the test it closes the nodes that Node
// has started, and ends Context.
func New(t testing.TB) *Network {
	t.Helper()
	network := lan.New()
	ctx, cancel := context.WithCancel(lan.With(context.Background(), network))
	n := &Network{t: t, network: network, ctx: ctx}
	t.Cleanup(func() {
		n.close()
		cancel()
	})
	return n
}

// close closes all nodes at once. It takes what they have received, so that none of them
// waits for acknowledgements of another one.
func (n *Network) close() {
	n.mu.Lock()
	defer n.mu.Unlock()
	var all sync.WaitGroup
	for _, node := range n.nodes {
		all.Go(func() {
			for range node.Events() { // until it is closed
			}
		})
		all.Go(func() { _ = node.Close() }) // What it says is for a test that closes it itself.
	}
	all.Wait()
}

// Context returns a context for zre.Start: the node is on this network. It ends with the test.
// To end a node before, derive another context from it.
func (n *Network) Context() context.Context { return n.ctx }

// Node starts a node with this name, unless the Config has one already. It ends the test if
// the Config is wrong. The node is closed at the end of the test, or by the test itself.
func (n *Network) Node(name string, cfg zre.Config) *zre.Node {
	n.t.Helper()
	if cfg.Name == "" {
		cfg.Name = name
	}
	node, err := zre.Start(n.ctx, cfg)
	if err != nil {
		n.t.Fatalf("zretest: node %s: %v", name, err)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.nodes = append(n.nodes, node)
	return node
}

// Cut parts two nodes, as if the line between them were cut and both had noticed it: their
// connections end, with EXIT and ReasonLost, and they do not find each other before Heal.
// Messages in flight are lost, which Flush and Close of the sender report. When it returns,
// neither of them has the other one as a peer. It ends the test if a node is not on this network.
func (n *Network) Cut(a, b *zre.Node) {
	n.t.Helper()
	n.network.Cut(n.address(a), n.address(b))
	n.wait(func() string { return "the nodes notice the cut" }, func() bool {
		_, hasB := a.Peer(b.ID())
		_, hasA := b.Peer(a.ID())
		return !hasA && !hasB
	})
}

// Heal undoes Cut. The nodes find each other again, after about a second.
func (n *Network) Heal(a, b *zre.Node) {
	n.t.Helper()
	n.network.Heal(n.address(a), n.address(b))
}

// address returns where a node listens.
func (n *Network) address(node *zre.Node) netip.AddrPort {
	n.t.Helper()
	addr, err := netip.ParseAddrPort(strings.TrimPrefix(node.Endpoint(), "tcp://"))
	if err != nil || !lan.Contains(addr.Addr()) {
		n.t.Fatalf("zretest: node %s is at %s, which is not on a network of this package", node.Name(), node.Endpoint())
	}
	return addr
}

// Meet waits until each of these nodes has all others as peers, with the groups that they are
// in now.
func (n *Network) Meet(nodes ...*zre.Node) {
	n.t.Helper()
	missing := ""
	n.wait(func() string { return "nodes meet: " + missing }, func() bool {
		missing = apart(nodes)
		return missing == ""
	})
}

// apart says who does not know whom, "" if all know each other.
func apart(nodes []*zre.Node) string {
	for _, a := range nodes {
		for _, b := range nodes {
			if a == b {
				continue
			}
			p, there := a.Peer(b.ID())
			if !there {
				return fmt.Sprintf("%s has not met %s", a.Name(), b.Name())
			}
			in := make(map[string]bool, len(p.Groups))
			for _, g := range p.Groups {
				in[g] = true
			}
			for _, g := range b.Groups() {
				if !in[g] {
					return fmt.Sprintf("%s does not know that %s is in %s", a.Name(), b.Name(), g)
				}
			}
		}
	}
	return ""
}

// Next takes events of a node until one of this type comes, and returns it. The others are
// skipped.
func (n *Network) Next(node *zre.Node, want zre.EventType) zre.Event {
	n.t.Helper()
	ctx, cancel := context.WithTimeout(n.ctx, Patience)
	defer cancel()
	skipped := 0
	for {
		ev, err := node.Next(ctx)
		if err != nil {
			n.t.Fatalf("zretest: %s waits for %s: %v; %d other events came", node.Name(), want, err, skipped)
		}
		if ev.Type == want {
			return ev
		}
		skipped++
	}
}

// Wait waits until something is so. It asks again and again, from this goroutine.
func (n *Network) Wait(what string, so func() bool) {
	n.t.Helper()
	n.wait(func() string { return what }, so)
}

func (n *Network) wait(what func() string, so func() bool) {
	n.t.Helper()
	for deadline := time.Now().Add(Patience); !so(); time.Sleep(pause) {
		if time.Now().After(deadline) {
			n.t.Fatalf("zretest: %v is over, and not yet: %s", Patience, what())
		}
	}
}
