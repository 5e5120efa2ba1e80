package zmq

import (
	"context"

	zmq4 "github.com/pebbe/zmq4"
)

// Send queues one message, all of its frames or none, and never blocks. It keeps nothing of what it is
// given. On a ROUTER the first frame is the identity of the peer.
//
// ErrWouldBlock: the queue is full (DEALER; ROUTER with Mandatory). ErrNoRoute: there is no such peer
// (ROUTER with Mandatory). ErrNoFrames: nothing came after the identity. ErrClosed: the socket is closed.
func (s *Socket) Send(first []byte, rest ...[]byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.send(first, rest)
}

func (s *Socket) send(first []byte, rest [][]byte) error {
	if s.closed {
		return ErrClosed
	}
	if s.kind == zmq4.ROUTER && len(rest) == 0 {
		return ErrNoFrames
	}
	var err error
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
	s.settle()
	return err
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

// WaitRoom returns nil when the queue has room for a message, and otherwise when ctx ends (its cause) or
// the socket is closed (ErrClosed). A queue that was full has room again when half of it is empty. Several
// goroutines may wait at once; all are woken, so a Send after that can still give ErrWouldBlock.
//
// Waiting costs no thread and no polling. A ROUTER has one queue for each peer: there is room if one of
// them has room.
func (s *Socket) WaitRoom(ctx context.Context) error {
	for {
		room, err := s.awaitRoom()
		if room == nil || err != nil {
			return err
		}
		select {
		case <-room:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// awaitRoom gives nil when there is room, or else a channel that is closed when there may be.
func (s *Socket) awaitRoom() (<-chan struct{}, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, ErrClosed
	}
	if s.hasRoom() {
		return nil, nil
	}
	if s.outbox == nil {
		p, err := s.newParker(s.lookForRoom)
		if err != nil {
			return nil, err
		}
		s.outbox = p
	}
	if s.room == nil {
		s.room = make(chan struct{})
	}
	if !s.waiting {
		s.waiting = true
		s.running.Go(func() {
			// It ends when lookForRoom says so, or when Close closes the parker, which has woken all
			// who wait by then; there is nothing left to do with the error.
			_ = s.outbox.park()
		})
	}
	return s.room, nil
}

// hasRoom asks libzmq; mu is held. The question takes in commands, so Receive may have to be woken.
func (s *Socket) hasRoom() bool {
	events, err := s.zs.GetEvents()
	if err == nil && s.parked && events&zmq4.POLLIN != 0 {
		s.parked = false
		s.inbox.wake()
	}
	return err == nil && events&zmq4.POLLOUT != 0
}

// lookForRoom runs in the goroutine behind WaitRoom, each time that ZMQ_FD tells of a change. It says
// whether the goroutine is done.
func (s *Socket) lookForRoom() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed && s.room != nil && !s.hasRoom() {
		return false
	}
	s.openRoom()
	s.waiting = false
	return true
}

// openRoom wakes all who wait for room; mu is held.
func (s *Socket) openRoom() {
	if s.room != nil {
		close(s.room)
		s.room = nil
	}
}
