package zgossip

import (
	"errors"
	"fmt"

	"github.com/gozre/zre/internal/transport"
)

// causeError is why a server cannot be used, in words for its user.
type causeError struct {
	words string
	err   error // one of the sentinel errors, and what it wraps
}

func (e *causeError) Error() string { return e.words }
func (e *causeError) Unwrap() error { return e.err }

// unresolvedError is ErrUnresolved with its cause.
type unresolvedError struct{ err error }

func (e *unresolvedError) Error() string   { return e.err.Error() }
func (e *unresolvedError) Unwrap() []error { return []error{ErrUnresolved, e.err} }

// errSilent says that a connection is up and no gossip message has arrived.
var errSilent = &causeError{
	"it accepts connections, but does not answer as a gossip server does", ErrNotGossip,
}

// errForeign says that what arrives are no gossip messages.
var errForeign = &causeError{"it does not speak the gossip protocol", ErrNotGossip}

// explain puts an error of a connection to a server into words. Secure says that its public
// key was given, ours that we have a key.
func explain(err error, secure, ours bool) error {
	var known *causeError
	var unresolved *unresolvedError
	var words string
	switch {
	case errors.As(err, &known), errors.As(err, &unresolved):
		return err
	case errors.Is(err, transport.ErrUntrusted):
		words = "the server does not trust our key"
	case errors.Is(err, transport.ErrWrongKey):
		words = "the server has another key than the one behind its address"
	case errors.Is(err, transport.ErrMechanism) && secure:
		words = "the server does not use CURVE, but there is a key behind its address"
	case errors.Is(err, transport.ErrMechanism) && ours:
		words = "the server uses CURVE, but its key is missing behind its address (HOST:PORT|KEY)"
	case errors.Is(err, transport.ErrMechanism):
		words = "the server uses CURVE, and we have no key"
	case errors.Is(err, transport.ErrRefused):
		words = "no program listens at its address (connection refused)"
	case errors.Is(err, transport.ErrTimeout):
		words = "its address does not answer (timed out)"
	case errors.Is(err, transport.ErrUnreachable):
		words = "its host or network is unreachable"
	case errors.Is(err, transport.ErrHandshake):
		return &causeError{"the program at its address is not a gossip server: " + err.Error(),
			fmt.Errorf("%w: %w", ErrNotGossip, err)}
	case errors.Is(err, transport.ErrProtocol), errors.Is(err, transport.ErrTooLarge):
		words = "the server breaks the protocol: " + err.Error()
	case errors.Is(err, transport.ErrEnded), errors.Is(err, transport.ErrReset):
		words = "it closes the connection: it is full, or no gossip server"
	default:
		return err
	}
	return &causeError{words, err}
}

// permanent reports whether an error stays until somebody changes a configuration.
func permanent(err error) bool {
	for _, e := range []error{ErrUntrusted, ErrWrongKey, ErrMechanism} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}
