package beacon

import "golang.org/x/sys/windows"

// errAddrInUse is what the system says when a port cannot be shared.
const errAddrInUse = windows.WSAEADDRINUSE

// sharePort lets several processes listen on the port of the socket.
func sharePort(fd uintptr) error {
	return windows.SetsockoptInt(windows.Handle(fd), windows.SOL_SOCKET, windows.SO_REUSEADDR, 1)
}
