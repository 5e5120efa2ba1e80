package core

import "github.com/google/uuid"

// EventType says what an Event tells.
type EventType uint8

// The events, in the terms of RFC 36 and zyre.
const (
	EventEnter   EventType = iota + 1 // a peer is ready: its HELLO came
	EventExit                         // a peer is gone; it has left all its groups
	EventJoin                         // a peer joined a group
	EventLeave                        // a peer left a group
	EventWhisper                      // a message for this node alone
	EventShout                        // a message for a group
	EventEvasive                      // a peer did not answer a PING; once per episode
	EventSilent                       // a peer has not answered for a long time; once per episode
	EventLeader                       // a group has elected its leader, a peer or this node
)

var eventNames = [...]string{"?", "ENTER", "EXIT", "JOIN", "LEAVE", "WHISPER", "SHOUT", "EVASIVE", "SILENT", "LEADER"}

// String returns the event's name in capitals, such as "ENTER".
func (t EventType) String() string {
	if int(t) >= len(eventNames) {
		t = 0
	}
	return eventNames[t]
}

// The reasons of an EXIT.
const (
	ReasonGoodbye   = "goodbye"            // the peer said that it leaves
	ReasonExpired   = "expired"            // nothing was heard of it within the dead period
	ReasonRefused   = "connection refused" // it stopped answering, and nobody listens at its endpoint
	ReasonRestarted = "restarted"          // it began a new session
	ReasonReplaced  = "replaced"           // another node answers at its endpoint
	ReasonGap       = "sequence gap"       // messages from it were lost
	ReasonOverload  = "does not read"      // it sends, but takes in none of our answers
	ReasonUnheard   = "does not hear us"   // it sends, but our new session with it is not answered
	ReasonMoved     = "endpoint has moved" // it stopped answering and is heard at another endpoint
	ReasonUsurped   = "UUID was usurped"   // another node, with another key, used its UUID
	ReasonFailed    = "link failed"        // nothing can be sent to it any more
)

// Event is one thing that happened to a peer (with LEADER, or to this node), as the application is told; its
// messages go to Shell.Data. Which fields are set depends on the type.
type Event struct {
	Type     EventType
	Peer     uuid.UUID         // all
	Name     string            // all
	Group    string            // JOIN, LEAVE, LEADER
	Endpoint string            // ENTER
	Headers  map[string]string // ENTER; the receiver's to keep
	Reason   string            // EXIT
}
