package lab

import (
	"context"
	"encoding/binary"
	"io"
	"net/netip"
	"slices"
	"sync"
	"testing"
)

// Switch joins any number of hosts to one Ethernet, with one subnet or several.
type Switch struct {
	t       testing.TB
	subnets []*subnet
	line    Line
	ctx     context.Context
	tasks   sync.WaitGroup

	mu     sync.Mutex // guards what follows
	ports  []*Port
	owners map[mac]*Port // where a hardware address was last seen
	passes func(from, to *Port, frame []byte) bool
}

type mac [6]byte

// Port is where a host's interface is plugged in.
type Port struct {
	Host  *Host
	Name  string       // of the interface
	Addr  netip.Addr   // in the switch's first subnet
	Addrs []netip.Addr // one in each subnet, in their order

	sw     *Switch
	device io.ReadWriteCloser
	up     *pipe // from the host
	down   *pipe // to the host
}

// NewSwitch makes a switch for a subnet such as 10.36.0.0/24 or fd36::/64. All its ports begin
// with the same kind of line. It skips the test where there can be none, and says why.
func NewSwitch(t testing.TB, subnet string, line Line) *Switch {
	t.Helper()
	if reason := cannotTap(); reason != nil {
		t.Skipf("no lab with switches here: %v", reason)
	}
	ctx, stop := context.WithCancel(context.Background())
	s := &Switch{t: t, line: line, ctx: ctx, owners: make(map[mac]*Port)}
	t.Cleanup(func() {
		stop()
		for _, p := range s.ports {
			p.device.Close()
		}
		s.tasks.Wait()
	})
	s.Subnet(subnet)
	return s
}

// Subnet adds a subnet, such as one of IPv6 beside one of IPv4. Hosts that are plugged in from
// then on have an address in it too.
func (s *Switch) Subnet(prefix string) {
	s.t.Helper()
	p, err := netip.ParsePrefix(prefix)
	if err != nil {
		s.t.Fatal(err)
	}
	s.subnets = append(s.subnets, &subnet{prefix: p, last: p.Addr()})
}

// A subnet gives out its addresses one after the other.
type subnet struct {
	prefix netip.Prefix
	last   netip.Addr
}

func (n *subnet) take() netip.Addr {
	n.last = n.last.Next()
	return n.last
}

// Plug gives a host an interface on this switch, up and with the next free address of each
// subnet.
func (s *Switch) Plug(h *Host, name string) *Port {
	s.t.Helper()
	device, err := h.openTap(name)
	if err != nil {
		s.t.Fatalf("make interface %s: %v", name, err)
	}
	s.mu.Lock()
	p := &Port{Host: h, Name: name, sw: s, device: device}
	seed := uint64(2 * len(s.ports))
	p.up = newPipe(s.line, seed, func(frame []byte) { s.forward(p, frame) })
	p.down = newPipe(s.line, seed+1, func(frame []byte) {
		// A refused frame (the interface is down) is a lost one, as on any Ethernet.
		_, _ = p.device.Write(frame)
	})
	s.ports = append(s.ports, p)
	s.mu.Unlock()

	s.tasks.Go(func() { p.up.run(s.ctx) })
	s.tasks.Go(func() { p.down.run(s.ctx) })
	s.tasks.Go(p.read)
	p.addAddrs()
	h.IP("link", "set", name, "up")
	return p
}

// addAddrs gives the interface the next free address of each subnet.
func (p *Port) addAddrs() {
	p.Host.t.Helper()
	p.Addrs = nil
	for _, n := range p.sw.subnets {
		addr := n.take()
		p.Addrs = append(p.Addrs, addr)
		args := []string{"addr", "add", netip.PrefixFrom(addr, n.prefix.Bits()).String(), "dev", p.Name}
		if addr.Is4() {
			args = append(args, "brd", "+")
		}
		p.Host.IP(args...)
	}
	p.Addr = p.Addrs[0]
}

// Readdress gives the host other addresses, the next free ones, as where a lease has run out.
// The old ones are gone before the new ones are there.
func (p *Port) Readdress() {
	p.Host.t.Helper()
	for i, addr := range p.Addrs {
		p.Host.IP("addr", "del", netip.PrefixFrom(addr, p.sw.subnets[i].prefix.Bits()).String(), "dev", p.Name)
	}
	p.addAddrs()
}

// read takes what the host sends, until the device is closed.
func (p *Port) read() {
	buf := make([]byte, 1<<16)
	for {
		n, err := p.device.Read(buf)
		if err != nil {
			return
		}
		if n >= ethernetHeader {
			p.up.put(buf[:n])
		}
	}
}

const ethernetHeader = 14

// forward hands a frame to the port that owns its destination, or to all others.
func (s *Switch) forward(from *Port, frame []byte) {
	var few [8]*Port
	for _, p := range s.route(few[:0], from, frame) {
		p.down.put(frame)
	}
}

// route appends the ports that get a frame.
func (s *Switch) route(ports []*Port, from *Port, frame []byte) []*Port {
	to, source := mac(frame[:6]), mac(frame[6:12])
	s.mu.Lock()
	defer s.mu.Unlock()
	s.owners[source] = from
	owner := s.owners[to]
	for _, p := range s.ports {
		if p == from || owner != nil && p != owner {
			continue
		}
		if s.passes == nil || s.passes(from, p, frame) {
			ports = append(ports, p)
		}
	}
	return ports
}

// Filter makes the switch ask, for each frame and each port it would go to, whether it may
// pass; nil lets all pass. The frame begins with its Ethernet header and must not be changed.
func (s *Switch) Filter(passes func(from, to *Port, frame []byte) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.passes = passes
}

// UnicastOnly is a Filter for a network that carries neither multicast nor broadcast, as those
// of many clouds and wireless access points do not. ARP passes, and so does what IPv6 has
// instead of it.
func UnicastOnly(_, _ *Port, frame []byte) bool {
	const arp = 0x0806
	return frame[0]&1 == 0 || binary.BigEndian.Uint16(frame[12:]) == arp || neighborDiscovery(frame)
}

// neighborDiscovery tells the messages of RFC 4861: ICMPv6 of types 133 to 137.
func neighborDiscovery(frame []byte) bool {
	const (
		ipv6       = 0x86dd
		icmpv6     = 58
		ipv6Header = 40
	)
	packet := frame[ethernetHeader:]
	return len(packet) > ipv6Header && binary.BigEndian.Uint16(frame[12:]) == ipv6 &&
		packet[6] == icmpv6 && packet[ipv6Header] >= 133 && packet[ipv6Header] <= 137
}

// Between is a Filter that parts the hosts in islands: a frame passes within one of them only.
func Between(islands ...[]*Host) func(from, to *Port, frame []byte) bool {
	return func(from, to *Port, _ []byte) bool {
		return slices.ContainsFunc(islands, func(island []*Host) bool {
			return slices.Contains(island, from.Host) && slices.Contains(island, to.Host)
		})
	}
}

// Line makes the line to this port another one, for what is sent from now on.
func (p *Port) Line(line Line) {
	p.up.change(func(p *pipe) { p.line = line })
	p.down.change(func(p *pipe) { p.line = line })
}

// Cut cuts the line, both ways. The host does not notice: it still has its interface and its
// address, as where a switch further away fails. (Host.IP("link", "set", NAME, "down") is the
// other way.)
func (p *Port) Cut() { p.setCut(true, true) }

// CutOut cuts one way: what the host sends is lost, and it still hears the others.
func (p *Port) CutOut() { p.setCut(true, false) }

// CutIn cuts the other way: the others still hear the host, and it hears nothing.
func (p *Port) CutIn() { p.setCut(false, true) }

// Mend mends a line that was cut, both ways.
func (p *Port) Mend() { p.setCut(false, false) }

func (p *Port) setCut(out, in bool) {
	p.up.change(func(p *pipe) { p.cut = out })
	p.down.change(func(p *pipe) { p.cut = in })
}

// Lost counts the frames that the line has lost, in both directions.
func (p *Port) Lost() (n int) {
	p.up.change(func(p *pipe) { n += p.lost })
	p.down.change(func(p *pipe) { n += p.lost })
	return n
}
