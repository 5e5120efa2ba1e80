package core

import (
	"net/netip"
	"time"
)

// simStream is an established connection. Messages arrive in order, each after a
// delay. Each end learns of the end of the other one behind what was sent before, or
// in place of it.
type simStream struct {
	w            *world
	dial         *simDial
	from, to     *process
	in           receiver // at the accepting side, nil before that knows of it
	queue        []simMessage
	moving       bool
	dialerOpen   bool          // as the dialing side knows
	acceptorOpen bool          // as the accepting side knows
	upAt         time.Duration // when the dialing side knows that the handshake is complete
	lastAt       time.Duration // when what was sent last arrives, on a slow line
}

// receiver is what the accepting side does with a connection.
type receiver interface {
	receive(m simMessage)
	ended()
}

// accepted hands the connection to the process that has accepted it.
func (s *simStream) accepted() {
	s.to.do(func() {
		if !s.acceptorOpen {
			return
		}
		if s.in = s.to.server.accept(s); s.in == nil {
			s.w.logf("%s refuses a connection of %s", s.to.name, s.from.name)
			s.closeByAcceptor()
			return
		}
		s.move()
	})
}

func (s *simStream) send(m simMessage) {
	s.queue = append(s.queue, s.timed(m, 0))
	s.move()
}

// move delivers the first message of the queue after a while, then the next.
func (s *simStream) move() {
	if s.moving || len(s.queue) == 0 || s.in == nil {
		return
	}
	s.moving = true
	if at := s.queue[0].at; at != 0 {
		s.w.after(max(0, at-s.w.now), func() {
			if s.moving = false; s.acceptorOpen {
				s.arrive()
			}
		})
		return
	}
	s.w.packet(s.from.host(), s.to.host(), func() bool { return s.acceptorOpen }, s.arrive)
}

func (s *simStream) arrive() {
	s.moving = false
	if len(s.queue) == 0 {
		return // It was dropped meanwhile.
	}
	m := s.queue[0]
	s.queue = s.queue[1:]
	if m.last {
		s.acceptorEnds()
		return
	}
	s.to.do(func() { s.in.receive(m) })
	s.move()
}

// closeByDialer ends the connection after what was sent, or without it: what is in
// flight when a process ends may still arrive.
func (s *simStream) closeByDialer() {
	if !s.dialerOpen {
		return
	}
	s.dialerOpen = false
	if s.w.rand.IntN(2) == 0 {
		s.queue = nil
	}
	if s.w.now < s.upAt { // Nothing was sent yet.
		s.queue, s.lastAt = nil, 0
	}
	if s.acceptorOpen {
		s.send(simMessage{last: true})
	}
	s.forget()
}

// closeByAcceptor ends the connection on the side that has accepted it.
func (s *simStream) closeByAcceptor() {
	if !s.acceptorOpen {
		return
	}
	s.acceptorOpen = false
	s.w.packet(s.to.host(), s.from.host(), func() bool { return s.dialerOpen }, s.dialerEnds)
	s.forget()
}

// acceptorEnds tells the accepting side of the end.
func (s *simStream) acceptorEnds() {
	if s.in == nil {
		s.acceptorOpen = false
		s.forget()
		return
	}
	s.to.do(func() {
		if s.acceptorOpen {
			s.acceptorOpen = false
			s.forget()
			s.in.ended()
		}
	})
}

// dialerEnds tells the dialing side of the end.
func (s *simStream) dialerEnds() {
	s.dialerOpen = false
	rest := s.queue
	s.queue = nil
	s.forget()
	if s.dial.stream == s {
		s.dial.ended(rest)
	}
}

// crosses reports whether the connection needs the line.
func (s *simStream) crosses(from, to netip.Addr) bool {
	a, b := s.from.host(), s.to.host()
	return a == from && b == to || a == to && b == from
}

// keepAliveFails ends the connection at the ends that ask whether the other one is
// still there.
func (s *simStream) keepAliveFails() {
	if s.acceptorOpen && s.keepsAlive(s.to) {
		s.w.after(s.w.some(s.w.delay), func() {
			if s.acceptorOpen {
				s.acceptorEnds()
				s.reset()
			}
		})
	}
	if s.dialerOpen && s.keepsAlive(s.from) {
		s.w.after(s.w.some(s.w.delay), func() {
			if s.dialerOpen {
				s.dialerEnds()
			}
		})
	}
}

// breaks ends the connection at both sides, and what is in flight is lost.
func (s *simStream) breaks() {
	s.w.after(s.w.some(s.w.delay), func() {
		if s.acceptorOpen {
			s.acceptorEnds()
		}
	})
	s.w.after(s.w.some(s.w.delay), func() {
		if s.dialerOpen {
			s.dialerEnds()
		}
	})
}

func (s *simStream) keepsAlive(p *process) bool { return !p.libzmq }

// lose handles that a host is switched off: its end is gone without a word. The other
// end finds out by keep-alive, or when it sends something and the host is back.
func (s *simStream) lose(host netip.Addr) {
	if s.from.host() == host && s.dialerOpen {
		s.dialerOpen = false
		s.queue = nil
		s.w.after(keepAliveEnds, func() {
			if s.acceptorOpen && s.keepsAlive(s.to) {
				s.acceptorEnds()
			}
		})
	}
	if s.to.host() == host && s.acceptorOpen {
		s.acceptorOpen = false
		s.queue = nil
		s.reset()
	}
	s.forget()
}

// reset tells the dialing side, as soon as the host is back, that it does not know
// the connection any more.
func (s *simStream) reset() {
	begun := s.w.now
	var try func()
	try = func() {
		back := s.w.hosts[s.to.host()] && !s.w.isCut(s.from.host(), s.to.host()) &&
			!s.w.isCut(s.to.host(), s.from.host())
		late := s.w.now-begun >= keepAliveEnds && s.keepsAlive(s.from)
		switch {
		case !s.dialerOpen:
		case back && len(s.queue) > 0, late:
			s.dialerEnds()
		default:
			s.w.after(firstRetransmission, try)
		}
	}
	s.w.after(firstRetransmission, try)
}

// forget takes a connection that has ended at both sides out of the tables.
func (s *simStream) forget() {
	if !s.acceptorOpen {
		for i, other := range s.to.accepts {
			if other == s {
				s.to.accepts = append(s.to.accepts[:i:i], s.to.accepts[i+1:]...)
				break
			}
		}
	}
	if s.acceptorOpen || s.dialerOpen {
		return
	}
	for i, other := range s.w.streams {
		if other == s {
			s.w.streams = append(s.w.streams[:i:i], s.w.streams[i+1:]...)
			break
		}
	}
}

// openStreams returns the connections that are open at one end at least.
func (w *world) openStreams() []*simStream { return append([]*simStream(nil), w.streams...) }
