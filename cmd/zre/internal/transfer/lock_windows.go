package transfer

import (
	"errors"
	"math"
	"os"

	"golang.org/x/sys/windows"
)

const nonblock = 0

// lock locks a file until it is closed. Locks keep others from reading and writing there, so it is
// one octet that no file has. Not every file system has locks.
func lock(f *os.File) error {
	at := windows.Overlapped{Offset: math.MaxUint32, OffsetHigh: math.MaxInt32}
	const flags = windows.LOCKFILE_EXCLUSIVE_LOCK | windows.LOCKFILE_FAIL_IMMEDIATELY
	err := windows.LockFileEx(windows.Handle(f.Fd()), flags, 0, 1, 0, &at)
	if errors.Is(err, windows.ERROR_LOCK_VIOLATION) {
		return errInUse
	}
	return nil
}
