package core

import (
	"log/slog"
	"maps"
	"time"

	"github.com/google/uuid"

	"github.com/gozre/zre/internal/codec/zremsg"
)

// Config is what a Core is made of. Every field must be set, but NoBeacon and PublicKey.
type Config struct {
	ID      uuid.UUID
	Name    string
	Headers map[string]string

	QuietPeriod time.Duration // a peer not heard for so long is sent PINGs
	PingRate    time.Duration // at most one PING to a peer in this time
	DeadPeriod  time.Duration // a peer without any message for so long is removed

	NoBeacon bool // the node tells of itself by other ways only, its leave included

	// PublicKey is this node's own in a secure network, where each peer has one, "" in a
	// plain one. The shell passes on only what belongs to such a network, and of
	// nodes that are trusted.
	PublicKey string

	MaxPeers int // beyond it newcomers are ignored, so that a flood of beacons takes no descriptors

	Shell  Shell
	Logger *slog.Logger
}

// Shell is the world outside of a Core. Its methods must not block and must not
// call the Core.
type Shell interface {
	// Open makes a link to the endpoint. What is sent on it arrives in order or
	// not at all. The first message sent will be a HELLO.
	// Key is the peer's public key, "" in a plain network.
	Open(peer uuid.UUID, endpoint, key string) (Link, error)
	// Reopen ends a link and makes another one to the same node at the same
	// endpoint, over the connection that is there, where possible: a node that
	// does not let a second connection take over the identity of the first one,
	// as gyre and haskell-zre, hears nothing of the second. What was sent on the
	// old link may still arrive, before anything that is sent on the new one.
	Reopen(l Link, peer uuid.UUID, endpoint, key, reason string) (Link, error)
	// Local returns this node's endpoint as the host of the given endpoint
	// reaches it.
	Local(endpoint string) string
	// IsLocal reports whether the endpoint is this node's own.
	IsLocal(endpoint string) bool
	// Probe finds out in the background whether anybody listens at the endpoint
	// of a peer that does not answer, or is said to leave, and calls Core.Unheard if
	// nobody does.
	Probe(peer uuid.UUID, endpoint string, l Link)
	// Ban lets the owner of a public key, which has been seen to use the UUID of a
	// peer that has another one, connect no more for some time.
	Ban(key string)
	// Deliver tells the application. The link is the peer's, nil if it has none.
	Deliver(l Link, ev *Event)
	// Data hands over a WHISPER or SHOUT of a ready peer with this link; the
	// shell knows the peer from its ENTER. Group is "" for a WHISPER.
	Data(l Link, typ EventType, group string, content [][]byte)
}

// Link is the one-way connection to a peer, numbered by the 16-bit sequence.
type Link interface {
	// Send stamps the message with the next sequence and sends it.
	Send(m zremsg.Message)
	// Answer sends a PING-OK as soon as the application has taken in what was
	// delivered from this peer before.
	Answer()
	// Ack takes in a PING-OK.
	Ack()
	// Owes reports whether a PING-OK is being held back by Answer.
	Owes() bool
	// Failed returns why the link is of no use any more, "" while it is: it can
	// not send, or the peer takes in nothing of what has to be sent to it.
	Failed() string
	// Shorten lets 0 follow on 65534 in the sequence of the link.
	Shorten()
	// Close drops what is still unsent.
	Close(reason string)
}

// Core is the protocol state of one node. Times are durations since an arbitrary
// start before the Core was made, on a clock that is never set.
type Core struct {
	cfg     Config
	peers   map[uuid.UUID]*Peer
	ready   int                           // how many of them are
	pending map[string]int                // how many of the others are on each host
	last    *Peer                         // the sender of the last message, nil if it is gone
	groups  map[string]map[*Peer]struct{} // who is in which group, ready peers only
	own     map[string]struct{}           // groups this node is in
	ballots map[string]*ballot            // likewise
	contest map[string]struct{}           // groups this node wants to lead
	status  uint8                         // changes of own, modulo 256
	static  []*staticPeer
	now     time.Duration // of the last call that told
	codec   zremsg.Decoder
	epoch   uint64 // counts changes of what Peers and Members show
	stats   Stats
}

// New returns a Core that knows nobody.
func New(cfg Config) *Core {
	cfg.Headers = maps.Clone(cfg.Headers)
	return &Core{
		cfg:     cfg,
		peers:   make(map[uuid.UUID]*Peer),
		pending: make(map[string]int),
		groups:  make(map[string]map[*Peer]struct{}),
		own:     make(map[string]struct{}),
		ballots: make(map[string]*ballot),
		contest: make(map[string]struct{}),
	}
}

// Epoch changes whenever the ready peers or their groups change, so that a
// caller knows when its copy is out of date.
func (c *Core) Epoch() uint64 { return c.epoch }

// Stats returns the counters so far.
func (c *Core) Stats() Stats { return c.stats }

// Stats counts what a Core saw since it was made.
type Stats struct {
	BeaconsHeard   uint64 // sound beacons of other nodes
	BeaconsRefused uint64 // beacons that are no ZRE beacons, or of a kind not spoken here

	MessagesIn uint64 // ZRE messages taken in
	OctetsIn   uint64 // their octets, content included
	Refused    uint64 // messages that do not follow the protocol
	Unexpected uint64 // messages of nodes that are not ready

	Gaps           uint64 // sequences in which messages were lost
	StatusRepaired uint64 // JOIN and LEAVE with a status that is not the next one
	Restarts       uint64 // sessions begun anew by a known peer
	Expired        uint64 // peers that went silent until they were removed
	PeersRefused   uint64 // newcomers ignored because of MaxPeers
}

func (c *Core) log(msg string, p *Peer, args ...any) {
	if p != nil {
		args = append(args, "peer", p.id, "name", p.name)
	}
	c.cfg.Logger.Debug(msg, args...)
}
