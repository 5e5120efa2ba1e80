package beacon

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"

	"golang.org/x/sys/unix"
)

// A pktinfoSocket hears for all interfaces, and has an outlet for each that is
// sent on. IP_PKTINFO and IPV6_PKTINFO tell which interface a datagram came by,
// and say which one it is to go by. doc.go says why.
type pktinfoSocket struct {
	conn    *net.UDPConn
	family  Family
	ttl     int
	members []groupConn // the socket itself, then those of join
	outlets outlets
	buf     [maxDatagram]byte
	oob     [64]byte // for one IP_PKTINFO or IPV6_PKTINFO
}

func openSocket(b binding, ttl int) (socket, error) {
	conn, err := listen(b)
	if err != nil {
		return nil, err
	}
	if err := tellArrival(conn, b.family); err != nil {
		conn.Close()
		return nil, fmt.Errorf("beacon: %w", err)
	}
	return &pktinfoSocket{
		conn:    conn,
		family:  b.family,
		ttl:     ttl,
		members: []groupConn{b.family.groupConn(conn)},
		outlets: make(outlets),
	}, nil
}

func (s *pktinfoSocket) receive() ([]byte, netip.AddrPort, int, error) {
	// Package net allocates nothing here, other than ipv4's ReadBatch, which
	// makes a net.Addr for each datagram.
	n, oobn, _, from, err := s.conn.ReadMsgUDPAddrPort(s.buf[:], s.oob[:])
	if err != nil {
		return nil, netip.AddrPort{}, 0, err
	}
	from = netip.AddrPortFrom(from.Addr().Unmap(), from.Port())
	return s.buf[:n], from, ifindexOf(s.oob[:oobn]), nil
}

// ifindexOf is arrivalOf without allocating.
func ifindexOf(oob []byte) int {
	for len(oob) >= unix.SizeofCmsghdr {
		header, data, rest, err := unix.ParseOneSocketControlMessage(oob)
		if err != nil {
			return 0
		}
		switch {
		case header.Level == unix.IPPROTO_IP && header.Type == unix.IP_PKTINFO:
			if len(data) >= unix.SizeofInet4Pktinfo {
				return int(int32(binary.NativeEndian.Uint32(data))) // ipi_ifindex comes first
			}
		case header.Level == unix.IPPROTO_IPV6 && header.Type == unix.IPV6_PKTINFO:
			if len(data) >= unix.SizeofInet6Pktinfo {
				return int(binary.NativeEndian.Uint32(data[net.IPv6len:])) // and ipi6_ifindex last
			}
		}
		oob = rest
	}
	return 0
}

// join joins on a further socket when the limit for one is reached
// (net.ipv4.igmp_max_memberships, 20; IPv6 has one of memory). That one hears
// nothing itself: Linux gives a group that anyone on the host has joined to every
// socket that is bound to no address (IP_MULTICAST_ALL, IPV6_MULTICAST_ALL).
func (s *pktinfoSocket) join(ifi *net.Interface, group netip.Addr) error {
	addr := &net.UDPAddr{IP: group.AsSlice()}
	for _, member := range s.members {
		err := member.JoinGroup(ifi, addr)
		if errors.Is(err, unix.EADDRINUSE) {
			// Leaving first makes it a new report to the network.
			_ = member.LeaveGroup(ifi, addr)
			err = member.JoinGroup(ifi, addr)
		}
		if !errors.Is(err, unix.ENOBUFS) && !errors.Is(err, unix.ENOMEM) {
			return err
		}
	}
	conn, err := net.ListenUDP(s.family.network(), nil)
	if err != nil {
		return err
	}
	member := s.family.groupConn(conn)
	s.members = append(s.members, member)
	return member.JoinGroup(ifi, addr)
}

func (s *pktinfoSocket) leave(ifi *net.Interface, group netip.Addr) error {
	addr := &net.UDPAddr{IP: group.AsSlice()}
	var err error
	for _, member := range s.members {
		if err = member.LeaveGroup(ifi, addr); err == nil {
			return nil
		}
	}
	return err
}

func (s *pktinfoSocket) close() error {
	var errs []error
	for _, member := range slices.Backward(s.members) {
		errs = append(errs, member.Close())
	}
	return errors.Join(errs...)
}

// A pktinfoSender sends by the outlet of its interface, which it does not share
// with other interfaces: what an interface does not get rid of is charged to the
// socket it was sent by, and would use up the others' room. What the sender needs
// is made once, so that send does not allocate.
type pktinfoSender struct {
	socket  *pktinfoSocket
	key     outletKey
	outlet  *outlet
	to      unix.Sockaddr
	oob     []byte
	payload []byte // during send
	err     error
	write   func(fd uintptr) bool // the method writeOnce
}

func (s *pktinfoSocket) prepare(t target) (sender, error) {
	key := outletKey{ifindex: t.ifindex}
	out, err := s.outlets.take(key, s.openOutlet)
	if err != nil {
		return nil, err
	}
	p := &pktinfoSender{socket: s, key: key, outlet: out}
	p.write = p.writeOnce
	port := int(t.dst.Port())
	if s.family == IPv4 {
		p.to = &unix.SockaddrInet4{Port: port, Addr: t.dst.Addr().As4()}
		p.oob = unix.PktInfo4(&unix.Inet4Pktinfo{Ifindex: int32(t.ifindex), Spec_dst: t.src.As4()})
	} else {
		ifindex := uint32(t.ifindex)
		p.to = &unix.SockaddrInet6{Port: port, Addr: t.dst.Addr().As16(), ZoneId: ifindex}
		p.oob = unix.PktInfo6(&unix.Inet6Pktinfo{Ifindex: ifindex, Addr: t.src.As16()})
	}
	return p, nil
}

func (s *pktinfoSocket) openOutlet() (*net.UDPConn, error) {
	conn, err := net.ListenUDP(s.family.network(), nil)
	if err != nil {
		return nil, err
	}
	if err := s.family.prepareOutlet(conn, s.ttl); err != nil {
		conn.Close()
		return nil, err
	}
	return conn, nil
}

func (p *pktinfoSender) send(payload []byte) error {
	p.payload = payload
	err := p.outlet.raw.Write(p.write)
	p.payload = nil
	if err != nil {
		return err
	}
	return p.err
}

// writeOnce does not wait for room (EAGAIN): an interface that does not get
// rid of its datagrams must not hold up the others.
func (p *pktinfoSender) writeOnce(fd uintptr) bool {
	for {
		_, p.err = unix.SendmsgN(int(fd), p.payload, p.oob, p.to, unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL)
		if p.err != unix.EINTR {
			return true
		}
	}
}

func (p *pktinfoSender) close() error { return p.socket.outlets.release(p.key) }
