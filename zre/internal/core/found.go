package core

import (
	"net/netip"
	"time"

	"github.com/google/uuid"

	"github.com/gozre/zre/internal/curve"
	"github.com/gozre/zre/internal/endpoint"
)

// Beacon handles that a node was heard by UDP (RFC 36, "Discovery"). Port is
// its mailbox port, 0 when it leaves; from is where the datagram came from; key is
// the public key in it, zero in a plain network. It reports what IsNew does.
func (c *Core) Beacon(
	now time.Duration, id uuid.UUID, from netip.Addr, port uint16, key curve.Key,
) (isNew bool) {
	if id == c.cfg.ID {
		c.ownBeacon(from, port, key)
		return false
	}
	return c.isNew(now, c.heard(now, id, from, port, key))
}

// heard handles the beacon of another node. It returns its peer, nil if it has none.
func (c *Core) heard(
	now time.Duration, id uuid.UUID, from netip.Addr, port uint16, key curve.Key,
) *Peer {
	c.now = now
	c.stats.BeaconsHeard++
	p := c.peers.get(id)
	at := endpoint.At(from, port, key)
	if port == 0 {
		if p != nil && p.Key() == key && p.endpoint.Host() == at.Host() {
			c.announcedLeave(now, p)
		}
		if r := c.reports.get(id); r != nil && !r.gossip && r.at.Host() == at.Host() {
			c.reports.remove(id)
			c.changed()
		}
		return nil
	}
	if p != nil && p.Key() == key {
		// A beacon proves only that UDP gets through, so it moves one clock.
		p.beaconed, p.lastBeacon = true, now
		p.heardAt.note(now, at.Addr)
		if p.endpoint == at {
			p.lastSign = now
			return p
		}
		p.lastForeign = now
	}
	if p == nil {
		if r := c.reported(id, at, false); r != nil && now < r.next {
			r.beaconed = true
			return nil // It could not be reached there a moment ago.
		}
	}
	c.found(now, id, at)
	if p == nil {
		if p = c.peers.get(id); p != nil {
			p.beaconed = true
			p.heardAt.note(now, at.Addr)
		}
	}
	return c.peers.get(id) // which found may have replaced
}

// heardAt are the endpoints from which the beacons of a peer came last: one as a rule.
type heardAt struct {
	last   sighting
	others *[3]sighting // nil while there is one only
}

// sighting is that beacons came from an endpoint.
type sighting struct {
	at    netip.AddrPort
	when  time.Duration // the last of them
	since time.Duration // the first of them, without a long pause
}

// note records a beacon, in place of the oldest one from another endpoint if there are many.
func (h *heardAt) note(now time.Duration, at netip.AddrPort) {
	if h.last.at != at {
		h.setAside(at)
	}
	if h.last.at != at || now-h.last.when >= heardWithin {
		h.last.since = now
	}
	h.last.at, h.last.when = at, now
}

// setAside lets the last sighting change places with the one at this endpoint, or with the oldest one.
func (h *heardAt) setAside(at netip.AddrPort) {
	if h.last.when == 0 {
		return
	}
	if h.others == nil {
		h.others = new([3]sighting)
	}
	place := &h.others[0]
	for i := range h.others {
		o := &h.others[i]
		if o.at == at {
			place = o
			break
		}
		if o.when < place.when {
			place = o
		}
	}
	if place.at != at && place.when > h.last.when {
		return
	}
	h.last, *place = *place, h.last
}

// find returns the sighting at an endpoint, nil if there is none.
func (h *heardAt) find(at netip.AddrPort) *sighting {
	if h.last.at == at {
		return &h.last
	}
	if h.others != nil {
		for i := range h.others {
			if h.others[i].at == at {
				return &h.others[i]
			}
		}
	}
	return nil
}

// before reports whether beacons came from the endpoint before this time, and still come.
func (h *heardAt) before(now, then time.Duration, at netip.AddrPort) bool {
	s := h.find(at)
	return s != nil && s.since < then && now-s.when < heardWithin
}

// has reports whether a beacon came from the endpoint a short time ago.
func (h *heardAt) has(now time.Duration, at netip.AddrPort) bool {
	s := h.find(at)
	return s != nil && now-s.when < heardWithin
}

// Discovered handles that a gossip server tells of a node.
func (c *Core) Discovered(now time.Duration, id uuid.UUID, at endpoint.Endpoint) {
	c.now = now
	if id == c.cfg.ID || c.cfg.Shell.IsLocal(at) {
		return
	}
	if r := c.reported(id, at, true); r == nil || now >= r.next {
		c.found(now, id, at)
	}
	if p := c.peers.get(id); p != nil && p.Key() == at.Key {
		p.announced = true
	}
}

func (c *Core) found(now time.Duration, id uuid.UUID, at endpoint.Endpoint) {
	if id == c.cfg.ID || c.cfg.Shell.IsLocal(at) {
		return
	}
	if p := c.peers.get(id); p != nil {
		switch {
		case p.Key() != at.Key:
			c.log("another key is said to be that of a peer; only its HELLO can prove that",
				p, "endpoint", at, "key", at.Key)
		case p.endpoint != at && p.state != Connecting:
			// A host with several networks is heard at several addresses, so
			// another endpoint is remembered and used only when this one fails.
			// If its HELLO came, the endpoint in that is a better one.
			p.altEndpoint = at
		}
		return
	}
	if old := c.at[at.Addr]; old != nil &&
		(old.Ready() || old.proven && old.conn != nil || old.identified) {
		// It is not given up for a message without authentication. If its process is
		// gone its connections end.
		c.doubt(now, old)
		return
	}
	if c.succeed(now, id, at) == nil {
		if !c.mayDial(now, at) {
			return
		}
		c.vacate(id, at)
		if p := c.greet(now, id, at, false); p != nil {
			p.counted = at.Host()
		}
	}
}

// isForeign reports whether a HELLO names the endpoint of another peer, and comes from
// another host: every host can do that. A link to another key does not lead to the
// other peer, and one that was there and has no connection any more is gone.
func (c *Core) isForeign(conn *Conn, named endpoint.Endpoint) bool {
	old := c.at[named.Addr]
	switch {
	case old == nil || old.id == conn.id || old.Key() != conn.key:
		return false
	case old.proven && !old.Ready() && old.conn == nil:
		return false
	}
	return conn.remote.IsValid() && conn.remote != named.Host()
}

// claim handles that a node names an endpoint in its HELLO at which another peer is
// known: the process of that one is gone, and this one has the port now. If both
// connections of the other peer live, or its link goes to another key, it is only
// asked whether it is still there. A link on which nothing was answered yet proves
// nothing: it may lead to the newcomer.
func (c *Core) claim(now time.Duration, conn *Conn, named endpoint.Endpoint) {
	old := c.at[named.Addr]
	switch {
	case old == nil || old.id == conn.id || !old.Ready():
	case old.Key() != conn.key ||
		old.conn != nil && old.linkState == linkIsUp && old.lastMessage > old.linkedAt:
		c.doubt(now, old)
	default:
		c.exit(old, ReasonReplaced) // Its link may be inherited.
	}
}

// succeed makes a peer of a node that is at the endpoint of another one, which is not
// ready: the link of that one leads to the newcomer, and has to stay, as the newcomer
// might ignore a second connection. It returns nil if there is no such link.
func (c *Core) succeed(now time.Duration, id uuid.UUID, at endpoint.Endpoint) *Peer {
	old := c.at[at.Addr]
	if old == nil || old.Ready() || old.endpoint != at || old.linkState >= linkEnded ||
		old.identified {
		return nil
	}
	return c.inherit(now, old, id)
}

// inherit gives the link of a peer, which is not ready, to another node.
func (c *Core) inherit(now time.Duration, old *Peer, id uuid.UUID) *Peer {
	at := old.endpoint
	p := newPeer(now, id)
	p.static, p.greeted = old.static, old.greeted
	link, state, since := old.link, old.linkState, old.linkedAt
	c.unlink(old)
	old.link, old.static = nil, nil
	c.remove(old, ReasonReplaced)
	if p.static != nil {
		p.static.has(p)
	}
	c.setLink(p, link, at, state)
	p.linkedAt = since
	c.add(p)
	return p
}

// vacate removes a peer that is not ready and has its link to the endpoint of another.
func (c *Core) vacate(id uuid.UUID, at endpoint.Endpoint) {
	if old := c.at[at.Addr]; old != nil && old.id != id && !old.Ready() {
		c.remove(old, ReasonReplaced)
	}
}

// doubt makes a peer be asked for a sign of life with the next tick.
func (c *Core) doubt(now time.Duration, p *Peer) {
	p.lastSign = min(p.lastSign, now-c.cfg.QuietPeriod)
}

// BeaconRefused handles a datagram that is no beacon, or that of a node which does
// not belong to this network.
func (c *Core) BeaconRefused(from netip.AddrPort, cause error) {
	c.stats.BeaconsRefused++
	c.log("beacon refused", nil, "from", from, "cause", cause)
}
