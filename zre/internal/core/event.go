package core

import "github.com/google/uuid"

// EventType says what an Event tells.
type EventType uint8

// The events, in the terms of RFC 36 and zyre.
const (
	EventEnter   EventType = iota + 1 // a peer is ready: its HELLO came, and it can be reached
	EventExit                         // a peer is gone; it has left all its groups
	EventJoin                         // a peer joined a group
	EventLeave                        // a peer left a group
	EventWhisper                      // a message for this node alone
	EventShout                        // a message for a group
	EventEvasive                      // a peer did not answer a PING; once per episode
	EventSilent                       // a peer has not answered for a long time; once per episode
	EventLeader                       // a group has elected its leader, a peer or this node
)

var eventNames = [...]string{
	"?", "ENTER", "EXIT", "JOIN", "LEAVE", "WHISPER", "SHOUT", "EVASIVE", "SILENT", "LEADER",
}

// String returns the event's name in capitals, such as "ENTER".
func (t EventType) String() string {
	if int(t) >= len(eventNames) {
		t = 0
	}
	return eventNames[t]
}

// Reason says why a session with a peer has ended. The zero value stands for none.
type Reason uint8

// The reasons.
const (
	ReasonGoodbye   Reason = iota + 1 // the peer said that it leaves
	ReasonExpired                     // no message came from it within the dead period
	ReasonLost                        // its connection ended
	ReasonRestarted                   // it began a new session
	ReasonReplaced                    // another node answers at its endpoint
	ReasonGap                         // messages from it were lost
	ReasonOverload                    // it sends, but receives none of our answers
	ReasonUnheard                     // it sends, but our session with it is not answered
	ReasonMoved                       // it stopped answering and is heard at another endpoint
	ReasonFailed                      // nothing can be sent to it any more
	ReasonUntrusted                   // its key is not trusted any more
	ReasonClosed                      // this node was closed
)

var reasonNames = [...]string{
	"", "goodbye", "expired", "connection lost", "restarted", "replaced", "sequence gap", "does not read",
	"does not hear us", "endpoint has moved", "link failed", "key is not trusted any more", "this node is closed",
}

// String returns the reason in words, such as "connection lost".
func (r Reason) String() string {
	if int(r) >= len(reasonNames) {
		r = 0
	}
	return reasonNames[r]
}

// Event is one thing that happened to a peer (or with LEADER, to this node), as the
// application is told; messages go to Shell.Data. Which fields are set depends on
// the type.
type Event struct {
	Type     EventType
	Peer     uuid.UUID         // all
	Name     string            // all
	Group    string            // JOIN, LEAVE, LEADER
	Endpoint string            // ENTER
	Headers  map[string]string // ENTER; the receiver's to keep
	Reason   Reason            // EXIT
}
