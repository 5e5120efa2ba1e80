package zmq

import "time"

// parker suspends a goroutine until libzmq may have something for it.
type parker interface {
	// park calls the parker's look until that says true: at once, and again whenever ZMQ_FD tells of a
	// change or wake was called. It gives ErrClosed after close, also when it was parked. How says what
	// to do before the goroutine parks.
	park(how wait) error
	// wake makes park look again. It may be called at any time and does not block.
	wake()
	// close ends park, and waits until the goroutine has left it.
	close() error
}

// newParker makes a parker for this socket; mu is held.
func (s *Socket) newParker(look func() bool) (parker, error) {
	if !s.timed {
		if p, err := newNetParker(s.zs, look); p != nil || err != nil {
			return p, err
		}
	}
	return newTimedParker(look), nil
}

// timedParker looks from time to time. It serves systems whose ZMQ_FD is nothing for Go's netpoller.
type timedParker struct {
	look  func() bool
	again chan struct{} // capacity 1: a wake that came during look is not lost
	done  chan struct{}
}

// The pause between two looks grows from the first to the second of these while nothing happens.
const (
	shortPause = 100 * time.Microsecond
	longPause  = 10 * time.Millisecond
)

func newTimedParker(look func() bool) *timedParker {
	return &timedParker{look: look, again: make(chan struct{}, 1), done: make(chan struct{})}
}

func (p *timedParker) park(wait) error {
	pause := shortPause
	timer := time.NewTimer(pause)
	defer timer.Stop()
	for !p.look() {
		select {
		case <-timer.C:
			pause = min(2*pause, longPause)
		case <-p.again:
			pause = shortPause
		case <-p.done:
			return ErrClosed
		}
		timer.Reset(pause)
	}
	return nil
}

func (p *timedParker) wake() {
	select {
	case p.again <- struct{}{}:
	default:
	}
}

func (p *timedParker) close() error {
	close(p.done)
	return nil
}
