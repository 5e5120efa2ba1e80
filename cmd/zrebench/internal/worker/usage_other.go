//go:build !linux

package worker

import (
	"errors"
	"time"
)

// used is not known on this system.
func used() (Used, error) {
	return Used{}, errors.New("what a process uses is measured on Linux only")
}

func cpuTime() time.Duration { return 0 }
