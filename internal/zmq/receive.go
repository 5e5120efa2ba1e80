package zmq

import "math"

// Receive waits until there is a message, then takes all that are there, up to what the batch holds. The
// wait costs a thread for some milliseconds at most (see wait). It returns ErrClosed after Close, also when it was waiting,
// and without a message after Interrupt.
func (s *Socket) Receive(b *Batch) error {
	s.receiving.Lock()
	defer s.receiving.Unlock()
	b.reset()
	inbox, err := s.inboxParker()
	if err != nil {
		return err
	}
	// To look first and park then would ask libzmq twice when nothing is there. To park looks first.
	s.batch, s.result = b, nil
	defer func() { s.batch = nil }()
	how := s.pace.next(b.Idle)
	s.pace.begin()
	for s.spent = true; s.spent; {
		b.reset() // What was refused has filled it.
		if err := inbox.park(how); err != nil {
			return err
		}
	}
	if b.Len() == 0 {
		s.pace = pace{} // It was not the network that ended this wait.
	} else {
		s.pace.end(b.Len())
	}
	return s.result
}

// inboxParker gives the parker of Receive, made when it is first needed: a process may have thousands of
// sockets that only send.
func (s *Socket) inboxParker() (parker, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var err error
	switch {
	case s.closed:
		return nil, ErrClosed
	case s.inbox == nil:
		s.inbox, err = s.newParker(s.lookForMessages)
	}
	return s.inbox, err
}

// Interrupt has Receive return, the one that waits or else the next one. It waits for a call into libzmq that is under way,
// but not for messages. A Receive that waits in the kernel (see wait) may take 4 ms to return.
func (s *Socket) Interrupt() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.interrupted = true
	if s.parked {
		s.parked = false
		s.inbox.wake()
	}
}

// lookForMessages runs in the goroutine of Receive while that is parked, each time that ZMQ_FD tells of a
// change. It says whether Receive is to return.
func (s *Socket) lookForMessages() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	done, err := s.take(s.batch)
	s.result = err
	s.spent = done && err == nil && s.batch.Len() == 0
	if s.interrupted {
		s.interrupted, s.parked, s.spent, done = false, false, false, true
	}
	return done
}

// take drains libzmq's queue into b, with mu held. When nothing was there, it gives false, and marks
// Receive as parked: from now on, who calls libzmq looks after it. A batch may be full of what was refused, with
// no message in it.
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
	if err != nil {
		return true, err
	}
	if b.Len() > 0 || b.room() == 0 {
		return true, nil
	}
	s.parked = true
	return false, nil
}

// drain receives through the shim, until the batch is full or libzmq's queue is empty.
func (s *Socket) drain(b *Batch) error {
	if s.rx.c == nil {
		rx, err := newReceiver(s.zap != nil)
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

// collect adds the frames that the shim has stored to the batch; own is the first, if it is not nil, and the
// others lie in the slab or in the passage. It gives false when the message under way is beyond the limits
// and has not ended.
func (s *Socket) collect(b *Batch, own []byte) bool {
	over := false // what comes is the rest of a message that is beyond the limits
	slab, passage := b.slab, b.passage[b.passed:]
	for _, f := range s.rx.frames() {
		frame, size := own, int(f&^(moreFollows|passing))
		switch {
		case own != nil:
		case f&passing != 0:
			frame, passage = passage[:size:size], passage[size:]
			b.passed += size
		default:
			frame, slab = slab[:size:size], slab[size:]
		}
		last := f&moreFollows == 0
		if !over {
			b.add(frame, own != nil)
			own = nil
			if b.within(s.limit) {
				if last {
					b.end()
				}
				continue
			}
			b.drop()
			s.refused.Add(1)
		}
		over = !last
	}
	b.slab = slab
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
		return s.rx.appendFrame(s.pile.take(need)), nil
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
