package beacon

import (
	"errors"
	"fmt"
	"net"
	"net/netip"

	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"

	"github.com/gozre/zre/internal/netif"
)

// Family says which versions of IP a Conn uses.
type Family int

const (
	AnyFamily Family = iota // IPv4 and IPv6, as far as the host has them
	IPv4
	IPv6
)

func (f Family) String() string {
	switch f {
	case AnyFamily:
		return "IPv4 and IPv6"
	case IPv4:
		return "IPv4"
	case IPv6:
		return "IPv6"
	}
	return fmt.Sprintf("Family(%d)", int(f))
}

// families gives what f stands for. IPv4 comes first: a receiver may keep to the
// first address that it hears of a node, and every implementation can use that one.
func (f Family) families() []Family {
	switch f {
	case AnyFamily:
		return []Family{IPv4, IPv6}
	case IPv4, IPv6:
		return []Family{f}
	}
	return nil
}

// familyOf gives the family of an address that is unmapped.
func familyOf(addr netip.Addr) Family {
	if addr.Is4() {
		return IPv4
	}
	return IPv6
}

// network is the family's name for package net. A socket for IPv6 is not given
// what arrives by IPv4; package net sees to that.
func (f Family) network() string {
	if f == IPv4 {
		return "udp4"
	}
	return "udp6"
}

// any is the address that stands for all of a host's.
func (f Family) any() netip.Addr {
	if f == IPv4 {
		return netip.IPv4Unspecified()
	}
	return netip.IPv6Unspecified()
}

// prefixes gives the interface's addresses of the family.
func (f Family) prefixes(ifi netif.Interface) []netip.Prefix {
	if f == IPv4 {
		return ifi.Prefixes
	}
	return ifi.Prefixes6
}

// A groupConn is what packages ipv4 and ipv6 have in common.
type groupConn interface {
	JoinGroup(*net.Interface, net.Addr) error
	LeaveGroup(*net.Interface, net.Addr) error
	SetMulticastInterface(*net.Interface) error
	SetMulticastLoopback(bool) error
	Close() error
}

// groupConn gives what joins and sends to groups with the socket.
func (f Family) groupConn(conn *net.UDPConn) groupConn {
	if f == IPv4 {
		return ipv4.NewPacketConn(conn)
	}
	return ipv6.NewPacketConn(conn)
}

// prepareOutlet makes the socket send to groups: that many hops far, and to the
// other nodes on this host too.
func (f Family) prepareOutlet(conn *net.UDPConn, hops int) error {
	// It is for sending only; what others send there is not kept.
	_ = conn.SetReadBuffer(1)
	var err error
	if f == IPv4 {
		err = ipv4.NewPacketConn(conn).SetMulticastTTL(hops)
	} else {
		err = ipv6.NewPacketConn(conn).SetMulticastHopLimit(hops)
	}
	return errors.Join(err, f.groupConn(conn).SetMulticastLoopback(true))
}
