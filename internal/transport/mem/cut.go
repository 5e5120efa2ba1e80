package mem

import (
	"net/netip"

	"github.com/gozre/zre/internal/transport"
)

// Cut parts two listeners: their connections end, and neither can dial the other one
// until Heal is called with the same addresses. The attempts fail with ErrUnreachable.
// Both addresses are such as listeners have, not unspecified ones.
func (r *Registry) Cut(a, b netip.AddrPort) {
	r.mu.Lock()
	r.cuts[pair(a, b)] = struct{}{}
	at, other := r.at(plain(a)), r.at(plain(b))
	r.mu.Unlock()
	if at == nil || other == nil {
		return
	}
	for _, e := range at.snapshot() {
		e.cut(other)
	}
}

// Heal undoes Cut.
func (r *Registry) Heal(a, b netip.AddrPort) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.cuts, pair(a, b))
}

// pair is the key of two addresses in either order.
func pair(a, b netip.AddrPort) [2]netip.AddrPort {
	a, b = plain(a), plain(b)
	if b.Compare(a) < 0 {
		a, b = b, a
	}
	return [2]netip.AddrPort{a, b}
}

// cut ends the connection if it leads to the transport.
func (e *end) cut(from *Transport) {
	e.link.mu.Lock()
	defer e.link.mu.Unlock()
	if o := e.other(); o != nil && o.owner == from {
		e.link.finish(e, transport.ErrReset, transport.ErrReset)
	}
}
