package zre

import (
	"github.com/google/uuid"

	"github.com/gozre/zre/zre/internal/core"
)

// EventType is the type of an Event.
type EventType uint8

// The events, in the terms of RFC 36 and zyre.
const (
	// EventEnter says that a peer is present and can be reached.
	EventEnter EventType = iota + 1
	// EventExit says that a peer is gone, and with it from all its groups.
	EventExit
	// EventJoin says that a peer joined a group.
	EventJoin
	// EventLeave says that a peer left a group.
	EventLeave
	// EventWhisper is a message for this node alone.
	EventWhisper
	// EventShout is a message for a group.
	EventShout
	// EventEvasive says that a peer leaves PINGs unanswered; once per episode.
	EventEvasive
	// EventSilent says that a peer has left PINGs unanswered for a long time; once per
	// episode.
	EventSilent
	// EventLeader says that a group has elected a leader, a peer or this node; see
	// Config.Contest.
	EventLeader
)

// String returns the event's name in capitals, such as "ENTER".
func (t EventType) String() string { return core.EventType(t).String() }

// Reason says why a peer is gone, in an EXIT.
type Reason uint8

// The reasons.
const (
	// ReasonGoodbye: the peer said that it leaves.
	ReasonGoodbye Reason = iota + 1
	// ReasonExpired: no message came from it within Timing.DeadPeriod.
	ReasonExpired
	// ReasonLost: a connection with it ended. An ENTER follows if it is still there.
	ReasonLost
	// ReasonRestarted: it began a new session; an ENTER follows.
	ReasonRestarted
	// ReasonReplaced: another node answers at its endpoint.
	ReasonReplaced
	// ReasonGap: messages from it were lost on the way; an ENTER follows.
	ReasonGap
	// ReasonOverload: it sends PINGs without end and receives no answer.
	ReasonOverload
	// ReasonUnheard: it sends, but does not answer this node; an ENTER follows.
	ReasonUnheard
	// ReasonMoved: it is heard at another address; an ENTER follows.
	ReasonMoved
	// ReasonFailed: nothing can be sent to it any more.
	ReasonFailed
	// ReasonUntrusted: its key is not trusted any more; see Node.SetTrustedKeys.
	ReasonUntrusted
)

// String returns the reason in words, such as "connection lost".
func (r Reason) String() string { return core.Reason(r).String() }

// Event is one thing that happened on the network. It is one struct for all types, so
// that a message is delivered without an allocation.
//
// For each peer ENTER and EXIT alternate, beginning with ENTER; between them,
// JOIN and LEAVE of one group alternate, beginning with JOIN, and messages come
// in the order in which they were sent. EXIT implies a LEAVE of all groups. LEADER names
// a member of a group that this node is in, or this node itself. Each election ends with
// one, even if the leader is the same as before.
//
// Names, groups, headers and content come from the network and may hold any octets. The
// receiver owns Content and Headers; Node.Recycle gives Content back. Small frames share
// memory with their neighbours: to keep one for long, keep a copy (bytes.Clone).
type Event struct {
	Type     EventType
	Peer     uuid.UUID         // all: who it is about
	Name     string            // all: the peer's name
	Group    string            // JOIN, LEAVE, SHOUT, LEADER
	Content  [][]byte          // WHISPER, SHOUT: the frames
	Endpoint string            // ENTER: where the peer is reached, tcp://IP:PORT
	Headers  map[string]string // ENTER: from the peer's HELLO
	Reason   Reason            // EXIT
}
