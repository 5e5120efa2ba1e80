package main

import "context"

// settling makes sure, once, that it is known who is there. It belongs to the goroutine that
// runs commands. A nil one, that of a terminal, does nothing: the user sees who is there.
type settling struct {
	settle func(ctx context.Context) error
	say    func(err error)

	done bool
	err  error // who was not reached
	sent bool  // something was sent since
}

// wait waits until it is known who is there, and says who was not reached.
func (s *settling) wait(ctx context.Context) {
	if s == nil || s.done {
		return
	}
	s.done = true
	if s.err = s.settle(ctx); s.err != nil {
		s.say(s.err)
	}
}

// beforeSending is wait for a command that sends: those who were not reached do not get it.
func (s *settling) beforeSending(ctx context.Context) {
	if s == nil {
		return
	}
	s.wait(ctx)
	s.sent = true
}

// failed reports whether somebody was not reached by what was sent.
func (s *settling) failed() bool { return s != nil && s.sent && s.err != nil }
