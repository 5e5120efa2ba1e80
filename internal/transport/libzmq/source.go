//go:build libzmq

package libzmq

import (
	"sync/atomic"

	zmq4 "github.com/pebbe/zmq4"

	"github.com/gozre/zre/internal/transport"
)

const (
	mostHeld     = 1 << 20 // octets in the queues of a socket, above which it is not read
	mostReceived = 500     // messages that are read from a socket at once
)

// source is a socket that messages are read from.
type source struct {
	t      *Transport
	socket *zmq4.Socket
	watch  *watch
	room   bool // the loop waits for room to send

	read func() // reads it

	held   atomic.Int64 // octets that Handlers have not taken
	paused atomic.Bool  // it is not read until they have
}

// setEvents makes the loop wait for what the source needs.
func (s *source) setEvents() {
	if s.watch == nil {
		return // It was closed.
	}
	var events zmq4.State
	if !s.paused.Load() {
		events |= zmq4.POLLIN
	}
	if s.room {
		events |= zmq4.POLLOUT
	}
	s.t.want(s.watch, events)
}

// resume reads the source again.
func (s *source) resume() {
	s.setEvents()
	if s.watch != nil {
		s.read()
	}
}

// setRoom makes the loop wait, or not, for room to send.
func (s *source) setRoom(room bool) {
	if s.room != room {
		s.room = room
		s.setEvents()
	}
}

// full reports whether the source must not be read now. It is read again when enough
// was taken.
func (s *source) full() bool {
	if s.held.Load() < mostHeld {
		return false
	}
	s.paused.Store(true)
	// A Handler may have returned in between, and not seen that.
	if s.held.Load() < mostHeld && s.paused.CompareAndSwap(true, false) {
		return false
	}
	s.setEvents()
	return true
}

// taken says that Handlers have taken octets.
func (s *source) taken(octets int64) {
	if s.held.Add(-octets) < mostHeld && s.paused.CompareAndSwap(true, false) {
		s.t.post(s.resume)
	}
}

// rest reads the frames after the first one of a message. It reports false if the
// message is beyond the limits.
func (s *source) rest(first []byte) (m transport.Message, ok bool, err error) {
	l := &s.t.cfg.Limits
	m.First = first
	octets := int64(len(first)) + frameCost
	ok = len(first) <= l.MaxFirst && octets <= l.MaxMessage
	for {
		more, err := s.socket.GetRcvmore()
		if err != nil || !more {
			return m, ok, err
		}
		f, err := s.socket.RecvBytes(zmq4.DONTWAIT) // A message is there as a whole.
		if err != nil {
			return m, false, err
		}
		octets += int64(len(f)) + frameCost
		if ok = ok && octets <= l.MaxMessage && len(m.Rest)+2 <= l.MaxFrames; ok {
			m.Rest = append(m.Rest, f)
		}
	}
}

// frameCost is the number of octets that a frame counts on top: see transport.Limits.
const frameCost = 24
