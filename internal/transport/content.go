package transport

import "sync/atomic"

// Content is the frames after the first one of a message that several
// connections carry. It is encoded once, and its memory is shared by all of them.
type Content struct {
	encoded []byte
	octets  int // of the frames, without their headers
	users   atomic.Int32
}

// NewContent encodes the frames, of which there is at least one. The caller
// calls Release when it sends the content no more.
func NewContent(frames ...[]byte) *Content {
	size := 0
	c := &Content{}
	for _, f := range frames {
		size += frameSize(len(f))
		c.octets += len(f)
	}
	c.encoded = newBuffer(size)
	for i, f := range frames {
		c.encoded = AppendFrame(c.encoded, moreUnlessLast(i, len(frames)), f)
	}
	c.users.Store(1)
	return c
}

// Release gives up the caller's share. The memory is used again when no
// connection has the content in its outbox any more.
func (c *Content) Release() {
	if c.users.Add(-1) == 0 {
		freeBuffer(c.encoded)
		c.encoded = nil
	}
}

func moreUnlessLast(i, n int) byte {
	if i < n-1 {
		return FlagMore
	}
	return 0
}
