package zmq

import "sync"

// shareFrom is the size, in octets, from which on a Content is copied once for all who get it. Below it, a
// copy for each is as cheap.
const shareFrom = 512

// Content is what follows the first frame of a message that many get, each with a first frame of his own.
// A large one is copied into libzmq once, and not once for each. The zero value is an empty Content. Its
// methods may be called from several goroutines, but for Set and Release.
type Content struct {
	frames [][]byte

	mu     sync.Mutex // libzmq counts references without any lock
	shared sharedFrames
}

// Set gives a Content its frames, in place of those that it has. They must not be changed before Release.
func (c *Content) Set(frames ...[]byte) {
	c.Release()
	c.frames = frames
	size := 0
	for _, f := range frames {
		size += len(f)
	}
	if size >= shareFrom {
		c.shared = newSharedFrames(frames)
	}
}

// Release frees the memory that libzmq does not need any more, and leaves c empty.
func (c *Content) Release() {
	c.frames = nil
	c.shared.free()
	c.shared = sharedFrames{}
}

// SendContent is Send(first, …) with the frames of c.
func (s *Socket) SendContent(first []byte, c *Content) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.raw == 0 || c.shared.c == nil {
		return s.send(first, c.frames)
	}
	if err := s.sendable(len(c.frames)); err != nil {
		return err
	}
	c.mu.Lock()
	err := s.raw.sendShared(first, c.shared)
	c.mu.Unlock()
	s.settle()
	return err
}
