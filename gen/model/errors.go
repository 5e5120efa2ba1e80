package model

import (
	"errors"
	"fmt"
)

// Error is a fault in a model.
type Error struct {
	File string
	// Line counts from 1. It is 0 for a file that could not be read.
	Line   int
	Reason string
	// Err is the cause, where another error is one.
	Err error
}

// Error gives file, line and reason as compilers do.
func (e *Error) Error() string {
	if e.Line == 0 {
		return e.File + ": " + e.Reason
	}
	return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Reason)
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// maxErrors is how many faults are reported at once: later ones are often echoes
// of the first.
const maxErrors = 10

// faults collects what is wrong with a model.
type faults struct {
	file string
	list []error
}

// err joins the faults, or returns nil when there are none.
func (f *faults) err() error {
	if len(f.list) > maxErrors {
		more := &Error{File: f.file, Reason: fmt.Sprintf("and %d more", len(f.list)-maxErrors)}
		return errors.Join(append(f.list[:maxErrors:maxErrors], more)...)
	}
	return errors.Join(f.list...)
}
