package core

import (
	"time"

	"github.com/google/uuid"

	"github.com/gozre/zre/internal/codec/zremsg"
)

// alive moves both clocks of a peer: a message came.
func (p *Peer) alive(now time.Duration) {
	p.heard, p.noticed = now, now
	p.waiting, p.evasive, p.silent = 0, false, false
	if p.key != "" {
		p.leaving = 0 // It does not leave, or else its port will be found closed.
	}
}

// doubt has a peer asked for a sign of life, as one that was noticed at the given time
// for the last time.
func (p *Peer) doubt(at time.Duration) { p.noticed = min(p.noticed, at) }

// Tick does what is due: PINGs, EVASIVE, SILENT, the end of dead peers, new
// greetings. Call it a few times in each PingRate. Deaf says that the node does
// not read at the moment, because its application does not keep up: then nobody
// is judged by what was not heard, and every peer is sent signs of life.
func (c *Core) Tick(now time.Duration, deaf bool) {
	c.now = now
	for _, p := range c.peers {
		switch {
		case deaf:
			c.sign(now, p, c.cfg.QuietPeriod/2)
		case !p.ready:
			c.wait(now, p)
		default:
			c.watch(now, p)
		}
	}
	c.tickStatic(now)
	c.tickElections(now)
}

// Hear tells that the node reads again after it was deaf for a time, which does
// not count: what peers said meanwhile is yet to be read.
func (c *Core) Hear(now time.Duration, deaf time.Duration) {
	shift := func(t *time.Duration) { *t = min(*t+deaf, now) }
	for _, p := range c.peers {
		shift(&p.heard)
		shift(&p.noticed)
		shift(&p.since)
		shift(&p.entered)
		p.waiting = 0
	}
}

// watch judges a ready peer by its two clocks.
func (c *Core) watch(now time.Duration, p *Peer) {
	heard, noticed := now-p.heard, now-p.noticed
	switch {
	case c.checkLink(p):
		return
	case heard >= c.cfg.DeadPeriod:
		c.stats.Expired++
		c.remove(p, ReasonExpired)
		return
	case p.leaving != 0 && heard >= leaveGrace && now-p.leaving >= leaveGrace:
		if p.key == "" {
			c.remove(p, ReasonGoodbye)
			return
		}
		c.cfg.Shell.Probe(p.id, p.endpoint, p.link)
	case p.evasive && p.other != "" && heard >= 2*c.cfg.QuietPeriod && now-p.strayed < c.cfg.QuietPeriod:
		// A frozen process sends no beacons, so this one has another address.
		c.regreet(now, p, p.other, ReasonMoved)
		return
	case p.key != "" && p.static == nil && p.told != p.endpoint && !p.answered && p.pinged != 0 && now-p.entered >= retryAfter:
		// What led to its endpoint is hearsay; where it says itself that it is, is proven.
		c.regreet(now, p, p.told, ReasonMoved)
		return
	case p.again && !p.answered && p.hails < maxHails && p.pinged != 0 && now-p.entered >= retryAfter<<p.hails:
		// The peer might be ignoring the connection: one that was kept, because
		// there was an older one when it was made; a new one, because that
		// came before the end of the old one.
		c.hail(now, p)
		return
	}
	if noticed < c.cfg.QuietPeriod && heard < c.unheard(p) {
		if p.link.Owes() {
			c.sign(now, p, c.cfg.PingRate)
		} else if p.pinged == 0 && now-p.entered >= c.cfg.PingRate {
			// Once in a session, to know whether the peer hears us; nothing
			// follows when it is quiet about it.
			c.ping(now, p)
			p.waiting = 0
		}
		return
	}
	if now-p.pinged >= c.cfg.PingRate {
		if p.waiting > 0 && !p.evasive {
			p.evasive = true
			c.deliver(p, Event{Type: EventEvasive})
		}
		c.ping(now, p)
		if p.evasive {
			c.cfg.Shell.Probe(p.id, p.endpoint, p.link)
		}
	}
	if p.evasive && !p.silent && heard >= (c.cfg.QuietPeriod+c.cfg.DeadPeriod)/2 {
		p.silent = true
		c.deliver(p, Event{Type: EventSilent})
	}
}

// Unheard tells that nobody listens at the endpoint of a peer that is evasive, or said
// to leave. Its process is gone, so that there is nothing to wait for; a frozen one
// still has its port.
func (c *Core) Unheard(id uuid.UUID, endpoint string) {
	switch p := c.peers[id]; {
	case p == nil || !p.ready || p.endpoint != endpoint:
	case p.leaving != 0:
		c.remove(p, ReasonGoodbye)
	case p.evasive:
		c.remove(p, ReasonRefused)
	}
}

// unheard is how long a peer that is heard only by UDP may go without a message
// until it is sent a PING, so that a dead TCP connection is found within
// DeadPeriod. One side of a pair begins, so that they do not both ask.
func (c *Core) unheard(p *Peer) time.Duration {
	d := c.cfg.DeadPeriod / 2
	if string(c.cfg.ID[:]) > string(p.id[:]) {
		d += 2 * c.cfg.PingRate
	}
	return min(d, c.cfg.DeadPeriod-c.cfg.DeadPeriod/4)
}

// sign sends a peer that may be waiting for our PING-OK a PING every so often,
// which every implementation takes for a sign of life. It is not a PING-OK: that
// one says that everything before the peer's own PING was taken in, which is not
// so yet.
func (c *Core) sign(now time.Duration, p *Peer, every time.Duration) {
	if now-p.pinged >= every {
		c.ping(now, p)
	}
}

func (c *Core) ping(now time.Duration, p *Peer) {
	p.pinged = now
	p.waiting++
	p.link.Send(&zremsg.Ping{})
}

// wait looks after a peer that has not sent its HELLO.
func (c *Core) wait(now time.Duration, p *Peer) {
	switch {
	case now-p.since >= c.cfg.DeadPeriod:
		c.remove(p, ReasonExpired)
	case now-p.greeted >= p.retry:
		p.retry *= 2
		endpoint := p.endpoint
		if p.other != "" {
			endpoint = p.other
		}
		c.regreet(now, p, endpoint, ReasonExpired)
	}
}
