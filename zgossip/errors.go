package zgossip

import (
	"errors"
	"fmt"

	"github.com/gozre/zre/internal/gossip/store"
	"github.com/gozre/zre/internal/gossip/wire"
)

// Sentinel errors.
var (
	// ErrClosed says that the client or server was closed.
	ErrClosed = errors.New("zgossip: closed")
	// ErrNoAnswer says that a server did not answer Dump.
	ErrNoAnswer = errors.New("zgossip: no answer from a gossip server")
	// ErrEndpoint says that a value is not of the form tcp://IP:PORT or tcp://IP:PORT|PUBLICKEY.
	ErrEndpoint = wire.ErrEndpoint
	// ErrTooManyTuples says that the server's limit is reached.
	ErrTooManyTuples = store.ErrTooManyTuples
)

// ConfigError says which field of a configuration cannot be, and why.
type ConfigError struct {
	Field  string
	Value  any
	Reason string
}

func (e *ConfigError) Error() string {
	return fmt.Sprintf("zgossip: %s %v: %s", e.Field, e.Value, e.Reason)
}

func between(least, most any) string { return fmt.Sprintf("it must be from %v to %v", least, most) }
