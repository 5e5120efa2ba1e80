package core

import (
	"net/netip"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/gozre/zre/internal/curve"
	"github.com/gozre/zre/internal/endpoint"
)

// staticPeer is an endpoint from the configuration: it is greeted without a
// beacon, and its HELLO tells which node is there.
type staticPeer struct {
	hostPort   string            // HOST:PORT if the host has a name, else ""
	unresolved error             // why the name has no address, nil while it has one
	endpoint   endpoint.Endpoint // without an address while the name has none
	link       Link              // while no HELLO has come from there
	state      linkState
	is         uuid.UUID     // the node that the link leads to, uuid.Nil while that is not known
	refused    bool          // no process listened there at the last attempt
	since      time.Duration // a HELLO is awaited since then
	peer       uuid.UUID     // the peer that is there, uuid.Nil if none is known
	next       time.Duration // when to try next
	wait       time.Duration
}

// AddStatic greets the node at the endpoint, now and whenever it is not there.
func (c *Core) AddStatic(now time.Duration, at endpoint.Endpoint) {
	c.now = now
	c.static = append(c.static, &staticPeer{endpoint: at, since: now, wait: retryAfter})
	c.tickStatic(now)
}

// AddNamed is AddStatic for a node whose host has a name. SetAddresses tells where that is.
func (c *Core) AddNamed(now time.Duration, hostPort string, key curve.Key) {
	c.now = now
	c.static = append(c.static, &staticPeer{
		hostPort: hostPort, endpoint: endpoint.Endpoint{Key: key}, since: now, wait: retryAfter,
	})
	c.changed()
}

// WantsAddress reports whether a node whose host has a name is not there.
func (c *Core) WantsAddress(hostPort string) bool {
	return slices.ContainsFunc(c.static, func(s *staticPeer) bool {
		return s.hostPort == hostPort && s.isMissing() && !c.isOwn(s.endpoint)
	})
}

// isOwn reports whether this node itself is at an endpoint.
func (c *Core) isOwn(at endpoint.Endpoint) bool {
	return at.Addr.IsValid() && c.cfg.Shell.IsLocal(at)
}

// isMissing reports whether a configured node is not there.
func (s *staticPeer) isMissing() bool { return s.peer == uuid.Nil && s.state != linkIsUp }

// SetAddresses tells which addresses a name has, or why it has none. A node that is not there
// is dialed at another one when its present address is not among them, or has failed.
func (c *Core) SetAddresses(now time.Duration, hostPort string, addrs []netip.AddrPort, err error) {
	c.now = now
	for _, s := range c.static {
		if s.hostPort == hostPort && s.isMissing() {
			s.choose(addrs, err)
			c.changed()
		}
	}
	c.tickStatic(now)
}

// choose sets the address at which the node is dialed next. An address that a name had goes on
// being tried while the name cannot be resolved.
func (s *staticPeer) choose(addrs []netip.AddrPort, err error) {
	if s.unresolved = nil; len(addrs) == 0 {
		if !s.endpoint.Addr.IsValid() {
			s.unresolved = err
		}
		return
	}
	i := slices.Index(addrs, s.endpoint.Addr)
	if i >= 0 && (s.link == nil || s.link.Connected() || s.link.RetryCause() == nil) {
		return
	}
	if next := addrs[(i+1)%len(addrs)]; next != s.endpoint.Addr {
		s.close()
		s.endpoint.Addr, s.refused, s.next, s.wait = next, false, 0, retryAfter
	}
}

// has makes a peer the one that is at a configured endpoint.
func (s *staticPeer) has(p *Peer) {
	s.peer, s.unresolved, p.static = p.id, nil, s
}

// recognise handles that the link to a configured endpoint leads to a node that is known by
// another way: two links to it would look like two nodes with one UUID. If it is not reached
// there, it gets this link.
func (c *Core) recognise(now time.Duration, s *staticPeer) {
	p := c.peers.get(s.is)
	switch {
	case s.is == c.cfg.ID:
		s.close()
		s.peer = s.is
	case p == nil || p.Key() != s.endpoint.Key:
	case p.Ready() || p.linkState == linkIsUp:
		s.close()
		s.has(p)
	default:
		p.closeLink(ReasonMoved)
		c.setLink(p, s.link, s.endpoint, s.state)
		p.reusedConn, p.provenConn, p.identified = false, false, true
		p.greeted, p.attempted, p.redialAt, p.tries = now, now, 0, 0
		s.link, s.state = nil, linkDialed
		s.has(p)
	}
}

// lostStatic tells that a peer is gone.
func (c *Core) lostStatic(id uuid.UUID) {
	for _, s := range c.static {
		if s.peer == id {
			s.peer, s.next, s.wait, s.since = uuid.Nil, c.now, retryAfter, c.now
		}
	}
}

// tickStatic greets the configured endpoints that no HELLO has come from.
func (c *Core) tickStatic(now time.Duration) {
	for _, s := range c.static {
		if s.peer != uuid.Nil || !s.endpoint.Addr.IsValid() || now < s.next ||
			!c.trusts(s) || c.isOwn(s.endpoint) {
			continue
		}
		if p := c.at[s.endpoint.Addr]; p != nil && p.Key() == s.endpoint.Key {
			// Found by another way meanwhile.
			s.close()
			s.has(p)
			continue
		}
		if s.link != nil && s.state != linkIsUp {
			continue // The transport goes on trying.
		}
		s.close()
		s.next = now + s.wait
		s.wait = min(2*s.wait, c.cfg.DeadPeriod)
		s.link, s.is = c.cfg.Shell.Open(uuid.Nil, s.endpoint), uuid.Nil
		c.changed()
		s.link.Send(c.hello(s.endpoint))
	}
}

func (s *staticPeer) close() {
	if s.link != nil {
		s.link.Close(ReasonExpired)
		s.link, s.state = nil, linkDialed
	}
}

// staticBy returns the configured endpoint that has the link, nil if none has.
func (c *Core) staticBy(l Link) *staticPeer {
	i := slices.IndexFunc(c.static, func(s *staticPeer) bool { return s.link == l })
	if i < 0 {
		return nil
	}
	return c.static[i]
}

func (c *Core) staticUp(l Link) {
	if s := c.staticBy(l); s != nil {
		s.state, s.refused = linkIsUp, false
		c.changed()
	}
}

// staticRetry tells that an attempt to connect to a configured endpoint has failed.
func (c *Core) staticRetry(l Link, refused bool) {
	if s := c.staticBy(l); s != nil {
		s.refused = refused
		c.changed()
	}
}

func (c *Core) staticDown(now time.Duration, l Link) {
	if s := c.staticBy(l); s != nil {
		s.close()
		s.next = now + retryAfter
		c.changed()
	}
}

// adopt makes a peer of the link to a configured endpoint when the HELLO of a
// node that is not known is the answer from there. A node with several addresses
// may name another one than the configured; it is recognised by what the handshake of the
// link says, or by the port. If that is wrong, PINGs go unanswered and the peer is dialed
// where its HELLO says.
func (c *Core) adopt(now time.Duration, conn *Conn, named endpoint.Endpoint) *Peer {
	var waiting []*staticPeer
	for _, s := range c.static {
		if s.link != nil && s.endpoint.Key == named.Key && (s.is == uuid.Nil || s.is == conn.id) {
			waiting = append(waiting, s)
		}
	}
	i := slices.IndexFunc(waiting, func(s *staticPeer) bool { return s.is == conn.id })
	if i < 0 {
		i = slices.IndexFunc(waiting, func(s *staticPeer) bool { return s.endpoint == named })
	}
	if i < 0 {
		port := named.Addr.Port()
		i = slices.IndexFunc(waiting, func(s *staticPeer) bool {
			return s.endpoint.Addr.Port() == port
		})
	}
	if i < 0 {
		return nil
	}
	s := waiting[i]
	p := newPeer(now, conn.id)
	s.has(p)
	p.greeted, p.identified = now, s.is == conn.id
	c.setLink(p, s.link, s.endpoint, s.state)
	s.link, s.state = nil, linkDialed
	c.add(p)
	return p
}
