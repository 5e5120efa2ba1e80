package beacon

import "golang.org/x/sys/windows"

// errAddrInUse is what the system says when a port cannot be shared.
const errAddrInUse = windows.WSAEADDRINUSE

// sharePort lets several processes listen on the port of the socket, and lets
// it send broadcasts.
func sharePort(fd uintptr) error {
	for _, option := range []int{windows.SO_REUSEADDR, windows.SO_BROADCAST} {
		if err := windows.SetsockoptInt(windows.Handle(fd), windows.SOL_SOCKET, option, 1); err != nil {
			return err
		}
	}
	return nil
}
