package netif

import (
	"fmt"
	"net"
	"net/netip"
	"strconv"
)

// anyPort is the port that LocalAddrFor names; nothing is ever sent to it.
const anyPort = 9

// LocalAddrFor gives the local address from which the kernel would send to
// peer now: the address under which peer can reach this host. For an address
// of this host, loopback included, it gives one that reaches it from within.
// An IPv6 link-local peer needs its zone (fe80::1%eth0), and so does the answer,
// which is a link-local address of the same interface; the peer knows that
// interface by another name, so leave out the zone in what the peer is told.
// Nothing is sent. The error wraps the system's own when there is no route.
//
// It costs four system calls, about 15 µs, and with a zone that of two lists of
// interfaces. A caller that asks often for few peers keeps the answers until Watch
// tells of a change.
func LocalAddrFor(peer netip.Addr) (netip.Addr, error) {
	peer = peer.Unmap()
	if !peer.IsValid() || peer.IsUnspecified() {
		return netip.Addr{}, fmt.Errorf("no local address reaches %v: not the address of a host", peer)
	}
	// Connecting a UDP socket makes the kernel choose the route and with it
	// the source address; every system has that, and policy routing counts.
	to := netip.AddrPortFrom(numbered(peer), anyPort)
	conn, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(to))
	if err != nil {
		return netip.Addr{}, fmt.Errorf("no local address reaches %v: %w", peer, err)
	}
	defer conn.Close()
	return conn.LocalAddr().(*net.UDPAddr).AddrPort().Addr().Unmap(), nil
}

// numbered replaces a zone that names an interface by the interface's index. The
// standard library looks names up in a table that may be a minute old, and an
// interface that was made again since then has another index; for a number, which
// is not in the table, it makes the table again.
func numbered(peer netip.Addr) netip.Addr {
	if zone := peer.Zone(); zone != "" {
		if ifi, err := net.InterfaceByName(zone); err == nil {
			return peer.WithZone(strconv.Itoa(ifi.Index))
		}
	}
	return peer
}
