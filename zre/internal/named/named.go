package named

import (
	"context"
	"net/netip"
	"sync"
	"time"

	"github.com/gozre/zre/internal/curve"
	"github.com/gozre/zre/internal/hostname"
)

const (
	again  = 5 * time.Second // how long a peer has to be reached at an address
	within = 5 * time.Second // bounds one look-up
)

// Peer is a configured peer.
type Peer struct {
	HostPort string
	Key      curve.Key // zero in a plain network
}

// Node is the node that dials the peers.
type Node interface {
	// AddNamed makes a peer one that is dialed as soon as it has an address.
	AddNamed(hostPort string, key curve.Key)
	// WantsAddress reports whether the peer is not there.
	WantsAddress(hostPort string) bool
	// SetAddress tells which address the peer has, or why it has none.
	SetAddress(hostPort string, at netip.AddrPort, err error)
}

// Names looks the names up, from Start to Close.
type Names struct {
	node   Node
	lookup hostname.Lookup
	every  time.Duration
	cancel context.CancelFunc
	loops  sync.WaitGroup
}

// Start looks the names of the peers up. With a nil lookup the system does.
func Start(node Node, lookup hostname.Lookup, peers []Peer) *Names {
	return start(node, lookup, peers, again)
}

func start(node Node, lookup hostname.Lookup, peers []Peer, every time.Duration) *Names {
	ctx, cancel := context.WithCancel(context.Background())
	n := &Names{node: node, lookup: lookup, every: every, cancel: cancel}
	for _, p := range peers {
		node.AddNamed(p.HostPort, p.Key)
		n.loops.Go(func() { n.run(ctx, p.HostPort) })
	}
	return n
}

// Close ends all look-ups, and waits for that. A nil Names has none.
func (n *Names) Close() {
	if n != nil {
		n.cancel()
		n.loops.Wait()
	}
}

// run looks one name up, again while its peer is not there. A host with several addresses is
// tried at one after the other.
func (n *Names) run(ctx context.Context, hostPort string) {
	timer := time.NewTicker(n.every)
	defer timer.Stop()
	for turn := 0; ; {
		if n.node.WantsAddress(hostPort) {
			asking, cancel := context.WithTimeout(ctx, within)
			addrs, err := n.lookup.Resolve(asking, hostPort)
			cancel()
			switch {
			case ctx.Err() != nil:
				return
			case err != nil:
				n.node.SetAddress(hostPort, netip.AddrPort{}, err)
			default:
				n.node.SetAddress(hostPort, addrs[turn%len(addrs)], nil)
				turn++
			}
		}
		select {
		case <-timer.C:
		case <-ctx.Done():
			return
		}
	}
}
