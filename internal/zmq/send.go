package zmq

import zmq4 "github.com/pebbe/zmq4"

// Send queues one message, all of its frames or none, and never blocks. It keeps nothing of what it is
// given. On a ROUTER the first frame is the identity of the peer.
//
// ErrWouldBlock: the queue is full (DEALER; ROUTER with Mandatory). ErrNoRoute: there is no such peer
// (ROUTER with Mandatory). ErrNoFrames: nothing came after the identity. ErrClosed: the socket is closed.
func (s *Socket) Send(first []byte, rest ...[]byte) error {
	s.mu.Lock()
	err := s.send(first, rest)
	s.mu.Unlock()
	return err
}

// send is Send with mu held.
func (s *Socket) send(first []byte, rest [][]byte) error {
	err := s.put(first, rest)
	if !s.closed {
		s.settle()
	}
	return err
}

// put is send without looking afterwards after a goroutine that is parked.
func (s *Socket) put(first []byte, rest [][]byte) error {
	err := s.sendable(len(rest))
	if err != nil {
		return err
	}
	switch {
	case s.raw == 0:
		err = s.sendPlain(first, rest)
	case len(rest) == 0:
		err = s.raw.send1(first)
	case len(rest) == 1:
		err = s.raw.send2(first, rest[0])
	default:
		err = s.sendMany(first, rest)
	}
	return err
}

// sendable tells whether a message with that many frames after the first may be sent at all.
func (s *Socket) sendable(rest int) error {
	switch {
	case s.closed:
		return ErrClosed
	case s.kind == zmq4.ROUTER && rest == 0:
		return ErrNoFrames
	}
	return nil
}

// sendMany sends three frames or more.
func (s *Socket) sendMany(first []byte, rest [][]byte) error {
	size := len(first)
	for _, f := range rest {
		size += len(f)
	}
	if size <= packed {
		s.pack.reset()
		s.pack.add(first)
		for _, f := range rest {
			s.pack.add(f)
		}
		return s.raw.sendPacked(&s.pack)
	}
	if err := s.raw.sendFrame(first, 0, true); err != nil {
		return err
	}
	for i, f := range rest {
		if err := s.raw.sendFrame(f, i+1, i < len(rest)-1); err != nil {
			return err
		}
	}
	return nil
}
