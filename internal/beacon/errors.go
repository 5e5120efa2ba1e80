package beacon

import (
	"errors"
	"fmt"
)

// ErrClosed says that the Conn has been closed.
var ErrClosed = errors.New("beacon: closed")

// ErrNotSent says that a beacon left on no interface at all. It is joined by
// the reason of the last try, if there was an interface to try.
var ErrNotSent = errors.New("beacon: sent on no interface")

// ConfigError says which field of a Config is wrong, and what would be right.
type ConfigError struct {
	Field  string
	Value  any
	Reason string
}

func (e *ConfigError) Error() string {
	return fmt.Sprintf("beacon: %s: %v: %s", e.Field, e.Value, e.Reason)
}

// PortError says that a UDP port cannot be listened on because another program
// holds it without sharing it. Programs that speak ZRE do share it.
type PortError struct {
	Port uint16
	Err  error
}

func (e *PortError) Error() string {
	return fmt.Sprintf("beacon: UDP port %d is held by a program that does not share it "+
		"(on Linux ss -lunp sport = :%d names it): stop that program, or give all nodes another beacon port: %v",
		e.Port, e.Port, e.Err)
}

func (e *PortError) Unwrap() error { return e.Err }
