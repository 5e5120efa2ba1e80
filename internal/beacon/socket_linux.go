package beacon

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"syscall"

	"golang.org/x/net/ipv4"
	"golang.org/x/sys/unix"
)

// A pktinfoSocket hears for all interfaces, and has an outlet for each that is
// sent on. IP_PKTINFO tells which interface a datagram came by, and says which
// one it is to go by. doc.go says why.
type pktinfoSocket struct {
	conn    *net.UDPConn
	ttl     int
	members []*ipv4.PacketConn // the socket itself, then those of join
	outlets map[int]*outlet    // by the index of the interface
	buf     [maxDatagram]byte
	oob     [64]byte // for one IP_PKTINFO
}

func openSocket(port uint16, ttl int) (socket, error) {
	conn, err := listen(port)
	if err != nil {
		return nil, err
	}
	packets := ipv4.NewPacketConn(conn)
	if err := packets.SetControlMessage(ipv4.FlagInterface, true); err != nil {
		conn.Close()
		return nil, fmt.Errorf("beacon: %w", err)
	}
	return &pktinfoSocket{
		conn:    conn,
		ttl:     ttl,
		members: []*ipv4.PacketConn{packets},
		outlets: make(map[int]*outlet),
	}, nil
}

func (s *pktinfoSocket) receive() ([]byte, netip.AddrPort, int, error) {
	// Package net allocates nothing here, other than ipv4's ReadBatch, which
	// makes a net.Addr for each datagram.
	n, oobn, _, from, err := s.conn.ReadMsgUDPAddrPort(s.buf[:], s.oob[:])
	if err != nil {
		return nil, netip.AddrPort{}, 0, err
	}
	return s.buf[:n], netip.AddrPortFrom(from.Addr().Unmap(), from.Port()), ifindexOf(s.oob[:oobn]), nil
}

// ifindexOf finds the index of the interface in control messages, 0 if it is
// not there.
func ifindexOf(oob []byte) int {
	for len(oob) >= unix.SizeofCmsghdr {
		header, data, rest, err := unix.ParseOneSocketControlMessage(oob)
		if err != nil {
			return 0
		}
		if header.Level == unix.IPPROTO_IP && header.Type == unix.IP_PKTINFO && len(data) >= unix.SizeofInet4Pktinfo {
			return int(int32(binary.NativeEndian.Uint32(data))) // ipi_ifindex comes first
		}
		oob = rest
	}
	return 0
}

// join joins on a further socket when the limit for one is reached
// (net.ipv4.igmp_max_memberships, 20). That one hears nothing itself: Linux
// gives a group that anyone on the host has joined to every socket that is
// bound to no address (IP_MULTICAST_ALL).
func (s *pktinfoSocket) join(ifi *net.Interface, group netip.Addr) error {
	addr := &net.UDPAddr{IP: group.AsSlice()}
	for _, member := range s.members {
		err := member.JoinGroup(ifi, addr)
		if errors.Is(err, unix.EADDRINUSE) {
			// Leaving first makes it a new report to the network.
			_ = member.LeaveGroup(ifi, addr)
			err = member.JoinGroup(ifi, addr)
		}
		if !errors.Is(err, unix.ENOBUFS) {
			return err
		}
	}
	conn, err := net.ListenUDP("udp4", nil)
	if err != nil {
		return err
	}
	member := ipv4.NewPacketConn(conn)
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

// An outlet is what all senders of one interface send by. They do not share it
// with other interfaces: what an interface does not get rid of is charged to
// the socket it was sent by, and would use up the others' room.
type outlet struct {
	conn  *net.UDPConn
	raw   syscall.RawConn
	users int
}

func openOutlet(ttl int) (*outlet, error) {
	conn, err := net.ListenUDP("udp4", nil)
	if err != nil {
		return nil, err
	}
	// It is for sending only; what others send there is not kept.
	_ = conn.SetReadBuffer(1)
	packets := ipv4.NewPacketConn(conn)
	raw, err := conn.SyscallConn()
	err = errors.Join(err,
		packets.SetMulticastTTL(ttl),
		packets.SetMulticastLoopback(true), // for the other nodes on this host
	)
	if err != nil {
		conn.Close()
		return nil, err
	}
	return &outlet{conn: conn, raw: raw}, nil
}

// A pktinfoSender sends by an outlet with what it has made ready.
type pktinfoSender struct {
	socket  *pktinfoSocket
	ifindex int
	outlet  *outlet
	to      unix.SockaddrInet4
	oob     []byte
	payload []byte // during send
	err     error
	write   func(fd uintptr) bool // the method writeOnce; made once, so that send does not allocate
}

func (s *pktinfoSocket) prepare(t target) (sender, error) {
	out := s.outlets[t.ifindex]
	if out == nil {
		var err error
		if out, err = openOutlet(s.ttl); err != nil {
			return nil, fmt.Errorf("beacon: %w", err)
		}
		s.outlets[t.ifindex] = out
	}
	out.users++
	p := &pktinfoSender{
		socket:  s,
		ifindex: t.ifindex,
		outlet:  out,
		to:      unix.SockaddrInet4{Port: int(t.dst.Port()), Addr: t.dst.Addr().As4()},
		oob:     unix.PktInfo4(&unix.Inet4Pktinfo{Ifindex: int32(t.ifindex), Spec_dst: t.src.As4()}),
	}
	p.write = p.writeOnce
	return p, nil
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
		_, p.err = unix.SendmsgN(int(fd), p.payload, p.oob, &p.to, unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL)
		if p.err != unix.EINTR {
			return true
		}
	}
}

func (p *pktinfoSender) close() error {
	p.outlet.users--
	if p.outlet.users > 0 {
		return nil
	}
	delete(p.socket.outlets, p.ifindex)
	return p.outlet.conn.Close()
}
