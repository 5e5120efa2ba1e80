package zmtp

import (
	"encoding/binary"

	"github.com/gozre/zre/internal/transport"
)

// maxFrameHeader is the length of the flags and a long size.
const maxFrameHeader = 9

// header is the start of a frame.
type header struct {
	flags  byte
	length int    // of the header itself
	size   uint64 // of the body
}

// readHeader reads the header at the start of b. It reports false if b has only a
// part of it.
func readHeader(b []byte) (h header, ok bool) {
	if len(b) < 2 {
		return header{}, false
	}
	if b[0]&transport.FlagLong == 0 {
		return header{b[0], 2, uint64(b[1])}, true
	}
	if len(b) < maxFrameHeader {
		return header{}, false
	}
	return header{b[0], maxFrameHeader, binary.BigEndian.Uint64(b[1:])}, true
}
