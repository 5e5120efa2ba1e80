package core

import (
	"log/slog"
	"maps"
	"net/netip"
	"time"

	"github.com/google/uuid"

	"github.com/gozre/zre/internal/codec/zremsg"
	"github.com/gozre/zre/internal/curve"
	"github.com/gozre/zre/internal/endpoint"
)

// Config is what a Core is made of. Every field but NoBeacon, PublicKey and Trusts must
// be set.
type Config struct {
	ID      uuid.UUID
	Name    string
	Headers map[string]string

	QuietPeriod time.Duration // a peer not heard for so long is sent PINGs
	PingRate    time.Duration // at most one PING to a peer in this time
	DeadPeriod  time.Duration // a peer without any message for so long is removed

	NoBeacon bool // the node announces itself, and its leave, by other ways only

	// PublicKey is this node's own in a secure network, where each peer has one;
	// zero in a plain one. The shell passes on only discoveries and connections of
	// such a network, and of nodes that are trusted.
	PublicKey curve.Key

	// Trusts reports whether the owner of a key belongs to the network, in a secure one;
	// nil if every key does.
	Trusts func(curve.Key) bool

	// MaxPeers bounds the peers. Beyond it newcomers are ignored, so that a flood of
	// beacons takes no descriptors.
	MaxPeers int

	Shell  Shell
	Logger *slog.Logger
}

// Shell is the world outside of a Core. Its methods must not block and must not
// call the Core.
type Shell interface {
	// Open dials a connection to the endpoint. What is sent on the link arrives in
	// order or not at all. The shell calls Core.LinkLeadsTo, LinkUp, LinkRetry and LinkDown
	// for what becomes of the connection, after Open has returned. The link may pass to
	// another peer before its ENTER, if that answers at the endpoint.
	Open(peer uuid.UUID, to endpoint.Endpoint) Link
	// Reopen ends a link and returns a new one over the same connection, which is
	// up; nil if that is not possible. A node that ignores a second connection with
	// the identity of the first one, as gyre and haskell-zre, hears nothing of a
	// new connection. What was sent on the old link may still arrive, before
	// anything that is sent on the new one.
	Reopen(l Link, reason Reason) Link
	// Local returns this node's endpoint as the host of the given one reaches it.
	Local(to endpoint.Endpoint) endpoint.Endpoint
	// IsLocal reports whether the endpoint is this node's own.
	IsLocal(e endpoint.Endpoint) bool
	// Deliver tells the application. The link is the peer's, nil if it has none.
	Deliver(l Link, ev *Event)
	// Data hands over a WHISPER or SHOUT of a ready peer with this link; the
	// shell knows the peer from its ENTER. Group is "" for a WHISPER.
	Data(l Link, typ EventType, group string, content [][]byte)
}

// Link is the sending half of a session with a peer: a connection that this node
// has dialed, numbered by the 16-bit sequence.
type Link interface {
	// Send stamps the message with the next sequence and sends it.
	Send(m zremsg.Message)
	// Answer sends a PING-OK as soon as the application has taken what was
	// delivered from this peer before.
	Answer()
	// Ack handles a PING-OK. It reports whether it answers a PING of this link; a
	// late answer to an earlier session of the peer does not.
	Ack() bool
	// Synced tells that the peer has begun its session after the one of this link,
	// so that every PING-OK from now on answers a PING of this link.
	Synced()
	// Doubt tells that the peer has begun a session, maybe after the one of an earlier link:
	// as many PING-OKs from now on as PINGs of those are unanswered may be late ones. The
	// peer begins again before it answers PINGs of this link then; so if more PING-OKs come,
	// all of them answer PINGs of this link. While that is open, a PING is sent as often as it
	// takes.
	Doubt()
	// CountLate tells that the PING-OKs which Ack has taken for late answers to an
	// earlier session answered PINGs of this link, as those will that come.
	CountLate()
	// Owes reports whether a PING-OK is being held back by Answer.
	Owes() bool
	// Failed returns why the link is broken, 0 while it is not: it cannot send, or
	// the peer receives nothing of what has to be sent to it.
	Failed() Reason
	// RetryCause returns why the last attempt to connect failed, nil if none did.
	RetryCause() error
	// Connected reports whether the peer's system has accepted the connection, whose handshake
	// may not be complete. It reports false if that is not known.
	Connected() bool
	// Unreceived reports whether the peer's system has acknowledged nothing for that long
	// of what was sent. It reports false if that is not known.
	Unreceived(since time.Duration) bool
	// Shorten makes 0 follow on 65534 in the sequence of the link.
	Shorten()
	// Close closes the connection and drops what is unsent.
	Close(reason Reason)
}

// Inbound is the shell's part of a connection that was accepted.
type Inbound interface {
	// Admit tells that the peer is known whose connection it is: it has said HELLO, on
	// this connection or on one before. Until then a message is as large as a HELLO at
	// most.
	Admit()
	// Ended reports whether the other end has closed the connection, also while it is waiting
	// and that is not read. It reports false if that is not known.
	Ended() bool
	// Arriving reports whether more of a large message has come since the last call, which is
	// not whole yet, or whether its rest is not read at the moment because memory is short.
	Arriving() bool
	// Resume lets the messages come of a connection that is waiting. See Conn.Waits.
	Resume()
	// Close closes the connection.
	Close()
}

// Core is the protocol state of one node. Times are durations since an arbitrary
// start before the Core was made, on a clock that is never set.
type Core struct {
	cfg     Config
	peers   table[uuid.UUID, *Peer]
	ready   int                      // how many of them are
	pending map[netip.Addr]int       // how many of the others are on each host
	at      map[netip.AddrPort]*Peer // by the address that the link goes to
	links   map[Link]*Peer           // by link
	conns   table[*Conn, struct{}]   // accepted connections
	groups  table[string, *members]  // the ready peers in each group
	own     table[string, struct{}]  // groups this node is in
	ballots table[string, *ballot]   // likewise
	contest map[string]struct{}      // groups this node wants to lead
	status  uint8                    // changes of own, modulo 256
	static  []*staticPeer

	helloSize int // octets of our HELLO
	twice     ownTwice
	parted    bool                 // Goodbye was called
	fullTold  bool                 // the log says that there are as many peers as allowed
	shared    int                  // octets of sharedMemory that are in use
	entersOf  map[netip.Addr]pacer // sessions of the peers of each host
	dialsTo   map[netip.Addr]pacer // discovered endpoints that were dialed, of each host
	reports   table[uuid.UUID, *report]
	waiting   table[*Peer, struct{}] // peers that are not ready

	now     time.Duration // of the last call that had the time
	probes  int           // calls of Probe that are not ended
	changes uint64        // of what Awaited returns, and of groups
	newsAt  time.Duration // when a peer last came, left or changed its groups
	codec   zremsg.Decoder
	stats   Stats
}

// members are the ready peers in a group.
type members = table[*Peer, struct{}]

// New returns a Core without peers.
func New(cfg Config) *Core {
	cfg.Headers = maps.Clone(cfg.Headers)
	return &Core{
		helloSize: HelloSize(cfg.Name, cfg.Headers, nil),

		cfg:     cfg,
		pending: make(map[netip.Addr]int),
		at:      make(map[netip.AddrPort]*Peer),
		links:   make(map[Link]*Peer),
		contest: make(map[string]struct{}),

		entersOf: make(map[netip.Addr]pacer),
		dialsTo:  make(map[netip.Addr]pacer),
	}
}

// At sets the time of the calls that do not carry it.
func (c *Core) At(now time.Duration) { c.now = now }

// Stats returns the counters so far.
func (c *Core) Stats() Stats { return c.stats }

// Stats counts what a Core saw since it was made.
type Stats struct {
	BeaconsHeard   uint64 // sound beacons of other nodes
	BeaconsRefused uint64 // beacons that are no ZRE beacons, or of a kind not spoken here

	MessagesIn uint64 // ZRE messages received
	OctetsIn   uint64 // their octets, content included
	Refused    uint64 // messages that do not follow the protocol
	Unexpected uint64 // messages of nodes that are not ready

	Gaps           uint64 // sequences in which messages were lost
	StatusRepaired uint64 // JOIN and LEAVE with a status that is not the next one
	Restarts       uint64 // sessions begun again by a known peer
	Expired        uint64 // peers that went silent until they were removed
	Lost           uint64 // sessions that ended with their connection
	Conflicts      uint64 // connections with the identity of a peer that has another one
	PeersRefused   uint64 // newcomers ignored because of MaxPeers
	GroupsRefused  uint64 // groups of peers ignored, as there is no memory for more
	DialsRefused   uint64 // discovered endpoints not dialed, as too many are on one host
	Damped         uint64 // sessions that had to wait, as too many began
}

func (c *Core) log(msg string, p *Peer, args ...any) {
	if p != nil {
		args = append(args, "peer", p.id, "name", p.name)
	}
	c.cfg.Logger.Debug(msg, args...)
}
