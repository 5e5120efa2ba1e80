//go:build unix

package doctor

import "golang.org/x/sys/unix"

// fileLimit returns how many files a process may have open.
func fileLimit() (limit uint64, known bool) {
	var l unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &l); err != nil {
		return 0, false
	}
	return uint64(l.Cur), true
}
