package core

import (
	"maps"
	"net/netip"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/gozre/zre/internal/codec/zremsg"
	"github.com/gozre/zre/internal/curve"
	"github.com/gozre/zre/internal/endpoint"
)

// State is where a peer stands; see the drawing in the package's documentation.
type State uint8

// The states.
const (
	Greeting   State = iota // our HELLO was sent or is queued; its HELLO has not come
	Connecting              // its HELLO came; our link is not up
	Ready                   // the session runs
	Evasive                 // it leaves a PING unanswered
	Silent                  // it has left PINGs unanswered for long
	Leaving                 // it is about to go; its last messages may still arrive
)

var stateNames = [...]string{"greeting", "connecting", "ready", "evasive", "silent", "leaving"}

// String returns the name of the state.
func (s State) String() string { return stateNames[s] }

// linkState is how far the connection of a link is. It never comes back.
type linkState uint8

const (
	linkDialed linkState = iota
	linkIsUp
	linkEnded
	linkClosed // it has ended, and the peer is dialed again a moment later
)

// Peer is another node. Among hundreds of peers its size counts: small fields stand together.
type Peer struct {
	// What every tick looks at, in one line of the processor's cache; for many idle peers the time
	// goes into fetching it from memory.

	state       State
	linkState   linkState
	beaconed    bool          // a beacon has announced it
	inProcess   bool          // conn comes from this process
	isFirst     bool          // by UUID, of it and this node
	conn        *Conn         // what its messages come on, nil while there is none
	rival       *Conn         // another one with its identity, that waits
	restFrom    time.Duration // there was nothing to do for it; see Core.rests
	lastMessage time.Duration // a message came
	lastSign    time.Duration // a message, or a beacon from its endpoint
	farewell    time.Duration // it is said to leave since then, 0 if it is not

	// What every beacon looks at, too.

	lastBeacon time.Duration     // from any endpoint
	endpoint   endpoint.Endpoint // where the link goes
	heardAt    heardAt

	// Where it is, and the connections.

	id          uuid.UUID
	reconnectBy time.Duration // its connection ended: a new one has to come by then; 0 if not

	helloEndpoint endpoint.Endpoint // in its last HELLO
	altEndpoint   endpoint.Endpoint // another one that it is said to be at, zero if none
	link          Link
	static        *staticPeer
	pendingHost   netip.Addr // the host it is counted at in Core.pending
	counted       netip.Addr // the host it is counted at in Core.dialsTo
	redirects     int32      // times that it was dialed at its other endpoint
	tries         int32      // attempts to connect the link that have failed
	identified    bool       // the handshake of the link's connection says that it leads there
	refused       bool       // no process listened at the last attempt to connect the link
	followed      bool       // it was dialed where its HELLO said; see handleHello

	// What it is known to be, until it is forgotten.

	proven    bool  // its HELLO came: the UUID belongs to its key
	announced bool  // a gossip server has announced it
	asciiID   bool  // the first octet of its identity is not 1, as with haskell-zre
	votes     bool  // it has sent ELECT or LEADER
	toldTwice bool  // the log says that another node claims its UUID
	version   byte  // of the protocol in its messages, if it is another one; else 0
	asked     uint8 // elections that it was asked in and did not vote in, up to maxAsked

	// Of the session.

	status      uint8
	answered    bool          // it has answered a PING of this session
	reusedConn  bool          // the session began on the connection of the one before
	provenConn  bool          // a PING was answered on the link's connection, in any session
	doubtful    bool          // its HELLO may be the answer to one of an earlier session; see begin
	isReconnect bool          // it is not the first one with this peer
	endReason   Reason        // in Leaving: what EXIT will say
	newConns    uint8         // connections made since the last answer because none came
	sequence    uint16        // of its last message
	singles     uint32        // PING-OKs since the last new connection, each with a pause before it
	unanswered  uint32        // PINGs since the last message from it
	hello       *zremsg.Hello // in Connecting: what is to be entered with
	name        string
	headers     map[string]string
	groups      table[string, struct{}]
	received    uint64 // messages
	octets      uint64
	memory      int // what it makes this node remember, in octets

	// When something happened last.

	known       time.Duration // it became known, or its last session ended
	entered     time.Duration // the session began
	greeted     time.Duration // our HELLO was sent
	attempted   time.Duration // the attempt to connect the link began
	linkedAt    time.Duration // the link came up
	leftAt      time.Duration // in Leaving: that began
	lastPart    time.Duration // a part of one came that is not whole yet
	lastForeign time.Duration // a beacon from another endpoint
	lastStray   time.Duration // a message that belongs to no session
	firstPing   time.Duration // the first PING of the session was sent, 0 if none was
	talksSince  time.Duration // it sends messages without a long pause since then
	lastAnswer  time.Duration // a PING-OK came, maybe of an earlier session
	pinged      time.Duration // a PING was sent, 0 if none was in this session
	askedAt     time.Duration // the first PING since the last message was sent, 0 if none was

	enters   pacer // its sessions
	trip     roundTrip
	dialTrip roundTrip     // of the link's own dial alone
	probe    time.Duration // a PING was sent then, whose answer is measured; 0 if none is

	// When something is due; 0 if it is not.

	enterAt    time.Duration // in Connecting: not before, as too many sessions begin
	greetWait  time.Duration // pause before it is greeted again
	redialAt   time.Duration // its link has ended: another one is dialed then
	leaveBy    time.Duration // in Leaving: the session ends then, if no message comes
	rivalSince time.Duration // the rival waits since then
}

// ID returns the peer's UUID.
func (p *Peer) ID() uuid.UUID { return p.id }

// Name returns the name from its HELLO.
func (p *Peer) Name() string { return p.name }

// Key returns the peer's public key, zero in a plain network.
func (p *Peer) Key() curve.Key { return p.endpoint.Key }

// Endpoint returns where the peer is reached.
func (p *Peer) Endpoint() endpoint.Endpoint { return p.endpoint }

// Headers returns a copy of the headers from its HELLO.
func (p *Peer) Headers() map[string]string { return maps.Clone(p.headers) }

// Link returns the link to the peer.
func (p *Peer) Link() Link { return p.link }

// State returns the peer's state.
func (p *Peer) State() State { return p.state }

// Ready reports whether the application knows the peer: there was an ENTER, and no
// EXIT since.
func (p *Peer) Ready() bool { return p.state >= Ready }

// evasive reports whether PINGs to the peer are unanswered.
func (p *Peer) evasive() bool { return p.state == Evasive || p.state == Silent }

// Received returns how many messages and octets came from the peer.
func (p *Peer) Received() (messages, octets uint64) { return p.received, p.octets }

// LastMessage returns when the last message came from the peer, in the time of the core.
func (p *Peer) LastMessage() time.Duration { return p.lastMessage }

// Groups returns the groups that the peer is in, sorted.
func (p *Peer) Groups() []string { return slices.Sorted(slices.Values(p.groups.keys)) }

// Peers calls f for each ready peer.
func (c *Core) Peers(f func(*Peer)) {
	for _, p := range c.peers.all() {
		if p.Ready() {
			f(p)
		}
	}
}

// Ready returns how many peers are ready.
func (c *Core) Ready() int { return c.ready }

// Links calls f for every open link, of peers that are not ready as well.
func (c *Core) Links(f func(Link)) {
	for _, p := range c.peers.all() {
		if p.linkState != linkClosed {
			f(p.link)
		}
	}
	for _, s := range c.static {
		if s.link != nil {
			f(s.link)
		}
	}
}

// Peer returns a ready peer, nil if there is none with this UUID.
func (c *Core) Peer(id uuid.UUID) *Peer {
	if p := c.peers.get(id); p != nil && p.Ready() {
		return p
	}
	return nil
}

// deliver delivers an event of the peer.
func (c *Core) deliver(p *Peer, ev Event) {
	ev.Peer, ev.Name = p.id, p.name
	c.cfg.Shell.Deliver(p.link, &ev)
}
