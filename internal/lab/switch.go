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

// Switch joins any number of hosts to one Ethernet, with one subnet.
type Switch struct {
	t      testing.TB
	prefix netip.Prefix
	line   Line
	ctx    context.Context
	tasks  sync.WaitGroup

	mu     sync.Mutex // guards what follows
	next   netip.Addr
	ports  []*Port
	owners map[mac]*Port // where a hardware address was last seen
	passes func(from, to *Port, frame []byte) bool
}

type mac [6]byte

// Port is where a host's interface is plugged in.
type Port struct {
	Host *Host
	Addr netip.Addr

	device io.ReadWriteCloser
	up     *pipe // from the host
	down   *pipe // to the host
}

// NewSwitch makes a switch for a subnet such as 10.36.0.0/24. All its ports begin with
// the same kind of line. It skips the test where there can be none, and says why.
func NewSwitch(t testing.TB, subnet string, line Line) *Switch {
	t.Helper()
	if reason := cannotTap(); reason != nil {
		t.Skipf("no lab with switches here: %v", reason)
	}
	prefix, err := netip.ParsePrefix(subnet)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	s := &Switch{t: t, prefix: prefix, line: line, ctx: ctx, next: prefix.Addr(), owners: make(map[mac]*Port)}
	t.Cleanup(func() {
		stop()
		for _, p := range s.ports {
			p.device.Close()
		}
		s.tasks.Wait()
	})
	return s
}

// Plug gives a host an interface on this switch, up and with the subnet's next free address.
func (s *Switch) Plug(h *Host, name string) *Port {
	s.t.Helper()
	device, err := h.openTap(name)
	if err != nil {
		s.t.Fatalf("make interface %s: %v", name, err)
	}
	s.mu.Lock()
	s.next = s.next.Next()
	p := &Port{Host: h, Addr: s.next, device: device}
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
	h.IP("addr", "add", netip.PrefixFrom(p.Addr, s.prefix.Bits()).String(), "brd", "+", "dev", name)
	h.IP("link", "set", name, "up")
	return p
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
			p.up.put(slices.Clone(buf[:n]))
		}
	}
}

const ethernetHeader = 14

// forward hands a frame to the port that owns its destination, or to all others.
func (s *Switch) forward(from *Port, frame []byte) {
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
			p.down.put(frame)
		}
	}
}

// Filter makes the switch ask, for each frame and each port it would go to, whether it may
// pass; nil lets all pass. The frame begins with its Ethernet header and must not be changed.
func (s *Switch) Filter(passes func(from, to *Port, frame []byte) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.passes = passes
}

// UnicastOnly is a Filter for a network that carries neither multicast nor broadcast, as those
// of many clouds and wireless access points do not. ARP passes.
func UnicastOnly(_, _ *Port, frame []byte) bool {
	const arp = 0x0806
	return frame[0]&1 == 0 || binary.BigEndian.Uint16(frame[12:]) == arp
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

// Cut cuts the line. The host does not notice: it still has its interface and its address,
// as where a switch further away fails. (Host.IP("link", "set", NAME, "down") is the other way.)
func (p *Port) Cut() { p.setCut(true) }

// Mend mends a line that was cut.
func (p *Port) Mend() { p.setCut(false) }

func (p *Port) setCut(cut bool) {
	p.up.change(func(p *pipe) { p.cut = cut })
	p.down.change(func(p *pipe) { p.cut = cut })
}

// Lost counts the frames that the line has lost, in both directions.
func (p *Port) Lost() (n int) {
	p.up.change(func(p *pipe) { n += p.lost })
	p.down.change(func(p *pipe) { n += p.lost })
	return n
}
