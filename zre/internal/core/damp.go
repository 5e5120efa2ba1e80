package core

import (
	"net/netip"
	"time"
)

// Sessions that begin are limited, for each peer and for each host: an ENTER costs the
// application more than a HELLO costs its sender. A peer beyond the limit is not refused.
// Its HELLO is kept, its connection is not read, and its ENTER comes when it is due.
const (
	// A peer may begin peerBurst sessions at once, and then one in each peerEvery.
	peerBurst = 8
	peerEvery = 2 * time.Second
	// The peers of one host may begin hostBurst sessions at once, and then one in each
	// hostEvery. Each groupsPerEnter groups in a HELLO count as one session more.
	hostBurst      = 512
	hostEvery      = time.Second / 32
	groupsPerEnter = 100
)

// pacer spaces things out: up to burst at once, and then one in each interval. It is the
// time at which all of them so far would have passed, one in each interval.
type pacer time.Duration

// take counts cost things, and returns how long they have to wait.
func (p *pacer) take(now, every time.Duration, burst, cost int) (wait time.Duration) {
	at := max(time.Duration(*p), now)
	wait = max(0, at+every*time.Duration(cost-burst)-now)
	*p = pacer(at + every*time.Duration(cost))
	return wait
}

// full reports whether another thing would have to wait.
func (p pacer) full(now, every time.Duration, burst int) bool {
	return time.Duration(p)-now > every*time.Duration(burst-1)
}

// damp sets when a peer whose HELLO came may enter: enterAt is 0 if at once.
func (c *Core) damp(now time.Duration, p *Peer, groups int) {
	wait := p.enters.take(now, peerEvery, peerBurst, 1)
	if p.conn != nil && p.conn.remote.IsValid() {
		host := c.entersOf[p.conn.remote]
		cost := min(1+groups/groupsPerEnter, hostBurst)
		wait = max(wait, host.take(now, hostEvery, hostBurst, cost))
		c.entersOf[p.conn.remote] = host
	}
	// Longer than this nobody waits, or a peer that waits would count as dead.
	if p.enterAt = 0; wait > 0 {
		c.stats.Damped++
		p.enterAt = now + min(wait, c.cfg.DeadPeriod/2)
		c.log("too many sessions begin: this one waits", p, "wait", p.enterAt-now)
	}
}

// tickDamped lets a peer enter that had to wait.
func (c *Core) tickDamped(now time.Duration, p *Peer) {
	if now < p.enterAt {
		return
	}
	p.enterAt = 0
	c.enter(now, p, p.hello.Groups)
	c.resume(p.conn)
}

// forgetPaced forgets hosts that have begun no session for some time.
func forgetPaced(now time.Duration, of map[netip.Addr]pacer) {
	for host, p := range of {
		if time.Duration(p) <= now {
			delete(of, host)
		}
	}
}
