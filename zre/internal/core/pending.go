package core

import (
	"net/netip"
	"time"

	"github.com/google/uuid"

	"github.com/gozre/zre/internal/endpoint"
)

// maxPending bounds how many nodes are greeted and have not answered. On a large
// network the others follow with their next beacon; a flood of beacons that no
// node stands behind takes no more descriptors than this.
const maxPending = 512

// maxPendingHost bounds how many of them are on one host, so that the flood of one
// host leaves room for the nodes of others.
const maxPendingHost = maxPending / 2

// unreachableAfter is how long a node that is said to be somewhere keeps its place if
// it cannot be reached and another one needs the place.
const unreachableAfter = time.Second

// silentAfter is how long it keeps its place if it can be reached and says nothing.
const silentAfter = 2 * retryAfter

// admit reports whether a newcomer may become a peer, and makes a place for it. Proven
// says that it has sent a HELLO: it gets the place of one that was only discovered.
// One that was only discovered itself gets the place of one that cannot be reached, so
// that 17 forged beacons a second do not keep all places taken.
func (c *Core) admit(id uuid.UUID, at endpoint.Endpoint, proven bool) bool {
	pending := c.peers.len() - c.ready
	full := c.peers.len() >= c.cfg.MaxPeers || pending >= maxPending
	crowded := c.pending[at.Host()] >= maxPendingHost
	switch {
	case c.ready >= c.cfg.MaxPeers:
	case proven && !full, !full && !crowded:
		return true
	case proven:
		return c.evict(func(p *Peer) bool { return !p.proven }) ||
			c.evict(func(p *Peer) bool { return true })
	default:
		place := func(p *Peer) bool { return !p.proven && (!crowded || p.pendingHost == at.Host()) }
		if c.evict(func(p *Peer) bool {
			return place(p) && p.linkState != linkIsUp && c.now-p.known >= unreachableAfter
		}) || c.evict(func(p *Peer) bool {
			return place(p) && c.now-p.known >= silentAfter
		}) {
			return true
		}
	}
	c.stats.PeersRefused++
	if c.ready >= c.cfg.MaxPeers && !c.fullTold {
		c.fullTold = true
		c.cfg.Logger.Warn("as many peers as allowed are here: others are ignored", "limit", c.cfg.MaxPeers,
			"ignored", id, "endpoint", at)
	}
	c.log("newcomer ignored: as many peers as allowed", nil,
		"peer", id, "endpoint", at, "ready", c.ready, "limit", c.cfg.MaxPeers, "pending", pending)
	return false
}

// evict removes the oldest of the pending peers for which may holds. It reports
// false if there is none.
func (c *Core) evict(may func(*Peer) bool) bool {
	var oldest *Peer
	for p := range c.waiting.all() {
		if !p.Ready() && may(p) && (oldest == nil || p.known < oldest.known) {
			oldest = p
		}
	}
	if oldest == nil {
		return false
	}
	c.remove(oldest, ReasonExpired)
	if !oldest.proven {
		c.failed(c.now, oldest)
	}
	return true
}

// await counts a peer as one that has not answered.
func (c *Core) await(p *Peer) {
	p.pendingHost = p.endpoint.Host()
	c.pending[p.pendingHost]++
	c.waiting.set(p, struct{}{})
}

// settle ends what await began. It does nothing for a peer that is not counted.
func (c *Core) settle(p *Peer) {
	if p.pendingHost == (netip.Addr{}) {
		return
	}
	if c.pending[p.pendingHost]--; c.pending[p.pendingHost] == 0 {
		delete(c.pending, p.pendingHost)
	}
	p.pendingHost = netip.Addr{}
	c.waiting.remove(p)
}
