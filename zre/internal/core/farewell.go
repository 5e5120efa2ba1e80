package core

import "time"

// A beacon with port 0 says that a node leaves. Anybody can send one, so it ends no session by
// itself: the peer is asked with a PING. It is gone when its connection ends, or when it sends
// nothing any more.

// farewellPatience is how long a peer that is said to leave has to send a message, after a
// PING.
const farewellPatience = 2 * time.Second

// announcedLeave handles that a peer is said to leave.
func (c *Core) announcedLeave(now time.Duration, p *Peer) {
	switch {
	case p.state == Connecting:
		// Its HELLO came, so it is there; if it goes, its connection ends.
	case !p.Ready() && !p.Key().IsZero():
		// What a beacon began a beacon cannot end.
	case !p.Ready():
		c.remove(p, ReasonGoodbye)
	case p.state == Leaving:
		p.endReason = ReasonGoodbye
	case p.conn == nil:
		c.remove(p, ReasonGoodbye)
	case p.farewell == 0:
		p.farewell = now
		c.changed()
		c.tickFarewell(now, p)
	}
}

// tickFarewell asks a peer that is said to leave for a sign of life.
func (c *Core) tickFarewell(now time.Duration, p *Peer) {
	if p.farewell != 0 && (p.pinged < p.farewell || p.askedAt == 0) && now-p.pinged >= c.cfg.PingRate/2 {
		c.ping(now, p)
	}
}

// hasLeft reports whether a peer that is said to leave has not answered.
func (c *Core) hasLeft(now time.Duration, p *Peer) bool {
	return p.farewell != 0 && p.askedAt != 0 && p.pinged >= p.farewell &&
		now-max(p.farewell, p.askedAt) >= p.within(farewellPatience, 1)
}

// stays notes that a peer answers, though it is said to leave. An answer that was in flight
// when it was said so does not count.
func (c *Core) stays(now time.Duration, p *Peer) {
	if p.farewell != 0 && p.pinged >= p.farewell && now-p.farewell >= lastWords {
		p.farewell = 0
		c.changed()
	}
}
