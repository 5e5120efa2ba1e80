package lan

import (
	"context"
	"net"
	"net/netip"
	"sync"

	"github.com/gozre/zre/internal/netif"
	"github.com/gozre/zre/internal/transport/mem"
)

// ifindex is the index of each host's only interface. It is none that a real host has.
const ifindex = 1 << 30

// Network is a local network. Its methods are safe for concurrent use.
type Network struct {
	registry *mem.Registry

	mu    sync.Mutex // guards what follows
	airs  map[*Air]struct{}
	cuts  map[[2]netip.Addr]struct{}
	hosts uint16 // how many addresses were given
}

// New returns a network without nodes.
func New() *Network {
	return &Network{
		registry: mem.NewRegistry(),
		airs:     make(map[*Air]struct{}),
		cuts:     make(map[[2]netip.Addr]struct{}),
	}
}

// key is that of a Network in a context.
type key struct{}

// With returns a context in which nodes start on the network.
func With(ctx context.Context, n *Network) context.Context { return context.WithValue(ctx, key{}, n) }

// From returns the network of a context, nil if it has none.
func From(ctx context.Context) *Network {
	n, _ := ctx.Value(key{}).(*Network)
	return n
}

// Registry returns what connects its nodes.
func (n *Network) Registry() *mem.Registry { return n.registry }

// Interface returns the interface of a new host. Addresses are given again after 65,534 hosts.
func (n *Network) Interface() netif.Interface {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.hosts++; n.hosts == 1<<16-1 {
		n.hosts = 1
	}
	addr := netip.AddrFrom4([4]byte{10, 36, byte(n.hosts >> 8), byte(n.hosts)})
	return netif.Interface{
		Name: "mem", Index: ifindex, Flags: net.FlagUp | net.FlagRunning | net.FlagBroadcast,
		Prefixes: []netip.Prefix{netip.PrefixFrom(addr, 16)},
	}
}

// Cut parts two nodes, given by where they listen: their connections end, and neither hears
// the beacons of the other one or can dial it, until Heal is called with the same addresses.
func (n *Network) Cut(a, b netip.AddrPort) {
	n.mu.Lock()
	n.cuts[pair(a.Addr(), b.Addr())] = struct{}{}
	n.mu.Unlock()
	n.registry.Cut(a, b)
}

// Heal undoes Cut.
func (n *Network) Heal(a, b netip.AddrPort) {
	n.registry.Heal(a, b)
	n.mu.Lock()
	defer n.mu.Unlock()
	delete(n.cuts, pair(a.Addr(), b.Addr()))
}

// pair is the key of two addresses in either order.
func pair(a, b netip.Addr) [2]netip.Addr {
	if b.Less(a) {
		a, b = b, a
	}
	return [2]netip.Addr{a, b}
}

// spread hands a datagram to all that hear it.
func (n *Network) spread(from *Air, d datagram) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for to := range n.airs {
		if _, cut := n.cuts[pair(from.addr, to.addr)]; to.port != from.port || cut {
			continue
		}
		select {
		case to.heard <- d:
		default:
			to.dropped.Add(1)
		}
	}
}

// Contains reports whether an address is one of a Network.
func Contains(addr netip.Addr) bool {
	return netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 36}), 16).Contains(addr)
}
