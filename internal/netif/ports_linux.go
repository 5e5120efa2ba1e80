package netif

import (
	"bytes"
	"encoding/binary"
	"syscall"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// bridgePorts gives the indexes of the interfaces that are part of a bridge or of
// a bond, as far as the kernel tells. It gives some of them an IPv6 link-local
// address, but the host's own traffic goes by the bridge: a host with a hundred
// containers has a hundred such interfaces.
func bridgePorts() map[int]bool {
	rib, err := syscall.NetlinkRIB(unix.RTM_GETLINK, unix.AF_UNSPEC)
	if err != nil {
		return nil // some sandboxes forbid it
	}
	messages, err := syscall.ParseNetlinkMessage(rib)
	if err != nil {
		return nil
	}
	ports := make(map[int]bool)
	for _, message := range messages {
		if message.Header.Type != unix.RTM_NEWLINK || len(message.Data) < unix.SizeofIfInfomsg {
			continue
		}
		if isPort(message.Data[unix.SizeofIfInfomsg:]) {
			// An ifinfomsg has its index after family, padding and type.
			ports[int(binary.NativeEndian.Uint32(message.Data[4:]))] = true
		}
	}
	return ports
}

// isPort looks into the attributes of an interface.
func isPort(attributes []byte) bool {
	kind := attribute(attribute(attributes, unix.IFLA_LINKINFO), unix.IFLA_INFO_SLAVE_KIND)
	switch string(bytes.TrimRight(kind, "\x00")) {
	case "bridge", "bond", "team":
		return true
	}
	return false
}

// attribute gives the value of an attribute, nil if it is not there.
func attribute(attributes []byte, wanted uint16) []byte {
	parsed, err := nl.ParseRouteAttr(attributes)
	if err != nil {
		return nil
	}
	for _, a := range parsed {
		if a.Attr.Type&nl.NLA_TYPE_MASK == wanted {
			return a.Value
		}
	}
	return nil
}
