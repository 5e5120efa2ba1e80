package core

import (
	"net/netip"
	"time"

	"github.com/gozre/zre/internal/curve"
	"github.com/gozre/zre/internal/endpoint"
)

// A UUID stands for one node. When two nodes have the same one, each of the others can talk to
// one of them only, so the log says so.

// ownTwice is what was heard of another node that has our UUID.
type ownTwice struct {
	heard int // beacons from an endpoint that is not ours
	told  bool
}

// ownTwiceBeacons is how many beacons it takes: after a change of addresses one of our own
// beacons may come from an address that the host has just lost or is about to be known.
const ownTwiceBeacons = 4

// ownBeacon handles a beacon with our own UUID. Our own ones come back, too.
func (c *Core) ownBeacon(from netip.Addr, port uint16, key curve.Key) {
	if at := endpoint.At(from, port, key); port == 0 || c.cfg.Shell.IsLocal(at) {
		return
	}
	if c.twice.heard++; c.twice.heard >= ownTwiceBeacons {
		c.tellOwnTwice("endpoint", endpoint.At(from, port, curve.Key{}))
	}
}

func (c *Core) tellOwnTwice(args ...any) {
	if c.twice.told {
		return
	}
	c.twice.told = true
	c.cfg.Logger.Warn("another node has the UUID of this one: they do not hear each other, and others hear one of them",
		append([]any{"uuid", c.cfg.ID}, args...)...)
}

// tellTwice tells, once for a peer, that another node claims its UUID while it lives.
func (c *Core) tellTwice(now time.Duration, p *Peer) {
	if p.toldTwice || !p.Ready() || now-p.rivalSince < rivalPatience || p.lastMessage <= p.rivalSince {
		return
	}
	p.toldTwice = true
	c.cfg.Logger.Warn("two nodes have one UUID: the second one is left out while the first one lives",
		"peer", p.id, "name", p.name, "first", p.conn.remote, "second", p.rival.remote)
}
