package zre

import (
	"errors"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"github.com/gozre/zre/zre/internal/link"
)

// Errors that callers ask for with errors.Is.
var (
	// ErrClosed says that the node is closed, or was closed during the call.
	ErrClosed = errors.New("node is closed")
	// ErrUnknownPeer says that there is no peer with this UUID.
	ErrUnknownPeer = errors.New("no such peer")
	// ErrPeerGone says that the peer went away before it had acknowledged the message.
	ErrPeerGone = link.ErrGone
	// ErrEventsNotTaken says that a sender has waited and cannot go on, as peers wait for this node:
	// for their acknowledgement, or for room in its queue of events. The application takes no
	// events, or acknowledges none (Timing.StallTimeout).
	ErrEventsNotTaken = errors.New("no events were taken")
	// ErrNotReading says that a peer was left out because it has acknowledged nothing for
	// Timing.SlowPeer.
	ErrNotReading = link.ErrNotReading
	// ErrTooLarge says that a message is above Limits.MaxMessageSize, or has more than 65,535
	// frames.
	ErrTooLarge = errors.New("message is larger than allowed")
	// ErrGroupName says that a group's name is not 1 to 255 octets long, which
	// is what the string of RFC 36 ("Protocol Grammar") can carry.
	ErrGroupName = errors.New("a group name has 1 to 255 octets")
	// ErrTooManyGroups says that a node would be in more groups than others accept: 10,000,
	// whose names and the headers together have to fit into a HELLO of 1 MiB.
	ErrTooManyGroups = errors.New("in as many groups as allowed")
	// ErrNoPort says that no port of Limits.Ports is free.
	ErrNoPort = errors.New("no free port")
)

// ConfigError says what is wrong with a Config. No value is changed silently.
type ConfigError struct {
	Field  string // the field of Config, such as "Timing.DeadPeriod"
	Value  any    // what it was set to
	Reason string // what is wrong, and what would be right
}

func (e *ConfigError) Error() string {
	return fmt.Sprintf("config: %s: %v: %s", e.Field, e.Value, e.Reason)
}

// Missed is a peer that has not acknowledged all that was sent to it.
type Missed struct {
	Peer uuid.UUID
	Name string
	Err  error // ErrPeerGone, or why the wait for it ended
}

// DeliveryError says which peers were not reached, or are not known to have
// received all that was sent to them. errors.Is finds the cause of each.
type DeliveryError struct {
	Op     string // "shout", "flush" or "close"
	Missed []Missed
}

func deliveryError(op string, missed []link.Missed) *DeliveryError {
	e := &DeliveryError{Op: op}
	for _, m := range missed {
		e.Missed = append(e.Missed, Missed(m))
	}
	return e
}

// namedPeers is how many peers the text of an error names.
const namedPeers = 10

func (e *DeliveryError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: not acknowledged by ", e.Op)
	for i, m := range e.Missed {
		if i == namedPeers {
			fmt.Fprintf(&b, " and %d more", len(e.Missed)-i)
			break
		}
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "%q (%s): %v", m.Name, m.Peer, m.Err)
	}
	return b.String()
}

// Unwrap returns the causes.
func (e *DeliveryError) Unwrap() []error {
	errs := make([]error, len(e.Missed))
	for i, m := range e.Missed {
		errs[i] = m.Err
	}
	return errs
}
