package doctor

import (
	"net"

	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"
)

// chooseInterface makes the socket send to groups by the interface of a way, and to this
// host too.
func chooseInterface(conn *net.UDPConn, w way) error {
	on := &net.Interface{Index: w.ifi.Index, Name: w.ifi.Name}
	switch w.kind {
	case multicast:
		c := ipv4.NewPacketConn(conn)
		if err := c.SetMulticastInterface(on); err != nil {
			return err
		}
		return c.SetMulticastLoopback(true)
	case broadcast:
		return nil
	}
	c := ipv6.NewPacketConn(conn)
	if err := c.SetMulticastInterface(on); err != nil {
		return err
	}
	return c.SetMulticastLoopback(true)
}
