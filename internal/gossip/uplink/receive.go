package uplink

import (
	"time"

	"github.com/gozre/zre/internal/codec/zgossipmsg"
	"github.com/gozre/zre/internal/gossip/wire"
)

// Receive handles one message. The frames are not kept. An error says that it is no message
// of the protocol, and was dropped.
func (s *Session) Receive(now time.Time, frame []byte, rest ...[]byte) error {
	if !s.up {
		return nil // the last messages of a connection that is being replaced
	}
	// haskell-zre's server puts the identity of the receiver before each message.
	named := len(rest) == 1
	if named {
		frame = rest[0]
	} else if len(rest) > 1 {
		s.Refused++
		return ErrMessage
	}
	msg, trailer := wire.Split(frame)
	m, err := s.decoder.Decode(msg)
	if err != nil {
		s.Refused++
		return err
	}
	s.heard = now
	if named && s.kind == Unknown && !s.foundZre() {
		return nil
	}
	switch m := m.(type) {
	case *zgossipmsg.Publish:
		return s.publish(m, trailer, named)
	case *zgossipmsg.Pong:
		return s.pong(now, trailer, named)
	case *zgossipmsg.Ping:
		mark, beats, err := wire.ParsePing(trailer)
		if err != nil {
			s.Refused++
			return err
		}
		if mark.Role == wire.RoleServer && len(beats) > 0 {
			s.handler.Beats(beats)
		}
	case *zgossipmsg.Invalid:
		if !s.fencing {
			s.fencing = true
			s.ping(now)
			s.fence = s.pings
		}
	case *zgossipmsg.Hello: // a server of ours that wants to be told everything again
		if s.kind == Ours && s.ready {
			s.handler.Ready(Ours)
		}
	}
	return nil
}

// foundZre handles the first message of two frames. It reports whether the session goes on.
// A node first connects again with its UUID as identity.
func (s *Session) foundZre() bool {
	if s.cfg.Key != "" && !s.named {
		s.reopen(true)
		return false
	}
	s.begin(Zre)
	return true
}

func (s *Session) pong(now time.Time, trailer []byte, named bool) error {
	mark, beats, err := wire.ParsePing(trailer)
	if err != nil {
		s.Refused++
		return err
	}
	s.pongs++
	if len(beats) > 0 && mark.Role == wire.RoleServer {
		s.handler.Beats(beats)
	}
	switch {
	case s.kind == Zre && named: // Newer servers of haskell-zre answer PINGs.
	case s.kind == Zre:
		s.reopen(false) // One frame: this is another server, at the same address.
	case mark.Role == wire.RoleServer && mark.ID == s.cfg.Mark.ID:
		s.end()
		s.handler.Self()
	case s.fencing && s.pongs >= s.fence:
		s.fencing = false
		s.send(&zgossipmsg.Hello{})
		s.greeted = now
		if s.kind != Unknown {
			s.begin(s.kind)
		}
	case s.kind == Unknown && mark.Role == wire.RoleServer:
		s.begin(Ours)
	case s.kind == Unknown && s.pongs >= 2 && !s.fencing:
		s.begin(Czmq)
	}
	return nil
}

func (s *Session) publish(m *zgossipmsg.Publish, trailer []byte, raw bool) error {
	t := Tuple{Value: m.Value, TTL: time.Duration(m.TTL) * time.Millisecond}
	if raw {
		t.TTL = time.Duration(m.TTL) * time.Second
	}
	var err error
	if t.Key, err = wire.CanonicalKey(m.Key, raw || !wire.Printable(m.Key)); err != nil {
		s.Refused++
		return err
	}
	if len(trailer) > 0 {
		p, err := wire.ParseProvenance(trailer)
		if err != nil {
			s.Refused++
			return err
		}
		t.Provenance = &p
	}
	s.handler.Publish(t)
	return nil
}
