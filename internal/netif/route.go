package netif

import (
	"fmt"
	"net"
	"net/netip"
)

// anyPort is the port that LocalAddrFor names; nothing is ever sent to it.
const anyPort = 9

// LocalAddrFor gives the local address from which the kernel would send to
// peer now: the address under which peer can reach this host. For an address
// of this host, loopback included, it gives one that reaches it from within.
// Nothing is sent. The error wraps the system's own when there is no route.
//
// It costs four system calls, about 15 µs. Who asks often for few peers keeps
// the answers until Watch tells of a change.
func LocalAddrFor(peer netip.Addr) (netip.Addr, error) {
	peer = peer.Unmap()
	if !peer.IsValid() || peer.IsUnspecified() {
		return netip.Addr{}, fmt.Errorf("no local address reaches %v: not the address of a host", peer)
	}
	// Connecting a UDP socket makes the kernel choose the route and with it
	// the source address; every system has that, and it heeds policy routing.
	conn, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(netip.AddrPortFrom(peer, anyPort)))
	if err != nil {
		return netip.Addr{}, fmt.Errorf("no local address reaches %v: %w", peer, err)
	}
	defer conn.Close()
	return conn.LocalAddr().(*net.UDPAddr).AddrPort().Addr().Unmap(), nil
}
