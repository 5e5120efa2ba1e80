package core

import (
	"slices"

	"github.com/gozre/zre/internal/codec/zremsg"
)

// Join puts this node into a group and tells every peer. It reports false when
// the node is in it already.
func (c *Core) Join(group string) bool {
	if c.own.has(group) {
		return false
	}
	c.own.set(group, struct{}{})
	c.helloSize += 4 + len(group)
	c.status++
	c.tellAll(func() zremsg.Message { return &zremsg.Join{Group: group, Status: c.status} })
	c.ballots.set(group, &ballot{})
	c.standSoon(group)
	return true
}

// Leave takes this node out of a group and tells every peer. It reports false
// when the node is not in it.
func (c *Core) Leave(group string) bool {
	if !c.own.has(group) {
		return false
	}
	c.own.remove(group)
	c.helloSize -= 4 + len(group)
	c.ballots.remove(group)
	c.status++
	c.tellAll(func() zremsg.Message { return &zremsg.Leave{Group: group, Status: c.status} })
	return true
}

// Goodbye tells the peers that this node leaves, but for those that have to learn
// it from the beacon with port 0. They close their connections then, which ends no session.
func (c *Core) Goodbye() {
	c.parted = true
	for _, p := range c.peers.all() {
		if p.linkState != linkClosed && c.takesGoodbye(p) {
			p.link.Send(&zremsg.Goodbye{})
		}
	}
}

// takesGoodbye reports whether a peer may be sent a GOODBYE. gyre panics on it.
// gyre has its port in the dynamic range, no key, and only beacons can have led to it. The
// same is true of zyre and zyre.js, and often of pyre; as all of them act on the
// beacon with port 0, and on a GOODBYE only if it was found by gossip, nothing is
// lost. (pyre counts a GOODBYE as a loss of messages, and this node as gone.)
func (c *Core) takesGoodbye(p *Peer) bool {
	return !p.Key().IsZero() || c.cfg.NoBeacon || p.announced || p.static != nil ||
		p.endpoint.Addr.Port() < dynamicPort
}

// dynamicPort is the first of the dynamic ports (RFC 6335, section 6).
const dynamicPort = 49152

// tellAll sends to every peer that was sent our HELLO: what the HELLO said is
// only true together with the changes after it, so peers that are not ready are
// sent them as well.
func (c *Core) tellAll(message func() zremsg.Message) {
	c.Links(func(l Link) { l.Send(message()) })
	for _, p := range c.peers.all() {
		if p.Ready() {
			c.checkLink(c.now, p)
		}
	}
}

// OwnGroups returns the groups that this node is in, sorted.
func (c *Core) OwnGroups() []string { return slices.Sorted(slices.Values(c.own.keys)) }

// PeerGroups returns the groups that ready peers are in, sorted.
func (c *Core) PeerGroups() []string { return slices.Sorted(slices.Values(c.groups.keys)) }

// Members calls f for each ready peer in the group.
func (c *Core) Members(group string, f func(*Peer)) {
	for p := range c.groupOf(group).all() {
		f(p)
	}
}

// groupOf returns the members of a group. It is not to be changed.
func (c *Core) groupOf(group string) *members {
	if m := c.groups.get(group); m != nil {
		return m
	}
	return &members{}
}

// joined records that a peer is in a group, and tells of it when that is new.
func (c *Core) joined(p *Peer, group string) {
	if p.groups.has(group) {
		return
	}
	if p.groups.len() >= maxGroupsPerPeer {
		c.stats.Refused++
		c.log("JOIN refused: in as many groups as allowed", p, "limit", maxGroupsPerPeer)
		return
	}
	if !c.charge(p, groupCost+len(group)) {
		c.groupsRefused(p, 1)
		return
	}
	p.groups.set(group, struct{}{})
	c.hasNews()
	m := c.groups.get(group)
	if m == nil {
		m = new(members)
		c.groups.set(group, m)
	}
	m.set(p, struct{}{})
	c.deliver(p, Event{Type: EventJoin, Group: group})
	c.arrived(p, group)
}

// left records that a peer is no longer in a group, and tells of it.
func (c *Core) left(p *Peer, group string) {
	if !p.groups.has(group) {
		return
	}
	p.groups.remove(group)
	c.hasNews()
	c.drop(p, group)
	c.refund(p, groupCost+len(group))
	c.deliver(p, Event{Type: EventLeave, Group: group})
	c.departed(p, group, true)
}

// drop takes a peer out of the index of groups.
func (c *Core) drop(p *Peer, group string) {
	m := c.groups.get(group)
	m.remove(p)
	if m.len() == 0 {
		c.groups.remove(group)
	}
}
