package zmtp

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"

	"github.com/gozre/zre/internal/transport"
)

// class says which errors of the system mean what.
type class struct {
	system []error
	means  error
}

// classify wraps an error of the system in that of package transport which says
// what it means, if there is one.
func classify(err error) error {
	if err == nil {
		return nil
	}
	var timeout net.Error
	switch {
	case errors.Is(err, net.ErrClosed):
		return transport.ErrClosed
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return transport.ErrEnded
	case errors.Is(err, os.ErrDeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return &systemError{transport.ErrTimeout, err}
	}
	for _, c := range classes() {
		for _, e := range c.system {
			if errors.Is(err, e) {
				return &systemError{c.means, err}
			}
		}
	}
	return err
}

// systemError is an error of the system and what it means.
type systemError struct{ means, cause error }

func (e *systemError) Unwrap() []error { return []error{e.means, e.cause} }

// Error leaves out the addresses and the names of system calls: the owner of a
// connection knows what it connects to.
func (e *systemError) Error() string {
	var number syscall.Errno
	if !errors.As(e.cause, &number) || number.Error() == e.means.Error() {
		return e.means.Error()
	}
	return e.means.Error() + ": " + number.Error()
}

// protocolError is a fault of the other end after the handshake.
func protocolError(format string, args ...any) error {
	return fmt.Errorf("%w: %w", transport.ErrProtocol, fmt.Errorf(format, args...))
}

// tooLarge says which limit the other end has exceeded.
func tooLarge(format string, args ...any) error {
	return fmt.Errorf("%w: %w", transport.ErrTooLarge, fmt.Errorf(format, args...))
}
