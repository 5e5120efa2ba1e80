package core

import (
	"maps"
	"time"

	"github.com/google/uuid"

	"github.com/gozre/zre/internal/codec/zremsg"
	"github.com/gozre/zre/internal/endpoint"
)

// retryAfter is how long a peer that we greeted has to send its own HELLO
// before it is greeted again on a new link; the time doubles with each try.
const retryAfter = 3 * time.Second

// answerWithin is how long after our HELLO a HELLO counts as the answer to it:
// more than the way there and back, less than retryAfter.
const answerWithin = time.Second

// greet opens a link to a peer that is not known and sends our HELLO. It returns
// nil if there are too many peers. Proven says that the peer's HELLO came.
func (c *Core) greet(now time.Duration, id uuid.UUID, to endpoint.Endpoint, proven bool) *Peer {
	if !c.admit(id, to, proven) {
		return nil
	}
	p := newPeer(now, id)
	c.open(now, p, to)
	c.add(p)
	return p
}

// newPeer returns a peer without a link.
func newPeer(now time.Duration, id uuid.UUID) *Peer {
	return &Peer{
		id: id, known: now, lastMessage: now, lastSign: now, greetWait: retryAfter,
	}
}

// add puts a peer that has a link into the tables.
func (c *Core) add(p *Peer) {
	p.isFirst = string(p.id[:]) < string(c.cfg.ID[:])
	c.peers.set(p.id, p)
	c.await(p)
	c.hasNews()
}

// open makes the peer's link to the endpoint and sends our HELLO as its first
// message.
func (c *Core) open(now time.Duration, p *Peer, to endpoint.Endpoint) {
	c.setLink(p, c.cfg.Shell.Open(p.id, to), to, linkDialed)
	p.reusedConn, p.provenConn, p.identified, p.redialAt, p.tries = false, false, false, 0, 0
	p.attempted = now
	c.sayHello(now, p)
}

// setLink gives a peer a link, in place of the one that it has.
func (c *Core) setLink(p *Peer, l Link, to endpoint.Endpoint, state linkState) {
	c.unlink(p)
	p.link, p.endpoint, p.linkState, p.refused = l, to, state, false
	c.changed()
	c.links[l] = p
	c.at[to.Addr] = p
}

// unlink takes the peer's link out of the tables.
func (c *Core) unlink(p *Peer) {
	if p.link == nil {
		return
	}
	delete(c.links, p.link)
	if c.at[p.endpoint.Addr] == p {
		delete(c.at, p.endpoint.Addr)
	}
}

func (c *Core) sayHello(now time.Duration, p *Peer) {
	p.greeted, p.probe = now, 0
	p.firstPing, p.pinged, p.askedAt, p.unanswered, p.answered = 0, 0, 0, 0, false
	p.link.Send(c.hello(p.endpoint))
}

// hello returns our HELLO for the node at the endpoint.
func (c *Core) hello(to endpoint.Endpoint) *zremsg.Hello {
	return &zremsg.Hello{
		Endpoint: c.cfg.Shell.Local(to).WithoutZone().String(),
		Groups:   c.OwnGroups(),
		Status:   c.status,
		Name:     c.cfg.Name,
		Headers:  c.cfg.Headers,
	}
}

// restart ends the session with a peer, if there is one, and greets the peer again:
// on the connection of the link if that is up and goes to the endpoint, else on a
// new one.
func (c *Core) restart(now time.Duration, p *Peer, to endpoint.Endpoint, reason Reason) {
	reopen := p.linkState == linkIsUp && to == p.endpoint && reason != ReasonUnheard
	if !p.provenConn && (reason == ReasonExpired || p.reusedConn && !p.answered && p.pinged != 0) {
		reopen = false // The peer may be ignoring the connection.
	}
	if p.Ready() {
		p.known, p.isReconnect = now, true
		p.doubtful = !p.answered && (p.doubtful || p.firstPing != 0)
	}
	c.exit(p, reason)
	p.state = Greeting
	p.altEndpoint = endpoint.Endpoint{}
	if reopen {
		if l := c.cfg.Shell.Reopen(p.link, reason); l != nil {
			c.setLink(p, l, to, linkIsUp)
			p.reusedConn = true
			c.sayHello(now, p)
			return
		}
	}
	if reason == ReasonLost && p.linkState == linkEnded {
		p.closeLink(reason) // What was in flight is lost: a Flush from now on has to say so.
		c.redial(now, p)
		return
	}
	p.closeLink(reason)
	c.open(now, p, to)
}

// begin handles the HELLO of a peer whose session is to begin with it. The HELLO says that
// the peer has ours. But if it has answered nothing in the session before, our HELLO of that
// may still be in flight, and the peer's one be the answer to that one. If our link
// is not up yet the peer's messages wait until it is: there is no ENTER for a peer
// that cannot be reached.
func (c *Core) begin(now time.Duration, p *Peer, m *zremsg.Hello) {
	p.proven = true
	p.conn.shell.Admit()
	p.name, p.headers, p.status, p.sequence = m.Name, maps.Clone(m.Headers), m.Status, m.Sequence
	p.lastMessage, p.lastSign = now, now
	p.greetWait = retryAfter
	c.remember(p)
	if p.doubtful {
		p.link.Doubt()
	} else {
		p.link.Synced()
	}
	c.damp(now, p, len(m.Groups))
	if p.linkState == linkIsUp && p.enterAt == 0 {
		c.enter(now, p, m.Groups)
		return
	}
	hello := *m // The decoder uses m again.
	hello.Groups = c.hold(p, hello.Groups)
	p.state, p.hello = Connecting, &hello
	p.conn.waits = true
	c.changed()
}

// enter tells of a peer that is ready, and of its groups.
func (c *Core) enter(now time.Duration, p *Peer, groups []string) {
	p.state, p.hello = Ready, nil
	c.ready++
	c.settle(p)
	c.dialedWell(p)
	p.groups = table[string, struct{}]{}
	p.entered, p.enterAt = now, 0
	p.reconnectBy, p.leaveBy, p.redirects, p.farewell = 0, 0, 0, 0
	p.followed = false
	if p.conn == nil {
		p.reconnectBy = now + p.within(reconnectGrace, dialTrips+1)
	}
	p.altEndpoint = endpoint.Endpoint{}
	if p.helloEndpoint != p.endpoint {
		p.altEndpoint = p.helloEndpoint
	}
	p.pinged, p.askedAt, p.unanswered, p.answered = 0, 0, 0, false
	c.remember(p)
	ev := Event{Type: EventEnter, Endpoint: p.endpoint.String(), Headers: maps.Clone(p.headers)}
	c.deliver(p, ev)
	for _, g := range groups {
		c.joined(p, g)
	}
	c.hasNews()
	if c.probes > 0 {
		c.probe(now, p)
	}
}

// exit takes a peer out of its groups and tells of its end. The peer stays in
// the table, and the caller gives it its next state.
func (c *Core) exit(p *Peer, reason Reason) {
	p.hello = nil
	c.refund(p, p.memory)
	if !p.Ready() {
		return
	}
	p.state = Greeting
	c.hasNews()
	c.ready--
	c.await(p)
	for g := range p.groups.all() {
		c.drop(p, g)
	}
	c.log("peer left", p, "reason", reason)
	c.deliver(p, Event{Type: EventExit, Reason: reason})
	for g := range c.ballots.all() {
		c.departed(p, g, p.groups.has(g))
	}
}

// remove forgets a peer.
func (c *Core) remove(p *Peer, reason Reason) {
	c.exit(p, reason)
	c.hasNews()
	if p.link != nil {
		if p.linkState != linkClosed { // It stays as it was: callers ask how far it came.
			p.link.Close(reason)
		}
		c.unlink(p)
	}
	c.peers.remove(p.id)
	c.settle(p)
	conn, rival := p.conn, p.rival
	p.conn, p.rival = nil, nil
	if conn != nil && p.proven {
		c.closeConn(conn)
	} // Otherwise its HELLO is still to come.
	if rival != nil {
		c.closeConn(rival)
	}
	c.lostStatic(p.id)
}

// maxNewConns bounds how often a peer is greeted on a new connection because it answers
// nothing: it might hear us, and have its reasons not to answer.
const maxNewConns = 4

// greetDeaf greets a peer, which we hear and which does not hear us, on a new
// connection. What was sent to it is lost, so there is an EXIT; the peer's own session
// goes on, and its messages wait for the new link.
func (c *Core) greetDeaf(now time.Duration, p *Peer) {
	groups := p.Groups()
	newConns := p.newConns + 1
	c.restart(now, p, p.endpoint, ReasonUnheard)
	p.newConns, p.singles = newConns, 0
	p.hello = &zremsg.Hello{Groups: groups}
	p.state = Connecting
	if p.conn != nil {
		p.conn.waits = true
	}
}
