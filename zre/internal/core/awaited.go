package core

import (
	"net/netip"
	"time"

	"github.com/google/uuid"

	"github.com/gozre/zre/internal/endpoint"
)

// Await is what is still missing of a node that has announced itself.
type Await uint8

// What may be missing.
const (
	AwaitLink   Await = iota // the connection to it
	AwaitHello               // its HELLO; the connection to it is up
	AwaitAnswer              // it is ready; the PING-OK to the first PING of the session
	AwaitExit                // it is leaving; its last messages
)

var awaitNames = [...]string{"connection", "HELLO", "PING-OK", "its end"}

// String names what is missing.
func (a Await) String() string { return awaitNames[a] }

// Awaited is a node that has announced itself, of which something is missing until this
// node knows whether it is there and which groups it is in.
type Awaited struct {
	Await Await
	ID    uuid.UUID // uuid.Nil if it is not known: a configured endpoint
	Name  string    // from its HELLO, "" before
	// HostPort is where a configured node is whose host has a name, "" for any other.
	HostPort string
	// Endpoint is where the link goes, zero if there is none.
	Endpoint endpoint.Endpoint
	// Remote is where its connection comes from; not valid if there is none.
	Remote netip.Addr
	Cause  error // why the last attempt to connect failed, nil if none did
	// Since is when this began: it was announced, or its session began or ended.
	Since time.Duration
	// Refused says that at the last attempt no process listened at the endpoint, or that
	// the name of the host has no address.
	Refused bool
	// OnlyGossip says that only gossip servers have announced it, and nothing has come from
	// the node itself.
	OnlyGossip bool
}

// Awaited returns the nodes that have announced themselves, by a beacon, a gossip server,
// the configuration or a connection, and are not ready; those that are and have not
// answered the PING of Probe; and those that are about to go. The order depends on the
// calls made before only.
func (c *Core) Awaited() []Awaited {
	var all []Awaited
	for _, p := range c.peers.all() {
		if a, awaited := c.awaited(p); awaited {
			all = append(all, a)
		}
	}
	for id, r := range c.reports.all() {
		if r.since != 0 && c.peers.get(id) == nil {
			all = append(all, Awaited{
				ID: id, Endpoint: r.at, Since: r.since, Cause: r.cause,
				Refused: r.refused, OnlyGossip: !r.beaconed,
			})
		}
	}
	for _, s := range c.static {
		if s.peer != uuid.Nil || s.endpoint.Addr.IsValid() && s.link == nil && s.next == 0 {
			continue // It is there, or it is this node itself.
		}
		a := Awaited{
			HostPort: s.hostPort, Endpoint: s.endpoint, Since: s.since,
			Refused: s.refused || s.unresolved != nil, Cause: s.unresolved,
		}
		if s.link != nil {
			a.Cause = s.link.RetryCause()
		}
		if s.state == linkIsUp {
			a.Await = AwaitHello
		}
		all = append(all, a)
	}
	for conn := range c.conns.all() {
		if c.peers.get(conn.id) == nil {
			all = append(all, Awaited{
				Await: AwaitHello, ID: conn.id, Remote: conn.remote, Since: conn.since,
			})
		}
	}
	return all
}

// awaited reports whether something is missing of a peer.
func (c *Core) awaited(p *Peer) (a Awaited, missing bool) {
	a = Awaited{ID: p.id, Name: p.name, Endpoint: p.endpoint, Since: p.known}
	switch {
	case p.state == Leaving:
		a.Await, a.Since = AwaitExit, p.leftAt
	case p.Ready() && p.farewell != 0:
		a.Await, a.Since = AwaitExit, p.farewell
	case p.Ready():
		a.Await, a.Since = AwaitAnswer, max(p.entered, p.firstPing)
		return a, p.firstPing != 0 && !p.answered
	case p.linkState == linkIsUp:
		a.Await = AwaitHello
	default:
		a.Refused, a.Cause = p.refused, p.link.RetryCause()
		a.OnlyGossip = p.announced && !p.beaconed && !p.proven && p.conn == nil
	}
	if r := c.reports.get(p.id); r != nil && r.since != 0 && !p.Ready() {
		// It was not reached before, and is tried again.
		a.Since, a.Refused = r.since, a.Refused || a.Await == AwaitLink && r.refused
		a.OnlyGossip = a.OnlyGossip && !r.beaconed
		if a.Cause == nil {
			a.Cause = r.cause
		}
	}
	if p.conn != nil {
		a.Remote = p.conn.remote
	}
	return a, true
}

// newFor is how long a node is new that has announced itself and is not ready. One that is
// still not ready then is not helped by announcements of this one.
const newFor = 3 * time.Second

// Knows reports whether a node is a peer or is being greeted.
func (c *Core) Knows(id uuid.UUID) bool { return c.peers.get(id) != nil }

// IsNew reports whether a node has announced itself a short time ago and is not ready.
func (c *Core) IsNew(now time.Duration, id uuid.UUID) bool {
	return c.isNew(now, c.peers.get(id))
}

func (c *Core) isNew(now time.Duration, p *Peer) bool {
	if p == nil || p.Ready() || now-p.known >= newFor {
		return false
	}
	r := c.reports.get(p.id)
	return r == nil || r.since == 0 // else it was new, and could not be reached
}

// Probe makes every ready peer be sent a PING that has not answered one in its session,
// and until further notice every peer that becomes ready. When the PING-OK comes this
// node knows all the groups that the peer was in when it received the PING. Each call with
// true is ended by one with false.
func (c *Core) Probe(now time.Duration, on bool) {
	c.now = now
	if !on {
		c.probes--
		return
	}
	if c.probes++; c.probes > 1 {
		return
	}
	for _, p := range c.peers.all() {
		if p.Ready() {
			c.probe(now, p)
		}
	}
}

// probe sends a PING to a peer that was sent none in its session.
func (c *Core) probe(now time.Duration, p *Peer) {
	if !p.answered && p.firstPing == 0 {
		c.ping(now, p)
	}
}

// News returns a number that changes with what Awaited returns and with the members of
// groups, and when a node was last announced, became ready, left or changed its groups.
func (c *Core) News() (count uint64, last time.Duration) { return c.changes, c.newsAt }

// changed records that what Awaited returns has changed.
func (c *Core) changed() { c.changes++ }

// hasNews records that a node was announced, became ready, left or changed its groups.
func (c *Core) hasNews() {
	c.changes++
	c.newsAt = c.now
}
