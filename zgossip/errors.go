package zgossip

import (
	"errors"
	"fmt"

	"github.com/gozre/zre/internal/gossip/store"
	"github.com/gozre/zre/internal/gossip/wire"
	"github.com/gozre/zre/internal/transport"
)

// Sentinel errors.
var (
	// ErrClosed says that the client or server was closed.
	ErrClosed = errors.New("zgossip: closed")
	// ErrNoAnswer says that a server did not answer Dump.
	ErrNoAnswer = errors.New("no answer from a gossip server")
	// ErrEndpoint says that a value is not of the form tcp://IP:PORT or tcp://IP:PORT|PUBLICKEY.
	ErrEndpoint = wire.ErrEndpoint
	// ErrTooManyTuples says that the server's limit is reached.
	ErrTooManyTuples = store.ErrTooManyTuples
)

// Why a server cannot be used, in ServerState.Err and in errors of Dump.
var (
	// ErrUnresolved says that the name of a server has no address.
	ErrUnresolved = errors.New("its name cannot be resolved")
	// ErrRefused says that no program listens at the address.
	ErrRefused = transport.ErrRefused
	// ErrTimeout says that the address does not answer.
	ErrTimeout = transport.ErrTimeout
	// ErrUntrusted says that the server does not trust our key.
	ErrUntrusted = transport.ErrUntrusted
	// ErrWrongKey says that the server has another key than the one behind its address.
	ErrWrongKey = transport.ErrWrongKey
	// ErrMechanism says that the server uses CURVE and we do not, or the reverse.
	ErrMechanism = transport.ErrMechanism
	// ErrNotGossip says that the program at the address is not a gossip server.
	ErrNotGossip = errors.New("it is not a gossip server")
)

// ConfigError says which field of a configuration is wrong, and why.
type ConfigError struct {
	Field  string
	Value  any
	Reason string
}

func (e *ConfigError) Error() string {
	return fmt.Sprintf("zgossip: %s %v: %s", e.Field, e.Value, e.Reason)
}

func between(least, most any) string { return fmt.Sprintf("it must be from %v to %v", least, most) }
