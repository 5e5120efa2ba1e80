package zre

import (
	"github.com/google/uuid"

	"github.com/gozre/zre/zre/internal/core"
)

// EventType says what an Event tells.
type EventType uint8

// The events, in the terms of RFC 36 and zyre.
const (
	EventEnter   = EventType(core.EventEnter)   // a peer is there
	EventExit    = EventType(core.EventExit)    // a peer is gone, and with it from all its groups
	EventJoin    = EventType(core.EventJoin)    // a peer joined a group
	EventLeave   = EventType(core.EventLeave)   // a peer left a group
	EventWhisper = EventType(core.EventWhisper) // a message for this node alone
	EventShout   = EventType(core.EventShout)   // a message for a group
	EventEvasive = EventType(core.EventEvasive) // a peer leaves PINGs unanswered; once per episode
	EventSilent  = EventType(core.EventSilent)  // a peer has left them unanswered for long; once per episode
	EventLeader  = EventType(core.EventLeader)  // a group has elected a leader, a peer or this node; see Config.Contest
)

// String returns the event's name in capitals, such as "ENTER".
func (t EventType) String() string { return core.EventType(t).String() }

// Why a peer is gone, in the Reason of an EXIT.
const (
	ReasonGoodbye   = core.ReasonGoodbye   // it said that it leaves
	ReasonExpired   = core.ReasonExpired   // no message came from it within Config.DeadPeriod
	ReasonRefused   = core.ReasonRefused   // it stopped answering, and nobody listens at its endpoint any more
	ReasonRestarted = core.ReasonRestarted // it began a new session; an ENTER follows
	ReasonReplaced  = core.ReasonReplaced  // another node answers at its endpoint
	ReasonGap       = core.ReasonGap       // messages from it were lost on the way
	ReasonOverload  = core.ReasonOverload  // it sends PINGs without end and takes in no answer
	ReasonFailed    = core.ReasonFailed    // nothing can be sent to it any more
	ReasonUnheard   = core.ReasonUnheard   // it is heard, but takes no notice of this node; an ENTER follows
	ReasonMoved     = core.ReasonMoved     // it is heard at another address; an ENTER follows
	ReasonUsurped   = core.ReasonUsurped   // another node of a secure network used its UUID; an ENTER follows when it has connected anew
)

// Event is one thing that happened on the network. It is one flat struct, and
// not a type for each kind of event behind an interface, because a message is
// then delivered without an allocation.
//
// For each peer ENTER and EXIT alternate, beginning with ENTER; between them,
// JOIN and LEAVE of one group alternate, beginning with JOIN, and messages come
// in the order they were sent. EXIT implies a LEAVE of all groups. LEADER names a
// member of a group that this node is in, or this node itself; each election ends
// with one, also where the leader is the same as before.
//
// Names, groups, headers and content come from the network: they hold any
// octets. The receiver owns Content and Headers, until it gives the former back by
// Node.Recycle. Small frames share memory with
// their neighbours, so keep a copy (bytes.Clone) of what is kept for long.
type Event struct {
	Type     EventType
	Peer     uuid.UUID         // all: who it is about
	Name     string            // all: the peer's name
	Group    string            // JOIN, LEAVE, SHOUT, LEADER
	Content  [][]byte          // WHISPER, SHOUT: the frames, none for an empty message
	Endpoint string            // ENTER: where the peer is reached, tcp://IP:PORT
	Headers  map[string]string // ENTER: from the peer's HELLO
	Reason   string            // EXIT: one of the Reason constants
}
