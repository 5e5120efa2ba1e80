package beacon

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"time"
)

// A portableSocket does with what every system has: it hears for all
// interfaces, and each source address has an outlet that is bound to it.
// It is compiled on Linux too, so that the tests there run over it as well.
type portableSocket struct {
	conn    *net.UDPConn
	family  Family
	ttl     int
	members groupConn
	outlets outlets
	buf     [maxDatagram]byte
	oob     [256]byte // for the control message of any system
}

func openPortable(b binding, ttl int) (socket, error) {
	conn, err := listen(b)
	if err != nil {
		return nil, err
	}
	if err := tellArrival(conn, b.family); err != nil {
		conn.Close()
		return nil, fmt.Errorf("beacon: %w", err)
	}
	return &portableSocket{
		conn:    conn,
		family:  b.family,
		ttl:     ttl,
		members: b.family.groupConn(conn),
		outlets: make(outlets),
	}, nil
}

func (s *portableSocket) receive() ([]byte, netip.AddrPort, int, error) {
	n, oobn, _, from, err := s.conn.ReadMsgUDPAddrPort(s.buf[:], s.oob[:])
	if err != nil {
		return nil, netip.AddrPort{}, 0, err
	}
	from = netip.AddrPortFrom(from.Addr().Unmap(), from.Port())
	return s.buf[:n], from, arrivalOf(s.oob[:oobn], s.family), nil
}

func (s *portableSocket) join(ifi *net.Interface, group netip.Addr) error {
	addr := &net.UDPAddr{IP: group.AsSlice()}
	// Leaving first renews the membership if it is there already; the system's
	// word for that differs too much to ask for it.
	_ = s.members.LeaveGroup(ifi, addr)
	return s.members.JoinGroup(ifi, addr)
}

func (s *portableSocket) leave(ifi *net.Interface, group netip.Addr) error {
	return s.members.LeaveGroup(ifi, &net.UDPAddr{IP: group.AsSlice()})
}

func (s *portableSocket) close() error { return s.conn.Close() }

// A portableSender sends by the outlet of its source address.
type portableSender struct {
	socket *portableSocket
	key    outletKey
	outlet *outlet
	to     netip.AddrPort
}

func (s *portableSocket) prepare(t target) (sender, error) {
	key := outletKey{t.ifindex, t.src}
	out, err := s.outlets.take(key, func() (*net.UDPConn, error) { return s.openOutlet(t) })
	if err != nil {
		return nil, err
	}
	return &portableSender{socket: s, key: key, outlet: out, to: t.dst}, nil
}

// openOutlet opens a socket whose datagrams go by the target's interface and
// come from its source. A group needs no zone then.
func (s *portableSocket) openOutlet(t target) (*net.UDPConn, error) {
	src := t.src
	if src.Zone() != "" {
		// An interface that was made again has the same name and another index, and
		// the standard library may know only the old one for a while.
		src = src.WithZone(strconv.Itoa(t.ifindex))
	}
	conn, err := net.ListenUDP(s.family.network(), net.UDPAddrFromAddrPort(netip.AddrPortFrom(src, 0)))
	if err != nil {
		return nil, err
	}
	ifi := &net.Interface{Index: t.ifindex, Name: t.name}
	raw, err := conn.SyscallConn()
	if err == nil {
		err = errors.Join(
			control(raw, func(fd uintptr) error { return keepTo(fd, s.family, ifi) }),
			s.family.groupConn(conn).SetMulticastInterface(ifi),
			s.family.prepareOutlet(conn, s.ttl),
		)
	}
	if err != nil {
		conn.Close()
		return nil, err
	}
	return conn, nil
}

// sendTimeout bounds the wait for room, where a system lets one wait: an
// interface that does not get rid of its datagrams must not hold up the others.
const sendTimeout = 100 * time.Millisecond

func (p *portableSender) send(payload []byte) error {
	if err := p.outlet.conn.SetWriteDeadline(time.Now().Add(sendTimeout)); err != nil {
		return err
	}
	_, err := p.outlet.conn.WriteToUDPAddrPort(payload, p.to)
	return err
}

func (p *portableSender) close() error { return p.socket.outlets.release(p.key) }
