package cli

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// The exit statuses of all programs. A program ended by a signal before its
// work was done ends with 128 and the number of the signal, as shells count.
const (
	ExitOK      = 0
	ExitFailure = 1 // it failed, or failed for some peers
	ExitUsage   = 2 // the command line or the configuration makes no sense
	ExitNoPeer  = 3 // no peer came in the given time
	ExitTimeout = 4 // peers came, but not what was waited for in the given time
)

// ExitError ends a program with a status of its own.
type ExitError struct {
	Status int
	Err    error // what is printed; nil prints nothing
}

func (e *ExitError) Error() string {
	if e.Err == nil {
		return fmt.Sprintf("exit status %d", e.Status)
	}
	return e.Err.Error()
}

func (e *ExitError) Unwrap() error { return e.Err }

// Usagef is an error in the command line or the configuration: status [ExitUsage].
func Usagef(format string, args ...any) error {
	return &ExitError{Status: ExitUsage, Err: fmt.Errorf(format, args...)}
}

// Status is the exit status that belongs to what a program returned.
func Status(err error) int {
	if err == nil {
		return ExitOK
	}
	if exit, ok := errors.AsType[*ExitError](err); ok {
		return exit.Status
	}
	if _, ok := errors.AsType[*ConfigError](err); ok {
		return ExitUsage
	}
	return ExitFailure
}

// SignalError is the cause of a context that was ended by a signal:
// context.Cause(ctx) returns it.
type SignalError struct{ Signal os.Signal }

func (e *SignalError) Error() string { return "ended by signal: " + e.Signal.String() }

// Status is 128 and the number of the signal.
func (e *SignalError) Status() int {
	if n, ok := e.Signal.(syscall.Signal); ok {
		return 128 + int(n)
	}
	return ExitFailure
}
