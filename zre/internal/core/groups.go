package core

import (
	"github.com/gozre/zre/internal/codec/zremsg"
)

// Join puts this node into a group and tells every peer. It reports false when
// the node is in it already.
func (c *Core) Join(group string) bool {
	if _, in := c.own[group]; in {
		return false
	}
	c.own[group] = struct{}{}
	c.status++
	c.tellAll(func() zremsg.Message { return &zremsg.Join{Group: group, Status: c.status} })
	c.ballots[group] = &ballot{}
	c.unsettle(group)
	return true
}

// Leave takes this node out of a group and tells every peer. It reports false
// when the node is not in it.
func (c *Core) Leave(group string) bool {
	if _, in := c.own[group]; !in {
		return false
	}
	delete(c.own, group)
	delete(c.ballots, group)
	c.status++
	c.tellAll(func() zremsg.Message { return &zremsg.Leave{Group: group, Status: c.status} })
	return true
}

// Goodbye tells the peers that this node leaves, but for those that have to learn
// it from the beacon with port 0.
func (c *Core) Goodbye() {
	for _, p := range c.peers {
		if c.takesGoodbye(p) {
			p.link.Send(&zremsg.Goodbye{})
		}
	}
}

// takesGoodbye reports whether a peer may be sent a GOODBYE. gyre panics on it.
// gyre has its port in the dynamic range, no key, and only beacons can have led to it. The
// same is true of zyre and zyre.js, and often of pyre; as all of them heed the
// beacon with port 0, and none a GOODBYE unless it was found by gossip, nothing is
// lost. (pyre takes a GOODBYE for a loss, and this node for gone.)
func (c *Core) takesGoodbye(p *Peer) bool {
	return p.key != "" || c.cfg.NoBeacon || p.announced || p.static != nil || p.port() < dynamicPort
}

// dynamicPort is the first of the dynamic ports (RFC 6335, section 6).
const dynamicPort = 49152

// tellAll sends to every peer that was sent our HELLO: what the HELLO said is
// only true together with the changes after it, so peers that are not ready are
// told as well.
func (c *Core) tellAll(message func() zremsg.Message) {
	c.Links(func(l Link) { l.Send(message()) })
	for _, p := range c.peers {
		c.checkLink(p)
	}
}

// checkLink removes a peer whose link is of no use.
func (c *Core) checkLink(p *Peer) (removed bool) {
	why := p.link.Failed()
	if why != "" {
		c.remove(p, why)
	}
	return why != ""
}

// OwnGroups returns the groups that this node is in, sorted.
func (c *Core) OwnGroups() []string { return sortedKeys(c.own) }

// PeerGroups returns the groups that ready peers are in, sorted.
func (c *Core) PeerGroups() []string { return sortedKeys(c.groups) }

// Groups calls f with each group that ready peers are in and how many they are.
func (c *Core) Groups(f func(group string, members int)) {
	for g, members := range c.groups {
		f(g, len(members))
	}
}

// Members calls f for each ready peer in the group.
func (c *Core) Members(group string, f func(*Peer)) {
	for p := range c.groups[group] {
		f(p)
	}
}

// joined records that a peer is in a group, and tells of it when that is new.
func (c *Core) joined(p *Peer, group string) {
	if _, in := p.groups[group]; in {
		return
	}
	if len(p.groups) >= maxGroupsPerPeer {
		c.stats.Refused++
		c.log("JOIN refused: in as many groups as allowed", p, "limit", maxGroupsPerPeer)
		return
	}
	p.groups[group] = struct{}{}
	members := c.groups[group]
	if members == nil {
		members = make(map[*Peer]struct{})
		c.groups[group] = members
	}
	members[p] = struct{}{}
	c.epoch++
	c.deliver(p, Event{Type: EventJoin, Group: group})
	c.arrived(p, group)
}

// left records that a peer is no longer in a group, and tells of it.
func (c *Core) left(p *Peer, group string) {
	if _, in := p.groups[group]; !in {
		return
	}
	delete(p.groups, group)
	c.drop(p, group)
	c.epoch++
	c.deliver(p, Event{Type: EventLeave, Group: group})
	c.departed(p, group, true)
}

// drop takes a peer out of the index of groups.
func (c *Core) drop(p *Peer, group string) {
	delete(c.groups[group], p)
	if len(c.groups[group]) == 0 {
		delete(c.groups, group)
	}
}
