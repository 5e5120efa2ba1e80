package transport

import (
	"math/bits"
	"sync"
)

// Large frames that the application gives back are used again, by powers of two.
const (
	smallestFrame = 13 // 8 KiB
	largestFrame  = 23 // 8 MiB
)

var framePools [largestFrame - smallestFrame + 1]sync.Pool // *[]byte

// NewFrame returns the memory for a frame of this size, which holds any octets. It
// may be one that was given to Recycle.
func NewFrame(size int) []byte {
	class := max(bits.Len(uint(max(size, 1)-1)), smallestFrame)
	if class > largestFrame {
		return make([]byte, size)
	}
	if b, ok := framePools[class-smallestFrame].Get().(*[]byte); ok {
		return (*b)[:size]
	}
	if size < 1<<smallestFrame {
		return make([]byte, size)
	}
	return make([]byte, size, 1<<class)
}

// Recycle gives the memory of a frame back. Nobody may use it any more. Only the
// memory of large frames is kept.
func Recycle(frame []byte) {
	class := bits.Len(uint(max(cap(frame), 1) - 1))
	if class < smallestFrame || class > largestFrame || cap(frame) != 1<<class {
		return
	}
	kept := frame[:0] // The parameter must not escape: most frames are not kept.
	framePools[class-smallestFrame].Put(&kept)
}
