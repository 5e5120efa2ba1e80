package beacon

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"sync"

	"golang.org/x/net/ipv4"

	"github.com/gozre/zre/internal/netif"
)

// A portableSocket does with what every system has: it hears for all
// interfaces, and each of its senders is a socket bound to the source address.
// It is compiled on Linux too, so that the tests there run over it as well.
type portableSocket struct {
	packets *ipv4.PacketConn
	ttl     int
	tells   bool // the system tells which interface a datagram arrived on
	buf     [maxDatagram]byte

	mu       sync.Mutex
	networks []network // where the system does not tell; from the joined interfaces
}

// A network is found by its prefix.
type network struct {
	prefix  netip.Prefix
	ifindex int
}

func openPortable(port uint16, ttl int) (socket, error) {
	conn, err := listen(port)
	if err != nil {
		return nil, err
	}
	s := &portableSocket{packets: ipv4.NewPacketConn(conn), ttl: ttl}
	s.tells = s.packets.SetControlMessage(ipv4.FlagInterface, true) == nil
	return s, nil
}

func (s *portableSocket) receive() ([]byte, netip.AddrPort, int, error) {
	n, control, addr, err := s.packets.ReadFrom(s.buf[:])
	if err != nil {
		return nil, netip.AddrPort{}, 0, err
	}
	from := addr.(*net.UDPAddr).AddrPort()
	from = netip.AddrPortFrom(from.Addr().Unmap(), from.Port())
	if s.tells && control != nil {
		return s.buf[:n], from, control.IfIndex, nil
	}
	return s.buf[:n], from, s.guess(from.Addr()), nil
}

// guess gives the interface whose network the source is in, 0 if there is
// none. A sender far away, in an odd network or with a forged source is taken
// for a stranger, which keeps a node within the interfaces named for it.
func (s *portableSocket) guess(from netip.Addr) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, n := range s.networks {
		if n.prefix.Contains(from) {
			return n.ifindex
		}
	}
	return 0
}

func (s *portableSocket) join(ifi *net.Interface, group netip.Addr) error {
	s.learn(ifi)
	addr := &net.UDPAddr{IP: group.AsSlice()}
	// Leaving first renews the membership if it is there already; the system's
	// word for that differs too much to ask for it.
	_ = s.packets.LeaveGroup(ifi, addr)
	return s.packets.JoinGroup(ifi, addr)
}

func (s *portableSocket) leave(ifi *net.Interface, group netip.Addr) error {
	return s.packets.LeaveGroup(ifi, &net.UDPAddr{IP: group.AsSlice()})
}

// learn notes the networks of an interface for guess.
func (s *portableSocket) learn(ifi *net.Interface) {
	interfaces, err := netif.List()
	if err != nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.networks = slices.DeleteFunc(s.networks, func(n network) bool { return n.ifindex == ifi.Index })
	for _, i := range interfaces {
		if i.Index != ifi.Index {
			continue
		}
		for _, prefix := range i.Prefixes {
			s.networks = append(s.networks, network{prefix, i.Index})
		}
	}
}

func (s *portableSocket) close() error { return s.packets.Close() }

// A portableSender is a socket that sends from one address.
type portableSender struct {
	packets *ipv4.PacketConn
	to      *net.UDPAddr
}

func (s *portableSocket) prepare(t target) (sender, error) {
	conn, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(netip.AddrPortFrom(t.src, 0)))
	if err != nil {
		return nil, fmt.Errorf("beacon: %w", err)
	}
	// It is for sending only; what others send there is not kept.
	_ = conn.SetReadBuffer(1)
	p := &portableSender{packets: ipv4.NewPacketConn(conn), to: net.UDPAddrFromAddrPort(t.dst)}
	if t.dst.Addr().IsMulticast() {
		err = errors.Join(
			p.packets.SetMulticastInterface(&net.Interface{Index: t.ifindex, Name: t.name}),
			p.packets.SetMulticastTTL(s.ttl),
			p.packets.SetMulticastLoopback(true),
		)
	}
	if err != nil {
		conn.Close()
		return nil, fmt.Errorf("beacon: %w", err)
	}
	return p, nil
}

func (p *portableSender) send(payload []byte) error {
	_, err := p.packets.WriteTo(payload, nil, p.to)
	return err
}

func (p *portableSender) close() error { return p.packets.Close() }
