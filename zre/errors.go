package zre

import (
	"errors"
	"fmt"
	"strings"

	"github.com/google/uuid"
)

// Errors that callers ask for with errors.Is.
var (
	// ErrClosed says that the node is closed, or was closed meanwhile.
	ErrClosed = errors.New("node is closed")
	// ErrUnknownPeer says that no peer with this UUID is there.
	ErrUnknownPeer = errors.New("no such peer")
	// ErrPeerGone says that the peer went away before it had taken in the message.
	ErrPeerGone = errors.New("peer is gone")
	// ErrTooLarge says that a frame is above Config.MaxMessageSize.
	ErrTooLarge = errors.New("frame is larger than allowed")
	// ErrGroupName says that a group's name is not 1 to 255 octets long, which
	// is what the string of RFC 36 ("Protocol Grammar") can carry.
	ErrGroupName = errors.New("a group name has 1 to 255 octets")
	// ErrNoPort says that no port of Config.Ports is free.
	ErrNoPort = errors.New("no free port")
)

// ConfigError says what is wrong with a Config. Nothing is clamped or replaced
// in silence.
type ConfigError struct {
	Field  string // the field of Config, such as "DeadPeriod"
	Value  any    // what it was set to
	Reason string // what is wrong with that, and what would be right
}

func (e *ConfigError) Error() string {
	return fmt.Sprintf("config: %s: %v: %s", e.Field, e.Value, e.Reason)
}

// Missed is a peer that did not take in all that was sent to it.
type Missed struct {
	Peer uuid.UUID
	Name string
	Err  error // ErrPeerGone, or why the wait for it ended
}

// DeliveryError says which peers were not reached, or are not known to have
// taken in all that was sent to them. errors.Is finds the cause of each.
type DeliveryError struct {
	Op     string // "shout", "flush" or "close"
	Missed []Missed
}

func (e *DeliveryError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: not taken in by ", e.Op)
	for i, m := range e.Missed {
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
