package core

import (
	"time"

	"github.com/gozre/zre/internal/codec/zremsg"
)

// alive records that messages came from a ready peer.
func (c *Core) alive(now time.Duration, p *Peer, messages, octets int) {
	p.received += uint64(messages)
	p.octets += uint64(octets)
	if p.talksSince <= p.firstPing || now-p.lastMessage >= 2*c.cfg.QuietPeriod {
		p.talksSince = now
	}
	p.lastMessage, p.lastSign, p.askedAt, p.unanswered = now, now, 0, 0
	if p.evasive() {
		p.state = Ready
	}
	if p.state == Leaving {
		p.leaveBy = max(p.leaveBy, now+p.within(lastWords, 1))
	}
}

// Tick does what is due: PINGs, EVASIVE, SILENT, the end of dead peers, new
// greetings. Call it a few times in each PingRate. Deaf says that the node does
// not read at the moment, because its application does not keep up: then no peer
// is judged by what was not heard, and every peer is sent signs of life.
func (c *Core) Tick(now time.Duration, deaf bool) {
	c.now = now
	ofPeers := 0 // connections
	for _, p := range c.peers.all() {
		if p.conn != nil {
			ofPeers++
		}
		switch {
		case deaf && p.linkState == linkClosed:
		case deaf:
			c.sign(now, p, c.cfg.QuietPeriod/2)
		case !p.Ready():
			c.tickGreeting(now, p)
		case c.rests(now, p):
		default:
			c.watch(now, p)
		}
	}
	if !deaf && c.conns.len() != ofPeers { // There are others: as a rule there are none.
		c.tickConns(now)
	}
	c.tickStatic(now)
	c.tickReports(now)
	c.tickElections(now)
	forgetPaced(now, c.entersOf)
	if c.ready < c.cfg.MaxPeers*3/4 {
		c.fullTold = false
	}
}

// Hear tells that the node reads again after it was deaf for a time. That time does not
// count: what peers sent meanwhile is yet to be read.
func (c *Core) Hear(now time.Duration, deaf time.Duration) {
	shift := func(times ...*time.Duration) {
		for _, t := range times {
			if *t != 0 {
				*t = min(*t+deaf, now)
			}
		}
	}
	for _, p := range c.peers.all() {
		shift(&p.known, &p.entered, &p.lastMessage, &p.lastPart, &p.lastSign, &p.lastBeacon)
		shift(&p.firstPing, &p.askedAt, &p.talksSince, &p.lastAnswer, &p.rivalSince)
		for _, due := range []*time.Duration{&p.reconnectBy, &p.leaveBy, &p.farewell} {
			if *due != 0 {
				*due += deaf
			}
		}
		p.unanswered = 0
	}
	for conn := range c.conns.all() {
		shift(&conn.since)
	}
}

// watch judges a ready peer by its clocks and deadlines.
func (c *Core) watch(now time.Duration, p *Peer) {
	c.noteParts(now, p)
	quiet := now - max(p.lastMessage, p.lastPart)
	switch {
	case c.checkLink(now, p):
		return
	case quiet >= c.deadAfter(now, p):
		c.stats.Expired++
		c.remove(p, ReasonExpired)
		return
	case p.state == Leaving:
		if now >= p.leaveBy {
			c.endLeaving(now, p)
		}
		return
	case c.hasLeft(now, p):
		c.remove(p, ReasonGoodbye)
		return
	case p.reconnectBy != 0 && now >= p.reconnectBy:
		p.reconnectBy = 0
		c.lost(now, p)
		return
	case c.isElsewhere(now, p):
		c.restart(now, p, p.altEndpoint, ReasonMoved)
		return
	case c.isDeafTo(p):
		// The peer might be ignoring the connection: one that was used again,
		// because there was an older one when it was made; a new one, because
		// that came before the end of the old one.
		c.greetDeaf(now, p)
		return
	}
	c.tickRival(now, p)
	c.tickFarewell(now, p)
	if now-p.lastSign < c.cfg.QuietPeriod && quiet < c.silenceBeforePing(p) {
		if p.link.Owes() {
			c.sign(now, p, c.cfg.PingRate)
		} else if now-max(p.entered, p.pinged) >= c.cfg.PingRate && (p.pinged == 0 ||
			p.isReconnect && !p.answered) {
			// Once in a session, to know whether the peer hears us, and until it
			// does in one that is not the first. It is not evasive if it does not
			// answer.
			c.ping(now, p)
			p.unanswered = 0
		} else if p.answered && p.lastPart <= p.lastMessage {
			p.restFrom = now
		}
		return
	}
	if now-p.pinged >= c.pingPause(p) {
		if p.unanswered > 0 && p.state == Ready && now-p.askedAt >= p.within(0, 1) {
			p.state = Evasive
			c.deliver(p, Event{Type: EventEvasive})
		}
		c.ping(now, p)
	}
	if p.state == Evasive && quiet >= (c.cfg.QuietPeriod+c.cfg.DeadPeriod)/2 {
		p.state = Silent
		c.deliver(p, Event{Type: EventSilent})
	}
}

// rests reports whether a peer need not be looked at: nothing was due a moment ago, and nothing has
// happened since that could change that. What only the link or the connection knows, that it is
// broken or that a part of a message has come, may wait for so long. Among many idle nodes of one
// process most of the time would go into looking at them.
func (c *Core) rests(now time.Duration, p *Peer) bool {
	return now-p.restFrom < c.cfg.QuietPeriod*2/5 && p.restFrom > p.lastMessage &&
		now-p.lastSign < c.cfg.QuietPeriod && now-p.lastMessage < c.silenceBeforePing(p) &&
		p.state == Ready && p.conn != nil && p.linkState == linkIsUp && p.rival == nil &&
		p.farewell == 0 // As it has a connection, none has to come.
}

// noteParts records that a message of a peer is arriving, which may take long on a slow line. What
// the peer answers is behind it, and so are its PINGs: without a sign of life it would take us
// for dead. A peer that is about to go may do so behind it.
func (c *Core) noteParts(now time.Duration, p *Peer) {
	leaving := p.state == Leaving
	if p.conn == nil || p.inProcess || // Messages of another process only come in parts.
		!leaving && now-p.lastMessage < c.cfg.PingRate || !p.conn.shell.Arriving() {
		return
	}
	if leaving {
		p.leaveBy = max(p.leaveBy, now+p.within(lastWords, 1))
	}
	c.sign(now, p, c.cfg.QuietPeriod/2)
	p.lastPart, p.askedAt, p.unanswered = now, 0, 0
	if p.evasive() {
		p.state = Ready
	}
}

// lossyFor is how long TCP may be silent on a line that loses a tenth of all packets: so long that
// it has sent a segment nine times.
const lossyFor = 15 * time.Second

// deadAfter is how long a peer may be silent. A beacon does not say that TCP gets through, but
// that the peer is there: with a short DeadPeriod, TCP gets more time while beacons come.
func (c *Core) deadAfter(now time.Duration, p *Peer) time.Duration {
	d := c.cfg.DeadPeriod
	if p.lastBeacon != 0 && now-p.lastBeacon < min(d, beaconsMissed) {
		return max(d, lossyFor)
	}
	return d
}

// pingPause is the time between two PINGs to a peer that does not answer: an answer to the first
// one can be there by then.
func (c *Core) pingPause(p *Peer) time.Duration {
	if p.unanswered == 0 {
		return c.cfg.PingRate
	}
	return min(p.within(c.cfg.PingRate, 1), max(c.cfg.PingRate, c.cfg.DeadPeriod/4))
}

// beaconsMissed is how long no beacon of a peer comes from an address until it is not there any
// more: a few of the usual periods, as beacons are lost.
const beaconsMissed = 3 * time.Second

// isElsewhere reports whether a peer that has stopped answering is heard at another
// endpoint. A frozen process sends no beacons, so the peer has another address.
// In a secure network the endpoint of a HELLO counts as well, as it is
// authenticated, and what led to the present one is not.
func (c *Core) isElsewhere(now time.Duration, p *Peer) bool {
	if !p.altEndpoint.Addr.IsValid() || p.pinned() {
		return false
	}
	// One that is heard at both is a host with several addresses, on a bad line. That it has been
	// heard at both before says that beacons from one of them are lost, for a time: among 75 nodes
	// on a line that loses a tenth, three in a row are, every few minutes.
	patience := max(2*c.cfg.QuietPeriod, beaconsMissed)
	if p.heardAt.before(now, p.lastSign, p.altEndpoint.Addr) {
		patience = max(patience, 3*beaconsMissed)
	}
	gone := now-p.lastSign >= patience
	heard := p.evasive() && gone && now-p.lastMessage >= 2*c.cfg.QuietPeriod &&
		now-p.lastForeign < c.cfg.QuietPeriod
	named := !p.Key().IsZero() && p.altEndpoint == p.helloEndpoint && !p.identified &&
		!p.answered && p.pinged != 0 && now-p.entered >= p.within(retryAfter, 2)
	return heard || named
}

// isDeafTo reports whether a peer, in a session that is not the first, goes on sending
// messages and answers no PING.
func (c *Core) isDeafTo(p *Peer) bool {
	talks := p.firstPing != 0 && p.talksSince > p.firstPing
	return p.isReconnect && talks && !p.answered && p.newConns < maxNewConns &&
		p.lastMessage-max(p.talksSince, p.lastAnswer) >= c.patience(p)
}

// patience is how long a peer may send messages and answer none of ours. One that has
// answered on the same connection reads that: after a cut it takes TCP some time to
// retransmit, and a new connection would be ignored by some nodes as long as the old
// one is there. TCP doubles its pauses, so the last one is at most as long as the cut
// was, and that lasted at most from the last answer until the peer was heard again.
// One that answered shortly before has forgotten us meanwhile: pyre does not read a
// peer's messages after it was not able to send to it.
func (c *Core) patience(p *Peer) time.Duration {
	d := p.within(retryAfter, 2)
	if p.provenConn {
		cut := p.talksSince - p.lastAnswer
		d = min(max(2*d, cut), c.cfg.DeadPeriod*2/3)
	}
	return d << p.newConns
}

// silenceBeforePing is how long a peer that is heard only by UDP may go without a message
// until it is sent a PING, so that a dead TCP connection is found within
// DeadPeriod. One side of a pair begins, so that they do not both ask.
func (c *Core) silenceBeforePing(p *Peer) time.Duration {
	d := c.cfg.DeadPeriod / 2
	if p.isFirst {
		d += 2 * c.cfg.PingRate
	}
	return min(d, c.cfg.DeadPeriod-c.cfg.DeadPeriod/4)
}

// sign sends a peer that may be waiting for our PING-OK a PING every so often,
// which every implementation counts as a sign of life. It is not a PING-OK: that
// one says that everything before the peer's own PING was taken, which is not
// so yet.
func (c *Core) sign(now time.Duration, p *Peer, every time.Duration) {
	if now-p.pinged >= every {
		c.ping(now, p)
	}
}

func (c *Core) ping(now time.Duration, p *Peer) {
	if p.pinged = now; p.firstPing == 0 {
		p.firstPing = now
	}
	if p.askedAt == 0 {
		p.askedAt = now
	}
	if p.probe == 0 {
		p.probe = now
	}
	p.unanswered++
	p.link.Send(&zremsg.Ping{})
}

// tickGreeting looks after a peer that has not sent its HELLO, or cannot be reached.
func (c *Core) tickGreeting(now time.Duration, p *Peer) {
	c.tickRival(now, p)
	switch {
	case now-p.known >= 2*c.cfg.DeadPeriod,
		now-p.known >= c.cfg.DeadPeriod && p.hadTime(now, p.trip.smoothed):
		c.remove(p, ReasonExpired)
		if !p.proven && p.linkState != linkIsUp {
			c.failed(now, p)
		}
	case p.state == Connecting && p.linkState == linkIsUp:
		c.tickDamped(now, p)
	case p.mayRedirect(now, false):
		c.redirect(now, p)
	case p.redialAt != 0 && now >= p.redialAt:
		c.redial(now, p)
	case p.linkState == linkIsUp && (p.provenConn || p.identified) && p.lastStray <= p.greeted:
		// It answered there, or is a node of this implementation and not another one that has
		// its port now: it receives our HELLO, or closes the connection. Its own connection
		// may take its time on a line that loses much.
	case p.linkState == linkIsUp && now-p.greeted >= p.greetWait && p.hadTime(now, p.greetTrip()):
		// It does not answer there, or its answer was lost.
		p.greetWait *= 2
		to := p.endpoint
		if p.altEndpoint.Addr.IsValid() && !p.pinned() {
			to = p.altEndpoint
		}
		c.restart(now, p, to, ReasonExpired)
	}
}

// tickConns closes connections on which no HELLO comes.
func (c *Core) tickConns(now time.Duration) {
	for conn := range c.conns.all() {
		if now-conn.since < c.cfg.DeadPeriod {
			continue
		}
		if p := c.peers.get(conn.id); p == nil || p.conn != conn {
			c.closeConn(conn)
		}
	}
}

// checkLink ends the session of a peer whose link is broken. It reports whether it
// has. A link whose connection has ended may notice that before LinkDown is called.
func (c *Core) checkLink(now time.Duration, p *Peer) bool {
	switch why := p.link.Failed(); why {
	case 0:
	case ReasonFailed:
		c.linkLost(now, p)
	default:
		c.remove(p, why)
	}
	return !p.Ready()
}
