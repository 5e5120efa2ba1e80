package zgossip

import (
	"errors"
	"fmt"
	"io/fs"
	"net/netip"

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

// ListenError says that a server cannot listen at an address, and what to do.
type ListenError struct {
	Addr netip.AddrPort
	Err  error
}

func (e *ListenError) Error() string {
	port := e.Addr.Port()
	switch {
	case errors.Is(e.Err, transport.ErrAddrInUse):
		return fmt.Sprintf("zgossip: another program listens at %v (on Linux ss -ltnp sport = :%d "+
			"names it): stop that program, or choose another port", e.Addr, port)
	case errors.Is(e.Err, transport.ErrAddrNotAvailable):
		return fmt.Sprintf("zgossip: %v is no address of this host: choose one that it has, "+
			"or * for all", e.Addr.Addr())
	case errors.Is(e.Err, fs.ErrPermission):
		return fmt.Sprintf("zgossip: listen at %v: %v (ports below 1024 need a privilege)", e.Addr, e.Err)
	}
	return fmt.Sprintf("zgossip: listen at %v: %v", e.Addr, e.Err)
}

func (e *ListenError) Unwrap() error { return e.Err }

func between(least, most any) string { return fmt.Sprintf("it must be from %v to %v", least, most) }
