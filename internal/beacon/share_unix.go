//go:build unix

package beacon

import (
	"errors"

	"golang.org/x/sys/unix"
)

// sharePort lets several processes listen on the port of the socket. Other
// implementations set SO_REUSEADDR, SO_REUSEPORT or both. Linux lets in a socket
// that has the same option set as all others, macOS and the BSDs want SO_REUSEPORT
// for it; with both options the port is shared with all. All these systems give a
// broadcast or multicast datagram to each of the sockets.
func sharePort(fd uintptr) error {
	for _, option := range []int{unix.SO_REUSEADDR, unix.SO_REUSEPORT} {
		if err := unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, option, 1); err != nil {
			return err
		}
	}
	return nil
}

// isHeld tells that a program holds the port and does not share it.
func isHeld(err error) bool { return errors.Is(err, unix.EADDRINUSE) }

// isMissing tells that the host does not have this version of IP.
func isMissing(err error) bool {
	return errors.Is(err, unix.EAFNOSUPPORT) || errors.Is(err, unix.EPROTONOSUPPORT) ||
		errors.Is(err, unix.EADDRNOTAVAIL)
}
