package core

import (
	"time"

	"github.com/google/uuid"
)

// A link leads to an endpoint, not to a node. When a process has ended and another one has
// its port, a link that is dialed for the first one leads to the second one. That one takes
// the answers to the PINGs of the first one for answers to its own, and what was sent to the
// first one as sent to itself. So the accepting side of a connection says in the handshake
// which node it is. Other implementations do not.

// LinkLeadsTo tells which node has accepted the connection of a link: the identity from the
// handshake, empty if it names none. It is called before LinkUp.
func (c *Core) LinkLeadsTo(now time.Duration, l Link, identity []byte) {
	c.now = now
	if len(identity) != 1+len(uuid.UUID{}) {
		return
	}
	id := uuid.UUID(identity[1:])
	p := c.peerOf(l)
	if s := c.staticBy(l); s != nil {
		s.is = id
		c.recognise(now, s)
	}
	if p == nil || p.Ready() {
		return
	}
	if p.identified = id == p.id; p.identified {
		return
	}
	c.log("another node is at the endpoint of a peer", p, "endpoint", p.endpoint, "is", id)
	if r := c.reports.get(p.id); r != nil && r.at == p.endpoint {
		r.postpone(now)
	}
	switch {
	case p.mayRedirect(now, true):
		c.redirect(now, p)
	case id == c.cfg.ID || c.peers.get(id) != nil:
		c.remove(p, ReasonReplaced)
	default:
		c.inherit(now, p, id).identified = true
	}
}
