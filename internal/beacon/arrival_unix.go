//go:build unix

package beacon

import (
	"net"

	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"
)

// tellArrival makes the system tell, in a control message with each datagram, by
// which interface it arrived.
func tellArrival(conn *net.UDPConn, family Family) error {
	if family == IPv4 {
		return ipv4.NewPacketConn(conn).SetControlMessage(ipv4.FlagInterface, true)
	}
	return ipv6.NewPacketConn(conn).SetControlMessage(ipv6.FlagInterface, true)
}

// arrivalOf finds the index of the interface in control messages, 0 if it is not
// there.
func arrivalOf(oob []byte, family Family) int {
	if family == IPv4 {
		var message ipv4.ControlMessage
		_ = message.Parse(oob) // what it cannot parse, it leaves zero
		return message.IfIndex
	}
	var message ipv6.ControlMessage
	_ = message.Parse(oob)
	return message.IfIndex
}
