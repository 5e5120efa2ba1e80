package core

import (
	"strings"
	"time"

	"github.com/google/uuid"
)

// maxPending bounds how many nodes are greeted and have not answered. On a large
// network the others follow with their next beacon; a flood of beacons that
// nobody stands behind takes no more descriptors than this.
const maxPending = 512

// maxPendingHost bounds how many of them are on one host, so that the flood of one
// host leaves room for the nodes of others.
const maxPendingHost = maxPending / 2

// admit reports whether a newcomer may become a peer. Proven says that it has sent
// a HELLO: it takes the place of one that nothing but a beacon speaks for.
func (c *Core) admit(id uuid.UUID, endpoint string, proven bool) bool {
	pending := len(c.peers) - c.ready
	full := len(c.peers) >= c.cfg.MaxPeers || pending >= maxPending
	switch {
	case c.ready >= c.cfg.MaxPeers:
	case proven && full:
		c.evict()
		return true
	case proven, !full && c.pending[host(endpoint)] < maxPendingHost:
		return true
	}
	c.stats.PeersRefused++
	c.log("newcomer ignored: as many peers as allowed", nil,
		"peer", id, "endpoint", endpoint, "ready", c.ready, "limit", c.cfg.MaxPeers, "pending", pending)
	return false
}

// evict removes any node that has not answered.
func (c *Core) evict() {
	for _, p := range c.peers {
		if !p.ready {
			c.remove(p, ReasonExpired)
			return
		}
	}
}

// await counts a peer as one that has not answered.
func (c *Core) await(p *Peer) {
	p.awaited = host(p.endpoint)
	c.pending[p.awaited]++
}

// settle ends what await began. It does nothing for a peer that was not awaited.
func (c *Core) settle(p *Peer) {
	if p.awaited == "" {
		return
	}
	if c.pending[p.awaited]--; c.pending[p.awaited] == 0 {
		delete(c.pending, p.awaited)
	}
	p.awaited = ""
}

// host returns the address in an endpoint.
func host(endpoint string) string {
	s := strings.TrimPrefix(endpoint, "tcp://")
	return s[:max(0, strings.LastIndexByte(s, ':'))]
}

// claim removes another peer at an endpoint for a node that has sent a HELLO which
// names it: the process of the other is gone, and this one has the port now. The
// link to the other one must not stay, as it leads to this one as well. One to another
// key cannot; that peer is asked whether it is still there.
func (c *Core) claim(now time.Duration, id uuid.UUID, endpoint, key string) {
	old := c.byEndpoint(endpoint)
	switch {
	case old == nil || old.id == id:
	case old.ready && old.key != key:
		old.doubt(now - c.cfg.QuietPeriod)
	default:
		c.remove(old, ReasonReplaced)
	}
}

// hearsay weighs what a beacon or a gossip server says against the peer that is
// known at the endpoint, if there is one. It reports whether the newcomer is to be
// greeted. A peer that lives is asked for a sign of it, and not given up for what
// anybody can send.
func (c *Core) hearsay(now time.Duration, endpoint string) bool {
	old := c.byEndpoint(endpoint)
	switch {
	case old == nil:
		return true
	case old.ready && (old.key != "" || !old.evasive && old.leaving == 0):
		old.doubt(now - c.cfg.QuietPeriod)
		return false
	}
	c.remove(old, ReasonReplaced)
	return true
}
