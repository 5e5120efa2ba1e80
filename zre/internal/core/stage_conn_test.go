package core

import (
	"fmt"
	"net/netip"

	"github.com/gozre/zre/internal/codec/zremsg"
)

func (s *stage) accept(a *actor, in *script) {
	arg := in.octet()
	id := identity(a.id)
	if arg%16 == 15 {
		id = id[:arg%17]
	}
	if arg%3 == 2 && len(id) > 0 {
		id[0] = '1'
	}
	from := a.addr(arg >> 3)
	if arg%32 == 9 {
		from = netip.Addr{} // within the process
	}
	ac := &auditConn{a: s.auditor, key: s.keyOf(a, arg>>2)}
	if ac.conn = s.core.Accept(s.now, id, ac.key, from, ac); ac.conn != nil {
		s.conns = append(s.conns, ac)
	}
}

// connection returns one of the actor's open connections, nil if it has none. The
// last one is the most likely.
func (s *stage) connection(a *actor, n byte) *auditConn {
	var found []*auditConn
	for i := len(s.conns) - 1; i >= 0; i-- {
		if ac := s.conns[i]; ac.conn.id == a.id {
			found = append(found, ac)
		}
	}
	switch {
	case len(found) == 0:
		return nil
	case n%4 == 3:
		return found[int(n/4)%len(found)]
	}
	return found[0]
}

func (s *stage) connDown(a *actor, in *script) {
	if ac := s.connection(a, in.octet()); ac != nil {
		ac.down = true
		s.core.ConnDown(s.now, ac.conn)
	}
}

// link returns an open link that is up or not.
func (s *stage) link(n byte, up bool) *auditLink {
	var found []*auditLink
	for _, l := range s.links {
		if !l.ended && l.up == up && !l.down {
			found = append(found, l)
		}
	}
	if len(found) == 0 {
		return nil
	}
	return found[int(n)%len(found)]
}

func (s *stage) linkUp(_ *actor, in *script) {
	if l := s.link(in.octet(), false); l != nil {
		l.up = true
		s.core.LinkUp(s.now, l)
	}
}

// linkLeads lets a link come up whose other end says which node it is.
func (s *stage) linkLeads(a *actor, in *script) {
	if l := s.link(in.octet(), false); l != nil {
		s.core.LinkLeadsTo(s.now, l, identity(a.id))
		if !l.ended {
			l.up = true
			s.core.LinkUp(s.now, l)
		}
	}
}

func (s *stage) linkRetry(_ *actor, in *script) {
	n := in.octet()
	if l := s.link(n>>1, false); l != nil {
		s.core.LinkRetry(s.now, l, n%2 == 1)
	}
}

func (s *stage) linkDown(_ *actor, in *script) {
	if l := s.link(in.octet(), true); l != nil {
		l.down = true
		s.core.LinkDown(s.now, l)
	}
}

// late calls the core for a link or a connection that it has closed.
func (s *stage) late(a *actor, in *script) {
	n := in.octet()
	if len(s.gone) > 0 {
		l := s.gone[int(n>>3)%len(s.gone)]
		switch n % 8 {
		case 0:
			s.core.LinkUp(s.now, l)
		case 1, 2:
			s.core.LinkRetry(s.now, l, n%8 == 1)
		case 3:
			s.core.LinkDown(s.now, l)
		case 4:
			s.core.LinkLeadsTo(s.now, l, append([]byte{1}, a.id[:]...))
		}
	}
	if len(s.dead) > 0 {
		ac := s.dead[int(n>>3)%len(s.dead)]
		switch n % 8 {
		case 4:
			s.core.ConnDown(s.now, ac.conn)
		case 5:
			s.core.Receive(s.now, ac.conn, []byte{0xAA, 0xA1, 2, 2, 0, 2}, nil)
		case 7:
			header, err := (&zremsg.Hello{Sequence: 1, Endpoint: friendText}).AppendTo(nil)
			if err != nil {
				s.t.Fatal(err)
			}
			s.core.Receive(s.now, ac.conn, header, nil)
		case 6:
			if s.core.ReceiveRun(s.now, ac.conn, Run{First: 2, Last: 3, Messages: 2}) != nil {
				s.t.Fatal("data of a closed connection")
			}
		}
	}
}

// run lets a run of data arrive.
func (s *stage) run(a *actor, in *script) {
	n := in.octet()
	ac := s.connection(a, n>>3)
	if ac == nil || ac.conn.Waits() {
		return
	}
	r := Run{First: a.seq + 1, Messages: 1 + int(n%7)}
	r.Last = a.seq + uint16(r.Messages)
	a.seq = r.Last
	s.on = ac
	if l := s.core.ReceiveRun(s.now, ac.conn, r); l != nil {
		s.data(l)
	}
}

// line is a message by its number.
func (s *stage) line(seq uint16, n byte) zremsg.Message {
	group := fmt.Sprint("g", n>>4%5)
	switch n % 9 {
	case 0:
		return &zremsg.Whisper{Sequence: seq}
	case 1:
		return &zremsg.Shout{Sequence: seq, Group: group}
	case 2:
		return &zremsg.Join{Sequence: seq, Group: group, Status: n}
	case 3:
		return &zremsg.Leave{Sequence: seq, Group: group, Status: n}
	case 4:
		return &zremsg.Ping{Sequence: seq}
	case 5:
		return &zremsg.PingOK{Sequence: seq}
	case 6:
		return &zremsg.Elect{Sequence: seq, Group: group, ChallengerID: s.someID(n)}
	case 7:
		return &zremsg.Leader{Sequence: seq, Group: group, LeaderID: s.someID(n)}
	}
	return &zremsg.Goodbye{Sequence: seq}
}

// someID is the UUID of a node of the stage, or nearly one.
func (s *stage) someID(n byte) string {
	if n%7 == 6 {
		return "no UUID"
	}
	if n%7 == 5 {
		return wireID(own)
	}
	return wireID(s.actors[n%7%cast].id)
}

func (s *stage) say(a *actor, n byte, m zremsg.Message) {
	header, err := m.AppendTo(nil)
	if err != nil {
		s.t.Fatal(err)
	}
	s.receive(a, n, header)
}

// receive lets a message arrive on a connection of the actor, if it has one that
// does not wait.
func (s *stage) receive(a *actor, n byte, header []byte) {
	ac := s.connection(a, n>>2)
	if ac == nil || ac.conn.Waits() {
		return
	}
	s.on = ac
	s.core.Receive(s.now, ac.conn, header, [][]byte{{1}})
}
