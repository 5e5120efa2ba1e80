package lab

import (
	"encoding/binary"
	"slices"
)

// Reset ends TCP connections, as routers do that have forgotten them: the next segment with
// data of each connection over IPv4 is replaced by a reset to both ends. It returns what counts
// them and stops.
func (s *Switch) Reset() (stop func() int) {
	reset := make(map[string]bool) // by both addresses and ports
	s.mu.Lock()
	defer s.mu.Unlock()
	before := s.passes
	s.passes = func(from, to *Port, frame []byte) bool {
		if before != nil && !before(from, to, frame) {
			return false
		}
		there, back, name, ok := resets(frame)
		if !ok || reset[name] {
			return true
		}
		reset[name] = true
		to.down.put(there)
		from.down.put(back)
		return false
	}
	return func() int {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.passes = before
		return len(reset)
	}
}

// resets returns what ends the connection of a TCP segment with data at both ends, and a name of
// that connection.
func resets(frame []byte) (there, back []byte, name string, ok bool) {
	const minimum = 20 // octets of an IPv4 or TCP header
	segment := payload(frame, tcp)
	if binary.BigEndian.Uint16(frame[12:]) != 0x0800 || len(segment) < minimum {
		return nil, nil, "", false
	}
	header := len(frame) - ethernetHeader - len(segment)
	size := int(binary.BigEndian.Uint16(frame[ethernetHeader+2:])) - header - int(segment[12]>>4)*4
	if header != minimum || size <= 0 {
		return nil, nil, "", false // with options of IP, or without data
	}
	ports := slices.Concat(frame[ethernetHeader+12:ethernetHeader+20], segment[:4])
	seq, ack := binary.BigEndian.Uint32(segment[4:]), binary.BigEndian.Uint32(segment[8:])
	there = resetFrame(frame, seq)
	back = resetFrame(slices.Concat(
		frame[6:12], frame[:6], frame[12:14], // the hardware addresses, in turn
		frame[14:26], frame[30:34], frame[26:30], // those of IP
		segment[2:4], segment[:2], segment[4:]), ack)
	return there, back, string(ports), true
}

// resetFrame makes a segment a reset with a sequence number.
func resetFrame(segment []byte, seq uint32) []byte {
	const ip, at, size = ethernetHeader, ethernetHeader + 20, ethernetHeader + 40
	frame := slices.Clone(segment[:size])
	binary.BigEndian.PutUint16(frame[ip+2:], size-ip)
	clear(frame[ip+10 : ip+12])
	binary.BigEndian.PutUint16(frame[ip+10:], checksum(frame[ip:at]))
	binary.BigEndian.PutUint32(frame[at+4:], seq)
	clear(frame[at+8:])
	frame[at+12], frame[at+13] = 5<<4, 1<<2 // 20 octets; RST
	pseudo := slices.Concat(frame[ip+12:at], []byte{0, tcp, 0, size - at}, frame[at:])
	binary.BigEndian.PutUint16(frame[at+16:], checksum(pseudo))
	return frame
}

// checksum is that of RFC 1071, of an even number of octets.
func checksum(octets []byte) uint16 {
	var sum uint32
	for i := 0; i+1 < len(octets); i += 2 {
		sum += uint32(binary.BigEndian.Uint16(octets[i:]))
	}
	sum = sum&0xffff + sum>>16
	return ^uint16(sum&0xffff + sum>>16)
}
