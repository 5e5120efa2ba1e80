package zmq

import (
	"context"

	zmq4 "github.com/pebbe/zmq4"
)

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
