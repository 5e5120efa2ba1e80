package core

import (
	"net/netip"
	"time"

	"github.com/google/uuid"

	"github.com/gozre/zre/internal/curve"
	"github.com/gozre/zre/internal/endpoint"
)

// process is what runs on a host: it listens at an address, and it can be frozen and
// killed.
type process struct {
	w       *world
	name    string
	id      uuid.UUID
	key     curve.Key // zero in a plain world
	addr    netip.AddrPort
	server  server
	alive   bool
	frozen  bool
	libzmq  bool       // its transport is libzmq
	blocks  bool       // a firewall rejects connections to it
	drops   bool       // a firewall drops them
	via     netip.Addr // where its connections come from, not valid if from its host
	beacons bool       // it sends them
	later   []func()
	dials   []*simDial   // that are not closed
	accepts []*simStream // that are open

	refusedDials int // attempts that failed
}

// server accepts the connections to a process.
type server interface {
	// accept returns the receiver of what comes on the connection, nil to refuse it.
	accept(s *simStream) receiver
	// trusts reports whether the owner of the key may connect.
	trusts(key curve.Key) bool
}

// newProcess starts a process on the host with a number. Nobody else may listen at its
// address: with two processes there, what a node sends to one of them goes to the other.
func (w *world) newProcess(name string, id uuid.UUID, host int, port uint16, s server) *process {
	p := &process{
		w: w, name: name, id: id, alive: true, beacons: true, server: s,
		addr: netip.AddrPortFrom(hostAddr(host), port),
	}
	if q := w.listens[p.addr]; q != nil && q.alive {
		w.t.Fatalf("%s starts at %v, where %s listens", name, p.addr, q.name)
	}
	for _, a := range p.addrs() {
		w.listens[netip.AddrPortFrom(a, port)] = p
	}
	w.hosts[p.addr.Addr()] = true
	w.logf("%s starts as %s at %v", name, id, p.addr)
	p.beat()
	return p
}

// hostAddr is the address of a host, 10.0.x.y.
func hostAddr(host int) netip.Addr {
	return netip.AddrFrom4([4]byte{10, 0, byte(host >> 8), byte(host)})
}

// secondAddr is the other address of a host that has two, 10.1.x.y.
func secondAddr(first netip.Addr) netip.Addr {
	a := first.As4()
	a[1] = 1
	return netip.AddrFrom4(a)
}

// firstAddr is the address that a host is known by, from any of its addresses.
func firstAddr(addr netip.Addr) netip.Addr {
	if a := addr.As4(); a[0] == 10 && a[1] == 1 {
		a[1] = 0
		return netip.AddrFrom4(a)
	}
	return addr
}

// addrs are the addresses of the host.
func (p *process) addrs() []netip.Addr {
	if p.w.dual {
		return []netip.Addr{p.host(), secondAddr(p.host())}
	}
	return []netip.Addr{p.host()}
}

// localTo is the address from which the host reaches another one's.
func (p *process) localTo(remote netip.Addr) netip.Addr {
	if remote != firstAddr(remote) {
		return secondAddr(p.host())
	}
	return p.host()
}

func (p *process) proc() *process              { return p }
func (p *process) host() netip.Addr            { return p.addr.Addr() }
func (p *process) endpoint() endpoint.Endpoint { return endpoint.Endpoint{Addr: p.addr, Key: p.key} }

// do lets the process handle something: at once, or later if it is frozen. A process
// that is not alive handles nothing.
func (p *process) do(f func()) {
	switch {
	case !p.alive:
	case p.frozen:
		p.later = append(p.later, f)
	default:
		f()
	}
}

// freeze stops a process; what comes for it waits.
func (p *process) freeze() {
	p.w.logf("%s freezes", p.name)
	p.frozen = true
}

// thaw lets it go on.
func (p *process) thaw() {
	p.w.logf("%s thaws", p.name)
	p.frozen = false
	for len(p.later) > 0 && p.alive && !p.frozen {
		f := p.later[0]
		p.later = p.later[1:]
		f()
	}
}

// kill ends a process. Its system ends the connections.
func (p *process) kill() {
	if !p.alive {
		return
	}
	p.w.logf("%s is killed", p.name)
	p.end()
	for _, d := range p.dials {
		d.killed()
	}
	for _, s := range p.accepts {
		s.closeByAcceptor()
	}
	p.dials, p.accepts = nil, nil
}

func (p *process) end() {
	p.alive, p.later = false, nil
	for _, a := range p.addrs() {
		if at := netip.AddrPortFrom(a, p.addr.Port()); p.w.listens[at] == p {
			delete(p.w.listens, at)
		}
	}
}

// powerOff ends all processes of the host. The other ends of their connections learn
// nothing of it.
func (p *process) powerOff() {
	w := p.w
	w.logf("the host of %s is switched off", p.name)
	w.hosts[p.host()] = false
	for _, h := range w.hears {
		if q := h.proc(); q.alive && q.host() == p.host() {
			q.end()
		}
	}
	for _, s := range w.streams {
		s.lose(p.host())
	}
}

// beat sends a beacon every second.
func (p *process) beat() {
	if !p.alive {
		return
	}
	if p.beacons && !p.frozen {
		p.broadcast(p.addr.Port())
	}
	p.w.after(time.Second, p.beat)
}

// broadcast sends a beacon to all nodes from each address, each with its own fate.
func (p *process) broadcast(port uint16) {
	for _, from := range p.addrs() {
		p.broadcastFrom(from, port)
	}
}

func (p *process) broadcastFrom(from netip.Addr, port uint16) {
	w := p.w
	for _, to := range w.hears {
		q := to.proc()
		if !q.alive || w.rand.Float64() < w.loss {
			continue
		}
		w.after(w.some(3*w.delay), func() {
			if !q.frozen && !w.isCut(p.host(), q.host()) {
				q.do(func() { to.hear(p.id, from, port, p.key) })
			}
		})
	}
}
