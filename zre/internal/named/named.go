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
	lookupPeriod  = 5 * time.Second // between two look-ups of a peer that is not there
	lookupTimeout = 5 * time.Second // of one look-up
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
	// SetAddresses tells which addresses the peer has, or why it has none.
	SetAddresses(hostPort string, addrs []netip.AddrPort, err error)
}

// Names looks the names up, from Start to Close.
type Names struct {
	node   Node
	lookup hostname.Lookup
	period time.Duration
	cancel context.CancelFunc
	loops  sync.WaitGroup
}

// Start looks the names of the peers up. With a nil lookup the system does. Of peers with the
// same name and port the first one counts.
func Start(node Node, lookup hostname.Lookup, peers []Peer) *Names {
	return start(node, lookup, peers, lookupPeriod)
}

func start(node Node, lookup hostname.Lookup, peers []Peer, period time.Duration) *Names {
	ctx, cancel := context.WithCancel(context.Background())
	n := &Names{node: node, lookup: lookup, period: period, cancel: cancel}
	known := make(map[string]bool)
	for _, p := range peers {
		if known[p.HostPort] {
			continue
		}
		known[p.HostPort] = true
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

// run looks one name up, again while its peer is not there.
func (n *Names) run(ctx context.Context, hostPort string) {
	ticker := time.NewTicker(n.period)
	defer ticker.Stop()
	for {
		if n.node.WantsAddress(hostPort) {
			asking, cancel := context.WithTimeout(ctx, lookupTimeout)
			addrs, err := n.lookup.Resolve(asking, hostPort)
			cancel()
			if ctx.Err() != nil {
				return
			}
			n.node.SetAddresses(hostPort, addrs, err)
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
	}
}
