package zre

import (
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/gozre/zre/internal/netif"
)

// pictureAge is how long a picture of the interfaces is taken for true. Asking
// the kernel for each of many peers that come at once would cost more than the
// rest of greeting them.
const pictureAge = time.Second

// network answers which of this host's addresses a node has.
type network struct {
	names []string // interfaces to use, all if none

	mu         sync.Mutex
	taken      time.Time
	interfaces []netif.Interface
	local      map[netip.Addr]netip.Addr // the address that reaches a peer
}

// newNetwork takes a first picture; a name that cannot be used is an error.
func newNetwork(names []string) (*network, error) {
	interfaces, err := netif.Select(names...)
	if err != nil {
		return nil, err
	}
	return &network{names: names, taken: time.Now(), interfaces: interfaces, local: make(map[netip.Addr]netip.Addr)}, nil
}

// picture renews what is known when it is old. Called under mu.
func (w *network) picture() []netif.Interface {
	if time.Since(w.taken) < pictureAge {
		return w.interfaces
	}
	all, err := netif.List()
	if err == nil {
		w.interfaces = netif.Filter(all, w.names)
	}
	w.taken = time.Now()
	clear(w.local)
	return w.interfaces
}

// bindTo returns the hosts that the inbox is to be bound to: all addresses, or
// those of the named interfaces, so that nobody else can connect.
func (w *network) bindTo() []string {
	if len(w.names) == 0 {
		return []string{"*"}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	var hosts []string
	for _, i := range w.picture() {
		for _, p := range i.Prefixes {
			hosts = append(hosts, p.Addr().String())
		}
	}
	return hosts
}

// isOwn reports whether the address is this host's.
func (w *network) isOwn(addr netip.Addr) bool {
	if addr.IsLoopback() {
		return true
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return hasAddr(w.picture(), addr)
}

func hasAddr(interfaces []netif.Interface, addr netip.Addr) bool {
	return slices.ContainsFunc(interfaces, func(i netif.Interface) bool {
		return slices.ContainsFunc(i.Prefixes, func(p netip.Prefix) bool { return p.Addr() == addr })
	})
}

// localFor returns the address of this host that the peer reaches it by.
func (w *network) localFor(peer netip.Addr) netip.Addr {
	w.mu.Lock()
	defer w.mu.Unlock()
	interfaces := w.picture()
	if addr, known := w.local[peer]; known {
		return addr
	}
	addr, err := netif.LocalAddrFor(peer)
	if err != nil || (len(w.names) > 0 && !hasAddr(interfaces, addr)) {
		addr = first(interfaces, peer)
	}
	w.local[peer] = addr
	return addr
}

// first returns the first address in the peer's network, else the first that is
// not loopback, else the first.
func first(interfaces []netif.Interface, peer netip.Addr) netip.Addr {
	best, rank := netip.AddrFrom4([4]byte{127, 0, 0, 1}), 0
	for _, i := range interfaces {
		for _, p := range i.Prefixes {
			r := 1
			switch {
			case p.Contains(peer):
				r = 3
			case !i.Loopback():
				r = 2
			}
			if r > rank {
				best, rank = p.Addr(), r
			}
		}
	}
	return best
}

// endpoint returns the endpoint that stands for the node where no peer is meant.
func (w *network) endpoint(port uint16) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return fmt.Sprintf("tcp://%s:%d", first(w.picture(), netip.Addr{}), port)
}

// followAddresses keeps up with the addresses that the host gets and loses while
// the node runs: the inbox is bound to those of the named interfaces, and the
// node's own gossip server tells where the node is now. It returns when changes
// is closed.
func (n *Node) followAddresses(changes <-chan struct{}, bound []string, told string) {
	for range changes {
		n.net.mu.Lock()
		n.net.taken = time.Time{}
		n.net.mu.Unlock()
		for _, host := range n.net.bindTo() {
			if slices.Contains(bound, host) {
				continue
			}
			if _, err := n.inbox.Bind(fmt.Sprintf("tcp://%s:%d", host, n.port)); err != nil {
				n.log.Warn("new address cannot be used", "address", host, "error", err)
				continue
			}
			n.log.Debug("new address", "address", host)
			bound = append(bound, host)
		}
		told = n.publishAgain(told)
	}
}
