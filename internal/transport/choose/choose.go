package choose

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/gozre/zre/internal/transport"
	"github.com/gozre/zre/internal/transport/mem"
	"github.com/gozre/zre/internal/transport/zmtp"
)

// The names of transports.
const (
	ZMTP   = "zmtp"   // ZMTP in Go, over TCP; between processes of a host over a Unix domain socket
	TCP    = "tcp"    // ZMTP in Go, over TCP only
	Memory = "mem"    // inside this process, by addresses that nobody else has
	Libzmq = "libzmq" // ZMTP over TCP, by libzmq
)

// Default is the transport that the empty name stands for.
const Default = ZMTP

var (
	// ErrUnknown says that there is no transport of this name.
	ErrUnknown = errors.New("no such transport")
	// ErrNotBuiltIn says that the program was built without this transport.
	ErrNotBuiltIn = errors.New("this transport is not built in (build tag libzmq)")
)

// Names returns the names of the transports that are built in, the default first.
func Names() []string {
	names := []string{ZMTP, TCP, Memory}
	if libzmqBuiltIn {
		names = append(names, Libzmq)
	}
	return names
}

// Check says whether New knows the name: nil, ErrUnknown or ErrNotBuiltIn.
func Check(name string) error {
	switch {
	case name == "" || slices.Contains(Names(), name):
		return nil
	case name == Libzmq:
		return ErrNotBuiltIn
	}
	return fmt.Errorf("%w: want one of %s", ErrUnknown, strings.Join(Names(), ", "))
}

// New makes a transport. The empty name stands for the default. It fails as Check does, or
// with the error of the implementation.
func New(name string, cfg transport.Config) (transport.Transport, error) {
	if err := Check(name); err != nil {
		return nil, err
	}
	switch name {
	case Libzmq:
		return libzmqNew(cfg)
	case Memory:
		return mem.New(cfg, mem.Process)
	case TCP:
		cfg.TCPOnly = true
	}
	return zmtp.New(cfg)
}
