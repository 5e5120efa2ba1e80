package zmq

import (
	"errors"
	"fmt"
	"syscall"

	zmq4 "github.com/pebbe/zmq4"
)

var (
	// ErrClosed says that the socket or the context was closed.
	ErrClosed = errors.New("zmq: closed")
	// ErrWouldBlock says that nothing was sent, because the queue to the peer is full.
	ErrWouldBlock = errors.New("zmq: queue is full")
	// ErrNoRoute says that nothing was sent, because the ROUTER knows no peer of that identity.
	ErrNoRoute = errors.New("zmq: no peer of that identity")
	// ErrNoFrames says that a message for a ROUTER had an identity but nothing after it.
	ErrNoFrames = errors.New("zmq: identity without a frame after it")
	// ErrAddrInUse says that somebody else is bound to the address.
	ErrAddrInUse = errors.New("zmq: address is in use")
	// ErrAddrNotAvailable says that the address is none of this machine's.
	ErrAddrNotAvailable = errors.New("zmq: address is not available")
)

// EndpointError says which operation failed on which endpoint.
type EndpointError struct {
	Op       string // "bind", "connect", "disconnect"
	Endpoint string
	Err      error
}

func (e *EndpointError) Error() string {
	return fmt.Sprintf("zmq: %s %s: %v", e.Op, e.Endpoint, e.Err)
}

// Unwrap gives the cause: ErrAddrInUse, ErrAddrNotAvailable, or what libzmq said.
func (e *EndpointError) Unwrap() error { return e.Err }

// OptionError says which option libzmq refused.
type OptionError struct {
	Option string
	Err    error
}

func (e *OptionError) Error() string { return fmt.Sprintf("zmq: option %s: %v", e.Option, e.Err) }

// Unwrap gives what libzmq said.
func (e *OptionError) Unwrap() error { return e.Err }

// Error numbers of the system that libzmq hands through, and that pebbe has no names for.
const (
	wouldBlock = zmq4.Errno(syscall.EAGAIN)
	noDevice   = zmq4.Errno(syscall.ENODEV)
)

// mapped turns libzmq's error numbers into this package's errors; others stay as they are.
func mapped(err error) error {
	switch zmq4.AsErrno(err) {
	case 0:
		if errors.Is(err, zmq4.ErrorSocketClosed) || errors.Is(err, zmq4.ErrorContextClosed) {
			return ErrClosed
		}
		return err
	case wouldBlock:
		return ErrWouldBlock
	case zmq4.EHOSTUNREACH:
		return ErrNoRoute
	case zmq4.EADDRINUSE:
		return ErrAddrInUse
	case zmq4.EADDRNOTAVAIL, noDevice:
		return ErrAddrNotAvailable
	case zmq4.ETERM, zmq4.ENOTSOCK:
		return ErrClosed
	}
	return fmt.Errorf("zmq: %w", err)
}
