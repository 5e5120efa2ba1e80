package beacon

import (
	"errors"
	"net"
	"net/netip"
)

// Linux knows no IPv6 multicast on its loopback interface: there is no route for
// it. Where there is no IPv4 either, a beacon goes to the loopback address itself.
// Of several sockets that share a port the kernel gives such a datagram to one,
// which it chooses by the ports and addresses; so each beacon comes from another
// port, and after some of them each node on the host has heard every other one.

// onLoopback makes targets of a group such ones.
func onLoopback(targets []target) []target {
	for i := range targets {
		targets[i].dst = netip.AddrPortFrom(targets[i].src, targets[i].dst.Port())
	}
	return targets
}

// A loopbackSender sends them.
type loopbackSender struct{ target }

func (l loopbackSender) send(payload []byte) error {
	src := net.UDPAddrFromAddrPort(netip.AddrPortFrom(l.src, 0))
	conn, err := net.ListenUDP(familyOf(l.src).network(), src)
	if err != nil {
		return err
	}
	_, err = conn.WriteToUDPAddrPort(payload, l.dst)
	return errors.Join(err, conn.Close())
}

func (loopbackSender) close() error { return nil }
