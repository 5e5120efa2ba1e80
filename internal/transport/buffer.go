package transport

import "sync"

// Buffers of outboxes are used again, by size.
const (
	smallBuffer = 2 << 10             // enough for messages that come now and then
	chunkSize   = 64 << 10            // what one write of a stream is made of
	mediumSize  = 256 << 10           // some frames of 64 KiB
	largeBuffer = 1<<20 + 2*chunkSize // a frame of 1 MiB and what goes with it
)

var (
	smallPool  sync.Pool // *[smallBuffer]byte
	chunkPool  sync.Pool // *[chunkSize]byte
	mediumPool sync.Pool // *[mediumSize]byte
	largePool  sync.Pool // *[largeBuffer]byte
)

// newBuffer returns an empty buffer with room for at least size octets.
func newBuffer(size int) []byte {
	switch {
	case size <= smallBuffer:
		if b, ok := smallPool.Get().(*[smallBuffer]byte); ok {
			return b[:0]
		}
		return make([]byte, 0, smallBuffer)
	case size <= chunkSize:
		if b, ok := chunkPool.Get().(*[chunkSize]byte); ok {
			return b[:0]
		}
		return make([]byte, 0, chunkSize)
	case size <= mediumSize:
		if b, ok := mediumPool.Get().(*[mediumSize]byte); ok {
			return b[:0]
		}
		return make([]byte, 0, mediumSize)
	case size <= largeBuffer:
		if b, ok := largePool.Get().(*[largeBuffer]byte); ok {
			return b[:0]
		}
		return make([]byte, 0, largeBuffer)
	}
	return make([]byte, 0, size)
}

// freeBuffer lets a buffer be used again.
func freeBuffer(b []byte) {
	switch cap(b) {
	case smallBuffer:
		smallPool.Put((*[smallBuffer]byte)(b[:smallBuffer]))
	case chunkSize:
		chunkPool.Put((*[chunkSize]byte)(b[:chunkSize]))
	case mediumSize:
		mediumPool.Put((*[mediumSize]byte)(b[:mediumSize]))
	case largeBuffer:
		largePool.Put((*[largeBuffer]byte)(b[:largeBuffer]))
	}
}
