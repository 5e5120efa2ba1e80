package beacon

import (
	"encoding/binary"
	"net"
	"unsafe"

	"golang.org/x/sys/windows"
)

// tellArrival makes the system tell, in a control message with each datagram, by
// which interface it arrived.
func tellArrival(conn *net.UDPConn, family Family) error {
	raw, err := conn.SyscallConn()
	if err != nil {
		return err
	}
	return control(raw, func(fd uintptr) error {
		if family == IPv4 {
			return windows.SetsockoptInt(windows.Handle(fd), windows.IPPROTO_IP, windows.IP_PKTINFO, 1)
		}
		return windows.SetsockoptInt(windows.Handle(fd), windows.IPPROTO_IPV6, windows.IPV6_PKTINFO, 1)
	})
}

// arrivalOf finds the index of the interface in the control message, 0 if it is
// not there. It is a WSACMSGHDR, and after it an IN_PKTINFO or IN6_PKTINFO: the
// address that the datagram was sent to, then the index.
func arrivalOf(oob []byte, family Family) int {
	const header = int(unsafe.Sizeof(windows.WSACMSGHDR{}))
	const levelAt = int(unsafe.Offsetof(windows.WSACMSGHDR{}.Level))
	level, option, address := windows.IPPROTO_IP, windows.IP_PKTINFO, net.IPv4len
	if family == IPv6 {
		level, option, address = windows.IPPROTO_IPV6, windows.IPV6_PKTINFO, net.IPv6len
	}
	if len(oob) < header+address+4 ||
		binary.NativeEndian.Uint32(oob[levelAt:]) != uint32(level) ||
		binary.NativeEndian.Uint32(oob[levelAt+4:]) != uint32(option) {
		return 0
	}
	return int(binary.NativeEndian.Uint32(oob[header+address:]))
}
