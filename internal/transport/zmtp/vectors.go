//go:build darwin || linux || openbsd

package zmtp

import (
	"net"

	"golang.org/x/sys/unix"
)

func writev(fd int, b net.Buffers) (int, error) { return unix.Writev(fd, b) }

// readBoth reads to b what does not fit into a.
func readBoth(fd int, a, b []byte) (int, error) { return unix.Readv(fd, [][]byte{a, b}) }
