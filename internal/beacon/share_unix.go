//go:build unix

package beacon

import "golang.org/x/sys/unix"

// errAddrInUse is what the system says when a port cannot be shared.
const errAddrInUse = unix.EADDRINUSE

// sharePort lets several processes listen on the port of the socket. Other
// implementations set SO_REUSEADDR, SO_REUSEPORT or both. Linux lets in whoever
// has the same option set as all others, the BSDs want SO_REUSEPORT for it;
// with both options the port is shared with all.
func sharePort(fd uintptr) error {
	for _, option := range []int{unix.SO_REUSEADDR, unix.SO_REUSEPORT} {
		if err := unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, option, 1); err != nil {
			return err
		}
	}
	return nil
}
