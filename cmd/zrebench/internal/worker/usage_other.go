//go:build !linux

package worker

import (
	"errors"
	"time"
)

// errNotKnown is the answer to all questions.
var errNotKnown = errors.New("what a process uses is measured on Linux only")

func (u *Used) countThreads() error { return errNotKnown }

func anonymous() (int64, error) { return 0, errNotKnown }

func cpuTime() time.Duration { return 0 }
