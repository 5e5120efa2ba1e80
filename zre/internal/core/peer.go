package core

import (
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/gozre/zre/internal/codec/zremsg"
)

// retryAfter is how long a peer that we greeted has to send its own HELLO
// before it is greeted again on a new link; the time doubles with each try.
const retryAfter = 3 * time.Second

// answerWithin is how long after our HELLO a HELLO is taken for the answer to it:
// more than the way there and back, less than retryAfter.
const answerWithin = time.Second

// leaveGrace is how long after the last message a peer that announced its leave
// by UDP is kept: its last messages may still be on the way over TCP.
const leaveGrace = 500 * time.Millisecond

// maxGroupsPerPeer bounds what a peer can make this node remember.
const maxGroupsPerPeer = 10_000

// Peer is another node.
type Peer struct {
	id       uuid.UUID
	key      string // its public key, "" in a plain network
	proven   bool   // its HELLO came: the UUID is its own until it is forgotten
	endpoint string // where the link goes
	told     string // the endpoint in its last HELLO
	other    string // another endpoint it is said to be at, "" if none
	link     Link
	static   *staticPeer // set when the link was opened for a configured endpoint

	awaited   string // the host it is counted at as one that has not answered
	announced bool   // a gossip server told of it
	ascii     bool   // the first octet of its identity is not 1, as with haskell-zre
	votes     bool   // it has sent ELECT or LEADER
	asked     int    // elections that it was asked in and did not vote in

	ready   bool // its HELLO came, ENTER was told
	name    string
	headers map[string]string
	groups  map[string]struct{}
	status  uint8
	last    uint16 // sequence of its last message

	greeted  time.Duration // when our HELLO was sent
	retry    time.Duration // how long to wait for its HELLO
	since    time.Duration // when it became known, for the dead period before its first message
	entered  time.Duration // when the session began
	heard    time.Duration // last message over TCP
	noticed  time.Duration // last message, or beacon from its endpoint
	strayed  time.Duration // last beacon from another endpoint
	pinged   time.Duration // last PING sent
	waiting  int           // PINGs since the last message from it
	answered bool          // it has answered a PING in this session
	kept     bool          // the session began on the connection of the one before
	again    bool          // the session followed on another one
	hails    int           // new connections since the last answer, for want of one
	evasive  bool          // EVASIVE was told in this episode
	silent   bool          // SILENT was told in this episode
	leaving  time.Duration // when it announced its leave by UDP, 0 if it did not
	received uint64        // messages
	octets   uint64
}

// ID returns the peer's UUID.
func (p *Peer) ID() uuid.UUID { return p.id }

// Name returns the name from its HELLO.
func (p *Peer) Name() string { return p.name }

// Key returns the peer's public key, "" in a plain network.
func (p *Peer) Key() string { return p.key }

// Endpoint returns where the peer is reached.
func (p *Peer) Endpoint() string { return p.endpoint }

// Headers returns a copy of the headers from its HELLO.
func (p *Peer) Headers() map[string]string { return maps.Clone(p.headers) }

// Link returns the link to the peer.
func (p *Peer) Link() Link { return p.link }

// Evasive reports whether the peer leaves PINGs unanswered.
func (p *Peer) Evasive() bool { return p.evasive }

// Received returns how many messages and octets came from the peer.
func (p *Peer) Received() (messages, octets uint64) { return p.received, p.octets }

// Groups returns the groups that the peer is in, sorted.
func (p *Peer) Groups() []string { return sortedKeys(p.groups) }

// Peers calls f for each ready peer.
func (c *Core) Peers(f func(*Peer)) {
	for _, p := range c.peers {
		if p.ready {
			f(p)
		}
	}
}

// Links calls f for every open link, of peers that are not ready as well.
func (c *Core) Links(f func(Link)) {
	for _, p := range c.peers {
		f(p.link)
	}
	for _, s := range c.static {
		if s.link != nil {
			f(s.link)
		}
	}
}

// Peer returns a ready peer, nil if there is none with this UUID.
func (c *Core) Peer(id uuid.UUID) *Peer {
	if p := c.peers[id]; p != nil && p.ready {
		return p
	}
	return nil
}

// greet opens a link to a peer that is not known and sends our HELLO.
func (c *Core) greet(now time.Duration, id uuid.UUID, endpoint, key string, proven bool) *Peer {
	if !c.admit(id, endpoint, proven) {
		return nil
	}
	p := &Peer{
		id: id, key: key, endpoint: endpoint,
		groups: make(map[string]struct{}),
		since:  now, heard: now, noticed: now,
		retry: retryAfter,
	}
	if !c.open(now, p, "") {
		return nil
	}
	c.peers[id] = p
	c.await(p)
	return p
}

// open makes the peer's link and sends our HELLO as its first message. With a
// reason to end the link that it has, the new one follows on that.
func (c *Core) open(now time.Duration, p *Peer, reason string) bool {
	var link Link
	var err error
	if reason == "" {
		link, err = c.cfg.Shell.Open(p.id, p.endpoint, p.key)
	} else {
		link, err = c.cfg.Shell.Reopen(p.link, p.id, p.endpoint, p.key, reason)
	}
	if err != nil {
		c.log("no link to peer", p, "endpoint", p.endpoint, "error", err)
		return false
	}
	p.link, p.greeted = link, now
	link.Send(c.hello(p.endpoint))
	return true
}

// hello returns our HELLO as told to the node at the endpoint.
func (c *Core) hello(endpoint string) *zremsg.Hello {
	return &zremsg.Hello{
		Endpoint: c.cfg.Shell.Local(endpoint),
		Groups:   c.OwnGroups(),
		Status:   c.status,
		Name:     c.cfg.Name,
		Headers:  c.cfg.Headers,
	}
}

// enter makes a peer ready by its HELLO.
func (c *Core) enter(now time.Duration, p *Peer, m *zremsg.Hello) {
	p.name, p.proven = m.Name, true
	p.headers = maps.Clone(m.Headers)
	p.status = m.Status
	p.last = m.Sequence
	p.told, p.leaving = m.Endpoint, 0
	p.heard, p.noticed = now, now
	p.retry = retryAfter
	c.begin(now, p, m.Groups)
}

// begin tells of a peer that is ready, and of its groups.
func (c *Core) begin(now time.Duration, p *Peer, groups []string) {
	p.ready = true
	c.ready++
	c.settle(p)
	p.groups = make(map[string]struct{}, len(groups))
	p.entered = now
	p.other = ""
	if p.told != p.endpoint {
		p.other = p.told
	}
	p.pinged, p.waiting, p.answered, p.evasive, p.silent = 0, 0, false, false, false
	c.epoch++
	c.deliver(p, Event{Type: EventEnter, Endpoint: p.endpoint, Headers: maps.Clone(p.headers)})
	for _, g := range groups {
		c.joined(p, g)
	}
}

// maxHails bounds how often a peer is hailed: it might hear us, and have its reasons
// to be quiet.
const maxHails = 2

// hail greets a peer that we hear and that does not hear us on a new connection.
// What was sent to it is lost, so that the application is told of an end; the
// peer's own session goes on.
func (c *Core) hail(now time.Duration, p *Peer) {
	p.hails++
	groups := p.Groups()
	if p = c.regreet(now, p, p.endpoint, ReasonUnheard); p != nil {
		c.begin(now, p, groups)
	}
}

// exit takes a peer out of its groups and tells of its end. The peer stays in
// the table, not ready.
func (c *Core) exit(p *Peer, reason string) {
	if !p.ready {
		return
	}
	p.ready = false
	c.ready--
	c.await(p)
	for g := range p.groups {
		c.drop(p, g)
	}
	c.epoch++
	c.log("peer left", p, "reason", reason)
	c.deliver(p, Event{Type: EventExit, Reason: reason})
	for g := range c.ballots {
		_, member := p.groups[g]
		c.departed(p, g, member)
	}
}

// remove forgets a peer.
func (c *Core) remove(p *Peer, reason string) {
	c.exit(p, reason)
	p.link.Close(reason)
	c.forget(p)
	if p.static != nil {
		p.static.lost()
	}
}

// forget takes a peer out of the table.
func (c *Core) forget(p *Peer) {
	delete(c.peers, p.id)
	c.settle(p)
	if c.last == p {
		c.last = nil
	}
}

// find returns the peer with this UUID, nil if there is none. Messages of one
// peer come in a row, so the last one found is tried first.
func (c *Core) find(id uuid.UUID) *Peer {
	if c.last != nil && c.last.id == id {
		return c.last
	}
	p := c.peers[id]
	if p != nil {
		c.last = p
	}
	return p
}

// deliver fills in who the event is about.
func (c *Core) deliver(p *Peer, ev Event) {
	ev.Peer, ev.Name = p.id, p.name
	c.cfg.Shell.Deliver(p.link, &ev)
}

func sortedKeys[V any](m map[string]V) []string {
	return slices.Sorted(maps.Keys(m))
}
