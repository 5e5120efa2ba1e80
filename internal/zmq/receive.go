package zmq

import "math"

// Receive waits until there is a message, then takes all that are there, up to what the batch holds. The
// wait costs no thread. It returns ErrClosed after Close, also when it was waiting.
func (s *Socket) Receive(b *Batch) error {
	s.receiving.Lock()
	defer s.receiving.Unlock()
	b.reset()

	s.mu.Lock()
	done, err := s.take(b)
	if !done && s.inbox == nil {
		s.inbox, err = s.newParker(s.lookForMessages)
		done = err != nil
	}
	s.mu.Unlock()
	if done {
		return err
	}

	s.batch, s.result = b, nil
	defer func() { s.batch = nil }()
	if err := s.inbox.park(); err != nil {
		return err
	}
	return s.result
}

// lookForMessages runs in the goroutine of Receive while that is parked, each time that ZMQ_FD tells of a
// change. It says whether Receive is to return.
func (s *Socket) lookForMessages() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	done, err := s.take(s.batch)
	s.result = err
	return done
}

// take drains libzmq's queue into b, with mu held. When nothing was there, it gives false, and marks
// Receive as parked: from now on, who calls libzmq looks after it.
func (s *Socket) take(b *Batch) (done bool, err error) {
	s.parked = false
	if s.closed {
		return true, ErrClosed
	}
	if s.raw == 0 {
		err = s.drainPlain(b)
	} else {
		err = s.drain(b)
	}
	s.settle() // Somebody may be waiting for room.
	if err != nil {
		return true, err
	}
	if b.Len() > 0 {
		return true, nil
	}
	s.parked = true
	return false, nil
}

// drain receives through the shim, until the batch is full or libzmq's queue is empty.
func (s *Socket) drain(b *Batch) error {
	if s.rx.c == nil {
		rx, err := newReceiver()
		if err != nil {
			return err
		}
		s.rx = rx
	}
	if b.Heads > 0 && b.passage == nil {
		b.passage = make([]byte, passageSize)
	}
	var own []byte // for the frame in hand, if it is a large one
	for {
		room := b.room()
		if room == 0 {
			return nil
		}
		why, err := s.rx.drain(s.raw, own != nil, b.slab, b.passage[b.passed:], b.Heads, min(room, math.MaxInt32))
		if err != nil {
			return err
		}
		fits := s.collect(b, own)
		own = nil

		switch {
		case !fits:
			err = s.skip()
		case why == reasonEmpty:
			if b.inMessage() { // libzmq hands out whole messages, so this does not happen.
				b.drop()
			}
			return nil
		case why == reasonSpace && b.room() > 0:
			own, err = s.makeRoom(b)
		}
		if err != nil {
			return err
		}
	}
}

// collect adds the frames that the shim has stored to the batch. It gives false when the message under
// way is beyond the limits and has not ended.
func (s *Socket) collect(b *Batch, own []byte) bool {
	slab, off := b.slab, 0
	over := false // what comes is the rest of a message that is beyond the limits
	for i := range s.rx.count() {
		size, passing, last := s.rx.frame(i)
		frame := own
		switch {
		case own != nil:
		case passing:
			frame = b.passage[b.passed : b.passed+size : b.passed+size]
			b.passed += size
		default:
			frame = slab[off : off+size : off+size]
			off += size
		}
		if over { // It is not the first frame, so not the large one either.
			over = !last
			continue
		}
		b.add(frame, own != nil)
		own = nil
		switch {
		case b.frames() > MaxFrames || b.size > s.limit:
			b.drop()
			s.refused.Add(1)
			over = !last
		case last:
			b.end()
		}
	}
	b.slab = slab[off:]
	return !over
}

// makeRoom gets memory for the frame in hand: a buffer of its own, which it returns, or a new slab.
func (s *Socket) makeRoom(b *Batch) (own []byte, err error) {
	need := s.rx.need()
	if b.size+int64(need) > s.limit {
		b.drop()
		s.refused.Add(1)
		return nil, s.skip()
	}
	if need >= ownBuffer {
		return s.rx.clone(), nil
	}
	b.newSlab(need)
	return nil, nil
}

// skip throws away the rest of a message that was dropped.
func (s *Socket) skip() error {
	err := s.rx.skip(s.raw)
	if err == ErrWouldBlock {
		return nil
	}
	return err
}
