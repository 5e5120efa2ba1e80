//go:build !darwin

package beacon

import "net"

// keepTo makes the socket send by the interface alone, as far as the system can.
// Windows sends by the interface that has the source address. The BSDs go by their
// routes: of two interfaces in one IPv4 network they use one for the broadcasts
// of both. Groups go by the interface that is set for them on every system. (On
// Linux only tests use the portable sockets; there they are like the BSDs'.)
func keepTo(uintptr, Family, *net.Interface) error { return nil }
