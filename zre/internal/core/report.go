package core

import (
	"net/netip"
	"time"

	"github.com/google/uuid"

	"github.com/gozre/zre/internal/endpoint"
)

// Beacons and gossip are not authenticated: whoever sends one makes this node dial an
// endpoint of his choice. So a discovered endpoint is tried a few times only, not too many
// are dialed on one host, and an endpoint that did not answer is tried again after a pause.
const (
	// reportTries is how many attempts to connect a discovered endpoint gets.
	reportTries = 3
	// dialBurst discovered endpoints of one host may be dialed at once, and then one in
	// each dialEvery. Those that turn out to be nodes do not count.
	dialBurst = 64
	dialEvery = time.Second / 8
	// After reportFirst a node is tried again that could not be reached. The pause doubles
	// up to beaconMost for one that sends beacons, and up to gossipMost for one that a
	// gossip server has announced: those are not told again, and some servers keep them for
	// ever.
	reportFirst = 2 * time.Second
	beaconMost  = 3 * time.Second
	gossipMost  = 20 * time.Second
	// maxReports bounds the nodes about which a report is remembered.
	maxReports = 8192
	// reportsPerTick bounds how many are tried again with one tick.
	reportsPerTick = 32
)

// report is what was discovered about a node.
type report struct {
	at     endpoint.Endpoint
	gossip bool          // a gossip server has announced it, and will not do so again
	next   time.Duration // it is not tried before
	pause  time.Duration // after the next failure

	// What Awaited tells of it while it is not ready. The next attempts do not begin the
	// wait for it again.
	since    time.Duration // it was announced, and could not be reached; 0 before that
	beaconed bool          // a beacon has announced it
	refused  bool          // no process listened there at the last attempt
	cause    error         // why the last attempt failed, nil if that is not known
}

// reported returns what is remembered about a node at an endpoint, nil if it is not known.
func (c *Core) reported(id uuid.UUID, at endpoint.Endpoint, gossip bool) *report {
	r := c.reports.get(id)
	switch {
	case r == nil && !gossip:
		return nil
	case r == nil:
		if r = c.newReport(id); r == nil {
			return nil
		}
	}
	if r.at != at {
		r.at, r.next, r.pause, r.since = at, 0, reportFirst, 0
	}
	r.gossip = r.gossip || gossip
	return r
}

// newReport makes a report. If there are too many, the one that has failed most often makes
// room; it returns nil if none has failed.
func (c *Core) newReport(id uuid.UUID) *report {
	if c.reports.len() >= maxReports {
		var worst uuid.UUID
		pause := reportFirst
		for other, r := range c.reports.all() {
			if r.pause > pause {
				worst, pause = other, r.pause
			}
		}
		if pause == reportFirst {
			return nil
		}
		c.reports.remove(worst)
	}
	r := &report{pause: reportFirst}
	c.reports.set(id, r)
	return r
}

// mayDial reports whether a discovered endpoint may be dialed now, and counts it for its host.
// This node's own host is no third party.
func (c *Core) mayDial(now time.Duration, at endpoint.Endpoint) bool {
	host := at.Host()
	if host.IsLoopback() || host == c.cfg.Shell.Local(at).Host() {
		return true
	}
	p := c.dialsTo[host]
	if p.full(now, dialEvery, dialBurst) {
		c.stats.DialsRefused++
		c.hasNews() // There is somebody, who may connect by himself.
		return false
	}
	p.take(now, dialEvery, dialBurst, 1)
	c.dialsTo[host] = p
	return true
}

// dialedWell takes back what mayDial has counted for a peer: it was there.
func (c *Core) dialedWell(p *Peer) {
	if count, counted := c.dialsTo[p.counted]; counted {
		c.dialsTo[p.counted] = count - pacer(dialEvery)
	}
	p.counted = netip.Addr{}
}

// unproven reports whether the endpoint that a peer is dialed at is not known to be its own:
// it was only discovered, or its HELLO names the address of another host than it comes from.
func (p *Peer) unproven() bool {
	if p.static != nil || p.isReconnect {
		return false
	}
	return !p.proven || p.conn != nil && p.conn.remote.IsValid() && p.conn.remote != p.endpoint.Host()
}

// giveUp forgets a peer that could not be reached where it is said to be.
func (c *Core) giveUp(now time.Duration, p *Peer) {
	c.log("it cannot be reached where it is said to be", p, "endpoint", p.endpoint)
	c.remove(p, ReasonExpired)
	c.failed(now, p)
}

// failed sets when a node is tried again that is not a peer any more.
func (c *Core) failed(now time.Duration, p *Peer) {
	r := c.reports.get(p.id)
	if r == nil {
		if r = c.newReport(p.id); r == nil {
			return
		}
		r.at = p.endpoint
	}
	if r.since == 0 {
		r.since = p.known
	}
	r.beaconed = r.beaconed || p.beaconed
	r.refused, r.cause = p.refused, p.link.RetryCause()
	r.postpone(now)
}

// postpone sets when a node is tried again, and doubles the pause.
func (r *report) postpone(now time.Duration) {
	most := beaconMost
	if r.gossip {
		most = gossipMost
	}
	r.next, r.pause = now+min(r.pause, most), min(2*r.pause, most)
}

// Withdrawn handles that a gossip server does not tell of a node any more.
func (c *Core) Withdrawn(now time.Duration, id uuid.UUID) {
	c.now = now
	c.reports.remove(id)
}

// tickReports tries those nodes again that gossip servers have announced, and forgets those
// that only beacons have told of and that are due: their next beacon tells of them.
func (c *Core) tickReports(now time.Duration) {
	tried := 0
	for id, r := range c.reports.all() {
		switch p := c.peers.get(id); {
		case p != nil:
			if p.Ready() {
				r.next, r.pause, r.since = now+reportFirst, reportFirst, 0
			}
		case now < r.next:
		case !r.gossip:
			if now-r.next >= 2*beaconMost {
				c.reports.remove(id)
			}
		case tried < reportsPerTick:
			tried++
			if c.found(now, id, r.at); c.peers.get(id) == nil {
				r.next = now + r.pause // There was no place for it.
			}
		}
	}
	forgetPaced(now, c.dialsTo)
}
