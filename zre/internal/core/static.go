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
	name     string            // HOST:PORT, "" if the configuration has an address
	failed   error             // why the name has no address, nil if it has one or is looked up
	endpoint endpoint.Endpoint // without an address while the name has none
	link     Link              // while no HELLO has come from there
	state    linkState
	is       uuid.UUID     // the node that the link leads to, uuid.Nil while that is not known
	refused  bool          // no process listened there at the last attempt
	since    time.Duration // a HELLO is awaited since then
	peer     bool          // a peer that is known now has the link
	next     time.Duration // when to try next
	wait     time.Duration
}

// AddStatic greets the node at the endpoint, now and whenever it is not there.
func (c *Core) AddStatic(now time.Duration, at endpoint.Endpoint) {
	c.now = now
	c.static = append(c.static, &staticPeer{endpoint: at, since: now, wait: retryAfter})
	c.tickStatic(now)
}

// AddNamed is AddStatic for a node whose host has a name. SetAddress tells its address.
func (c *Core) AddNamed(now time.Duration, hostPort string, key curve.Key) {
	c.now = now
	c.static = append(c.static, &staticPeer{
		name: hostPort, endpoint: endpoint.Endpoint{Key: key}, since: now, wait: retryAfter,
	})
	c.changed()
}

// WantsAddress reports whether a node whose host has a name is not there.
func (c *Core) WantsAddress(hostPort string) bool {
	return slices.ContainsFunc(c.static, func(s *staticPeer) bool {
		return s.name == hostPort && !s.peer && s.state != linkIsUp
	})
}

// SetAddress tells which address a name has, or why it has none. A node that is not there is
// dialed at its new address.
func (c *Core) SetAddress(now time.Duration, hostPort string, at netip.AddrPort, err error) {
	c.now = now
	for _, s := range c.static {
		if s.name != hostPort || s.peer || s.state == linkIsUp {
			continue
		}
		if s.failed = err; err == nil && s.endpoint.Addr != at {
			s.close()
			s.endpoint.Addr, s.refused, s.next, s.wait = at, false, now, retryAfter
		}
		c.changed()
	}
	c.tickStatic(now)
}

// lost tells that the peer that had the link is gone.
func (s *staticPeer) lost(now time.Duration) {
	s.peer, s.next, s.wait, s.since = false, now, retryAfter, now
}

// tickStatic greets the configured endpoints that no HELLO has come from.
func (c *Core) tickStatic(now time.Duration) {
	for _, s := range c.static {
		if s.peer || !s.endpoint.Addr.IsValid() || now < s.next || !c.trusts(s) || c.cfg.Shell.IsLocal(s.endpoint) {
			continue
		}
		if p := c.at[s.endpoint.Addr]; p != nil && p.Key() == s.endpoint.Key {
			// Found by another way meanwhile.
			s.close()
			s.peer, p.static = true, s
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
// link says, or by the port. Should that be wrong, PINGs go unanswered and the peer is moved to where it said.
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
	p.static, p.greeted, p.identified = s, now, s.is == conn.id
	c.setLink(p, s.link, s.endpoint, s.state)
	s.link, s.state, s.peer = nil, linkDialed, true
	c.add(p)
	return p
}
