//go:build unix

package zre

import "golang.org/x/sys/unix"

// openFiles returns how many descriptors this process may have, 0 if there is no limit.
func openFiles() uint64 {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil || uint64(limit.Cur) >= 1<<31 {
		return 0
	}
	return uint64(limit.Cur)
}
