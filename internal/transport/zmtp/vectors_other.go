//go:build unix && !(darwin || linux || openbsd)

package zmtp

import (
	"net"

	"golang.org/x/sys/unix"
)

func writev(fd int, b net.Buffers) (total int, err error) {
	for _, part := range b {
		n, err := unix.Write(fd, part)
		if err != nil && total > 0 {
			return total, nil // The next call tells it again.
		}
		if err != nil || n < len(part) {
			return total + max(n, 0), err
		}
		total += n
	}
	return total, nil
}

// readBoth reads to a. There is no system call here that reads to b as well.
func readBoth(fd int, a, _ []byte) (int, error) { return unix.Read(fd, a) }
