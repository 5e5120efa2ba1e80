//go:build unix && (!linux || race)

package zmtp

import "golang.org/x/sys/unix"

// readNow reads what there is, and does not wait.
func readNow(fd int, b []byte) (int, error) { return unix.Read(fd, b) }

// writeNow writes what there is room for, and does not wait.
func writeNow(fd int, b []byte) (int, error) { return unix.Write(fd, b) }
