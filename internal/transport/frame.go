package transport

import "encoding/binary"

// The flags of a frame (ZeroMQ RFC 37, section "Framing").
const (
	FlagMore    = 1 << 0 // another frame of the message follows
	FlagLong    = 1 << 1 // the size has 8 octets instead of one
	FlagCommand = 1 << 2 // a command, not a part of a message
)

// maxFrameHeader is the length of the flags and a long size.
const maxFrameHeader = 9

// AppendFrame appends a frame with this body. Flags are FlagMore and FlagCommand;
// FlagLong is set by the size.
func AppendFrame(b []byte, flags byte, body []byte) []byte {
	if len(body) <= 255 {
		b = append(b, flags, byte(len(body)))
		return append(b, body...)
	}
	return append(AppendFrameHeader(b, flags, len(body)), body...)
}

// AppendFrameHeader appends the flags and the size of a frame.
func AppendFrameHeader(b []byte, flags byte, size int) []byte {
	if size <= 255 {
		return append(b, flags, byte(size))
	}
	b = append(b, flags|FlagLong)
	return binary.BigEndian.AppendUint64(b, uint64(size))
}

// frameSize is the length of an encoded frame.
func frameSize(body int) int {
	if body <= 255 {
		return 2 + body
	}
	return maxFrameHeader + body
}

// NextFrame takes a frame off b, which holds whole frames as Conn encodes them.
func NextFrame(b []byte) (flags byte, body, rest []byte) {
	flags = b[0]
	if flags&FlagLong == 0 {
		end := 2 + int(b[1])
		return flags, b[2:end:end], b[end:]
	}
	end := maxFrameHeader + int(binary.BigEndian.Uint64(b[1:]))
	return flags, b[maxFrameHeader:end:end], b[end:]
}
