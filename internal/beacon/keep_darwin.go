package beacon

import (
	"net"

	"golang.org/x/sys/unix"
)

// keepTo makes the socket send by the interface alone, whatever the routes say.
func keepTo(fd uintptr, family Family, ifi *net.Interface) error {
	if family == IPv4 {
		return unix.SetsockoptInt(int(fd), unix.IPPROTO_IP, unix.IP_BOUND_IF, ifi.Index)
	}
	return unix.SetsockoptInt(int(fd), unix.IPPROTO_IPV6, unix.IPV6_BOUND_IF, ifi.Index)
}
