//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package transfer

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// nonblock is for opening: a FIFO does not block.
const nonblock = unix.O_NONBLOCK

// lock locks a file until it is closed. Not every file system has locks.
func lock(f *os.File) error {
	err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		return errInUse
	}
	return nil
}
