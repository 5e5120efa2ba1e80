package lab

import (
	"encoding/binary"
	"slices"
)

// Deny is a Filter of a firewall on some hosts: what denied reports of the frames that go
// to them is dropped without an answer.
func Deny(denied func(frame []byte) bool, hosts ...*Host) func(from, to *Port, frame []byte) bool {
	return func(_, to *Port, frame []byte) bool {
		return !slices.Contains(hosts, to.Host) || !denied(frame)
	}
}

// The protocols of IP (IANA).
const (
	tcp = 6
	udp = 17
)

// OpensTCP reports whether a frame opens a TCP connection, over IPv4 or IPv6 without
// extension headers.
func OpensTCP(frame []byte) bool {
	const (
		flags = 13 // in the TCP header
		syn   = 1 << 1
		ack   = 1 << 4
	)
	segment := payload(frame, tcp)
	return len(segment) > flags && segment[flags]&(syn|ack) == syn
}

// IsUDP returns a function that reports whether a frame is a UDP datagram to the port.
func IsUDP(port uint16) func(frame []byte) bool {
	return func(frame []byte) bool {
		datagram := payload(frame, udp)
		return len(datagram) >= 4 && binary.BigEndian.Uint16(datagram[2:]) == port
	}
}

// payload returns what an IP packet in a frame carries of the protocol, nil if it carries
// another one.
func payload(frame []byte, protocol byte) []byte {
	const (
		ipv4, ipv6   = 0x0800, 0x86dd
		ipv6Header   = 40
		protocolAt   = 9 // in the header of IPv4
		nextHeaderAt = 6 // in that of IPv6
	)
	packet := frame[ethernetHeader:]
	switch kind := binary.BigEndian.Uint16(frame[12:]); {
	case kind == ipv4 && len(packet) > protocolAt && packet[protocolAt] == protocol:
		if header := int(packet[0]&15) * 4; header < len(packet) {
			return packet[header:]
		}
	case kind == ipv6 && len(packet) > ipv6Header && packet[nextHeaderAt] == protocol:
		return packet[ipv6Header:]
	}
	return nil
}

// Larger returns a function that reports whether a frame carries an IP packet of more than
// this many octets. To deny those is a black hole: a router that drops what its line does not
// take, and says nothing.
func Larger(mtu int) func(frame []byte) bool {
	return func(frame []byte) bool { return len(frame) > ethernetHeader+mtu }
}

// Each makes one Filter of several: a frame passes if all of them let it pass.
func Each(filters ...func(from, to *Port, frame []byte) bool) func(from, to *Port, frame []byte) bool {
	return func(from, to *Port, frame []byte) bool {
		for _, passes := range filters {
			if !passes(from, to, frame) {
				return false
			}
		}
		return true
	}
}

// IsTCP reports whether a frame is a segment of TCP.
func IsTCP(frame []byte) bool { return payload(frame, tcp) != nil }
