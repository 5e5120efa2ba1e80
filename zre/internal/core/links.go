package core

import "time"

// peerOf returns the peer that has the open link, nil if none has. A call for a link may still
// be on its way when that is closed; it does not count.
func (c *Core) peerOf(l Link) *Peer {
	if p := c.links[l]; p != nil && p.linkState != linkClosed {
		return p
	}
	return nil
}

// LinkUp tells that the connection of a link is established.
func (c *Core) LinkUp(now time.Duration, l Link) {
	c.now = now
	p := c.peerOf(l)
	if p == nil {
		c.staticUp(l)
		return
	}
	p.linkState, p.linkedAt, p.refused = linkIsUp, now, false
	c.changed()
	p.measureDial(now)
	c.closeEndedRival(p)
	switch {
	case p.state != Connecting:
	case p.rival != nil:
		// It has connected again while it could not be reached. What it says on
		// the new connection counts.
		c.replaceConn(p)
	case p.enterAt > now:
		// With a later tick.
	default:
		c.enter(now, p, p.hello.Groups)
		c.resume(p.conn)
	}
}

// LinkRetry tells that an attempt to connect a link has failed; there will be
// another one. Refused says that no process listens there.
func (c *Core) LinkRetry(now time.Duration, l Link, refused bool) {
	c.now = now
	p := c.peerOf(l)
	switch {
	case p == nil:
		c.staticRetry(l, refused)
		return
	case p.mayRedirect(now, true):
		c.redirect(now, p)
		return
	case refused && p.state == Greeting && p.isReconnect:
		// Its process is gone. It is greeted again when it is heard.
		c.remove(p, ReasonLost)
		return
	}
	p.refused, p.attempted = refused, now
	c.changed()
	if p.tries++; p.tries >= reportTries && p.unproven() {
		c.giveUp(now, p)
	}
}

// redirectPause is the time until a peer that does not answer at one endpoint is dialed
// at the other one. It doubles each time. The first change is made at once when an
// attempt to connect has failed. Where TCP has a connection, the handshake has more time: its
// messages may have to be sent again.
const (
	redirectPause  = time.Second
	handshakePause = 4 * time.Second
	mostRedirects  = 4 // after which it does not grow any more
)

// mayRedirect reports whether a peer that could not be reached is to be tried at
// its other endpoint: where it says that it is, or where it was heard.
func (p *Peer) mayRedirect(now time.Duration, failed bool) bool {
	if p.linkState == linkIsUp || p.pinned() || !p.altEndpoint.Addr.IsValid() {
		return false
	}
	pause := redirectPause
	if !failed && p.link.Connected() {
		pause = handshakePause
	}
	return failed && p.redirects == 0 || now-p.greeted >= pause<<min(p.redirects, mostRedirects)
}

// redirect dials a peer, whose link is not up, at its other endpoint.
func (c *Core) redirect(now time.Duration, p *Peer) {
	to, from := p.altEndpoint, p.endpoint
	p.closeLink(ReasonMoved)
	c.open(now, p, to)
	p.altEndpoint = from
	p.redirects++
}

// LinkDown tells that the connection of a link has ended. It does not come back,
// and what was in flight is lost. What the peer has sent may still arrive.
func (c *Core) LinkDown(now time.Duration, l Link) {
	c.now = now
	p := c.peerOf(l)
	if p == nil {
		c.staticDown(now, l)
		return
	}
	c.linkLost(now, p)
}

// linkLost handles that the connection of a peer's link has ended.
func (c *Core) linkLost(now time.Duration, p *Peer) {
	p.linkState = linkEnded
	switch {
	case c.parted:
	case !p.Ready():
		c.redial(now, p)
	case p.conn == nil:
		c.lost(now, p)
	case p.state != Leaving:
		reason := ReasonLost
		if p.farewell != 0 {
			reason = ReasonGoodbye
		}
		c.beginLeaving(now, p, reason)
	}
}

// redialPause is the time between two connections that are dialed to a peer because
// the one before has ended: a node that is full accepts and closes them.
const redialPause = time.Second

// closeLink closes the link of a peer, once.
func (p *Peer) closeLink(reason Reason) {
	if p.linkState != linkClosed {
		p.linkState = linkClosed
		p.link.Close(reason)
	}
}

// redial makes the link of a peer that is not ready again, now or with a later tick.
// If its HELLO has come, that still counts.
func (c *Core) redial(now time.Duration, p *Peer) {
	if p.redialAt = p.greeted + redialPause; now >= p.redialAt {
		p.closeLink(ReasonLost)
		c.open(now, p, p.endpoint)
	}
}

// beginLeaving makes a peer one that is about to go, for a reason.
func (c *Core) beginLeaving(now time.Duration, p *Peer, reason Reason) {
	p.state, p.endReason, p.leftAt = Leaving, reason, now
	p.leaveBy = now + p.within(lastWords, 1)
	c.changed()
}

// endLeaving ends a peer that was about to go.
func (c *Core) endLeaving(now time.Duration, p *Peer) {
	if p.endReason == ReasonLost {
		c.lost(now, p)
		return
	}
	c.remove(p, p.endReason)
}

// lost ends the session of a peer whose connection has ended. The peer is greeted
// again, until it turns out that it is gone.
func (c *Core) lost(now time.Duration, p *Peer) {
	c.stats.Lost++
	c.restart(now, p, p.endpoint, ReasonLost)
}
