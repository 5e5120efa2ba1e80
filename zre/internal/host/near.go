package host

import (
	"net/netip"
	"slices"

	"github.com/gozre/zre/internal/netif"
)

// IsNear reports whether an address is one from which a datagram can come that no router has
// forwarded: of this host, or of a network of the interface at which it came. 0 stands for
// any interface, as does one that is not known yet.
func (h *Host) IsNear(addr netip.Addr, ifindex int) bool {
	addr = addr.Unmap()
	if addr.IsLoopback() || addr.Is6() && addr.IsLinkLocalUnicast() {
		return true
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	interfaces := h.list()
	if _, own := h.own[addr]; own {
		return true
	}
	i := slices.IndexFunc(interfaces, func(i netif.Interface) bool { return i.Index == ifindex })
	if i >= 0 {
		return reaches(interfaces[i], addr)
	}
	return slices.ContainsFunc(interfaces, func(i netif.Interface) bool { return reaches(i, addr) })
}

// reaches reports whether an address is in a network of the interface. On an interface without
// a network of its family, such as the end of a tunnel, all are.
func reaches(i netif.Interface, addr netip.Addr) bool {
	prefixes := i.Prefixes
	if addr.Is6() {
		prefixes = i.Prefixes6
	}
	network := false
	for _, p := range prefixes {
		if p.Contains(addr.WithZone("")) {
			return true
		}
		network = network || p.Bits() < p.Addr().BitLen() && !p.Addr().IsLinkLocalUnicast()
	}
	return !network && !i.Loopback()
}

// owned returns the addresses of interfaces.
func owned(interfaces []netif.Interface) map[netip.Addr]struct{} {
	own := make(map[netip.Addr]struct{})
	for _, i := range interfaces {
		for _, addr := range i.Addrs() {
			own[addr] = struct{}{}
		}
	}
	return own
}
