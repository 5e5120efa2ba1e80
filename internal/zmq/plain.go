package zmq

import zmq4 "github.com/pebbe/zmq4"

// This is the way through pebbe's calls, frame by frame.

// sendPlain does what the shim's zre_send functions do. It copies each frame to the socket's own buffer
// first: what is handed to pebbe escapes to the heap, and with it all that is ever handed to Send would.
func (s *Socket) sendPlain(first []byte, rest [][]byte) error {
	if err := s.putPlain(first, 0, len(rest) > 0); err != nil {
		return err
	}
	for i, f := range rest {
		if err := s.putPlain(f, i+1, i < len(rest)-1); err != nil {
			return err
		}
	}
	return nil
}

func (s *Socket) putPlain(frame []byte, at int, more bool) error {
	flags := zmq4.DONTWAIT
	if more {
		flags |= zmq4.SNDMORE
	}
	s.pack.buf = append(s.pack.buf[:0], frame...)
	_, err := s.zs.SendBytes(s.pack.buf, flags)
	if err == nil {
		return nil
	}
	if at > 0 && more {
		// libzmq has taken the message back and drops its other frames, up to the last: this one.
		// That it is dropped too is no news, so its result is not looked at.
		_, _ = s.zs.SendBytes(nil, zmq4.DONTWAIT)
	}
	return mapped(err)
}

// drainPlain receives until the batch is full or libzmq's queue is empty.
func (s *Socket) drainPlain(b *Batch) error {
	for b.room() > 0 {
		over := false
		for at, more := 0, true; more; at++ {
			frame, key, err := s.recvPlain(at)
			if err = mapped(err); err != nil {
				if b.inMessage() { // libzmq hands out whole messages, so this does not happen.
					b.drop()
				}
				if err == ErrWouldBlock {
					return nil
				}
				return err
			}
			if more, err = s.zs.GetRcvmore(); err != nil {
				return mapped(err)
			}
			if over {
				continue
			}
			if s.zap != nil && at == 1 {
				b.add(key, true)
			}
			b.add(frame, true) // pebbe makes memory for each frame, large or small.
			if !b.within(s.limit) {
				b.drop()
				s.refused.Add(1)
				over = true
			}
		}
		if !over {
			b.end()
		}
	}
	return nil
}

// recvPlain receives the at-th frame of a message, and with the second one the proven key.
func (s *Socket) recvPlain(at int) (frame, key []byte, err error) {
	if s.zap == nil || at != 1 {
		frame, err = s.zs.RecvBytes(zmq4.DONTWAIT)
		return frame, nil, err
	}
	frame, named, err := s.zs.RecvBytesWithMetadata(zmq4.DONTWAIT, userID)
	return frame, []byte(named[userID]), err
}

// userID is the property of a message that names its sender as the ZAP handler did.
const userID = "User-Id"
