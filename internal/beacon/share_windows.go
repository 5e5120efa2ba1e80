package beacon

import (
	"errors"

	"golang.org/x/sys/windows"
)

// sharePort lets several processes listen on the port of the socket. There is no
// SO_REUSEPORT; Windows gives a broadcast or multicast datagram to each of the
// sockets with SO_REUSEADDR.
func sharePort(fd uintptr) error {
	return windows.SetsockoptInt(windows.Handle(fd), windows.SOL_SOCKET, windows.SO_REUSEADDR, 1)
}

// isHeld tells that a program holds the port and does not share it. The second
// error is that for a program that asked for exclusive use.
func isHeld(err error) bool {
	return errors.Is(err, windows.WSAEADDRINUSE) || errors.Is(err, windows.WSAEACCES)
}

// isMissing tells that the host does not have this version of IP.
func isMissing(err error) bool {
	return errors.Is(err, windows.WSAEAFNOSUPPORT) || errors.Is(err, windows.WSAEPROTONOSUPPORT) ||
		errors.Is(err, windows.WSAEADDRNOTAVAIL)
}
