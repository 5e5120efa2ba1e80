package mem

import (
	"fmt"
	"net/netip"
	"sync"

	"github.com/gozre/zre/internal/transport"
)

// Process is the registry of this process, through which its nodes find each other.
var Process = NewRegistry()

// Registry knows the listeners. Its methods are safe for concurrent use.
type Registry struct {
	mu    sync.Mutex
	addrs map[netip.AddrPort]*Transport
	names map[string]*Transport
	cuts  map[[2]netip.AddrPort]struct{}
	port  uint16 // the last one that was given for port 0
}

// Ports of this range are given to listeners that ask for any.
const firstPort, lastPort = 49152, 65535

// NewRegistry returns a registry in which nobody listens.
func NewRegistry() *Registry {
	return &Registry{
		addrs: make(map[netip.AddrPort]*Transport),
		names: make(map[string]*Transport),
		cuts:  make(map[[2]netip.AddrPort]struct{}),
		port:  lastPort,
	}
}

// plain is the one form of an address that is used as a key.
func plain(a netip.AddrPort) netip.AddrPort {
	return netip.AddrPortFrom(a.Addr().Unmap(), a.Port())
}

// listen registers an address.
func (r *Registry) listen(addr netip.AddrPort, t *Transport) (netip.AddrPort, error) {
	addr = plain(addr)
	if !addr.IsValid() || addr.Addr().IsMulticast() {
		return netip.AddrPort{}, fmt.Errorf("listen at %v: %w", addr, transport.ErrAddrNotAvailable)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if addr.Port() == 0 {
		for range lastPort - firstPort + 1 {
			if r.port++; r.port < firstPort {
				r.port = firstPort
			}
			if a := netip.AddrPortFrom(addr.Addr(), r.port); !r.taken(a) {
				r.addrs[a] = t
				return a, nil
			}
		}
	} else if !r.taken(addr) {
		r.addrs[addr] = t
		return addr, nil
	}
	return netip.AddrPort{}, fmt.Errorf("listen at %v: %w", addr, transport.ErrAddrInUse)
}

// taken reports whether another listener would get connections for the address. An
// unspecified address stands for all of its family, and "::" for IPv4 as well.
func (r *Registry) taken(addr netip.AddrPort) bool {
	if r.at(addr) != nil {
		return true
	}
	if !addr.Addr().IsUnspecified() {
		return false
	}
	for a := range r.addrs {
		if a.Port() == addr.Port() && (addr.Addr().Is6() || a.Addr().Is4()) {
			return true
		}
	}
	return false
}

// at returns who gets connections for the address, nil if nobody does.
func (r *Registry) at(addr netip.AddrPort) *Transport {
	if t := r.addrs[addr]; t != nil {
		return t
	}
	if addr.Addr().Is4() {
		if t := r.addrs[netip.AddrPortFrom(netip.IPv4Unspecified(), addr.Port())]; t != nil {
			return t
		}
	}
	return r.addrs[netip.AddrPortFrom(netip.IPv6Unspecified(), addr.Port())]
}

// reserve makes a name that of the transport.
func (r *Registry) reserve(name string, t *Transport) error {
	if name == "" {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if other := r.names[name]; other != nil && other != t {
		return fmt.Errorf("listen as %q: name of another listener: %w", name, transport.ErrAddrInUse)
	}
	r.names[name] = t
	return nil
}

// forget removes all that leads to the transport.
func (r *Registry) forget(t *Transport, addrs []netip.AddrPort) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.names[t.cfg.Name] == t {
		delete(r.names, t.cfg.Name)
	}
	for _, a := range addrs {
		delete(r.addrs, a)
	}
}

// named reports whether somebody listens by the name.
func (r *Registry) named(name string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	t := r.names[name]
	return t != nil && t.listens()
}

// route returns the transport that a target leads to.
func (r *Registry) route(from *Transport, to transport.Target) (*Transport, error) {
	own := from.addresses()
	r.mu.Lock()
	defer r.mu.Unlock()
	to.Addr = plain(to.Addr)
	for _, a := range own {
		if _, cut := r.cuts[pair(a, to.Addr)]; cut {
			return nil, transport.ErrUnreachable
		}
	}
	if t := r.names[to.Name]; t != nil && t.listens() {
		return t, nil
	}
	if t := r.at(to.Addr); t != nil {
		return t, nil
	}
	return nil, transport.ErrRefused
}
