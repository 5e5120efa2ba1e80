package core

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/gozre/zre/internal/codec/zremsg"
	"github.com/gozre/zre/internal/curve"
	"github.com/gozre/zre/internal/endpoint"
)

// script is what is left of the octets that drive a conversation. When it is used
// up it gives zeros.
type script []byte

func (s *script) octet() byte {
	if len(*s) == 0 {
		return 0
	}
	b := (*s)[0]
	*s = (*s)[1:]
	return b
}

func (s *script) take(n int) []byte {
	n = min(n, len(*s))
	b := (*s)[:n]
	*s = (*s)[n:]
	return b
}

// cast are the nodes that a script may speak for.
const cast = 6

type actor struct {
	id   uuid.UUID
	key  curve.Key
	seq  uint16
	host byte
}

// stage is a core and the nodes around it.
type stage struct {
	*auditor
	actors [cast]actor
	gone   []*auditLink // closed by the core; the transport may not know yet
	dead   []*auditConn // likewise
}

func (a *actor) addr(n byte) netip.Addr {
	return netip.AddrFrom4([4]byte{10, 0, 0, a.host + n%2*100})
}

func (a *actor) endpoint(port byte) endpoint.Endpoint {
	return endpoint.At(a.addr(port>>4), 41000+uint16(port%4)*2738, a.key)
}

func newStage(t *testing.T, secure bool) *stage {
	var key curve.Key
	if secure {
		key = ownKey
	}
	s := &stage{auditor: newAuditor(t, cast-2, key)}
	for i := range s.actors {
		// Some of them on one host.
		s.actors[i] = actor{id: uuid.UUID{byte(i * 40), 1}, host: byte(2 + i/2)}
		if secure { // and some with one key
			s.actors[i].key = curve.Key{1, byte(i / 3)}
		}
	}
	return s
}

// keyOf is the key that the actor is said to have, now and then the one of another.
func (s *stage) keyOf(a *actor, n byte) curve.Key {
	if n%8 == 7 {
		return s.actors[n/8%cast].key
	}
	return a.key
}

// check looks at everything, and remembers what the core has closed.
func (s *stage) check() {
	for _, l := range s.links {
		if l.ended {
			s.gone = append(s.gone, l)
		}
	}
	for _, ac := range s.conns {
		if ac.closed {
			s.dead = append(s.dead, ac)
		}
	}
	s.auditor.check()
}

// operations are what an octet can ask for, besides the actor.
var operations = []func(s *stage, a *actor, in *script){
	(*stage).tick, (*stage).tick, (*stage).beacon, (*stage).discovered,
	(*stage).hello, (*stage).hello, (*stage).inOrder, (*stage).inOrder, (*stage).inOrder,
	(*stage).outOfOrder, (*stage).octets, (*stage).group, (*stage).group, (*stage).rare,
	(*stage).fail, (*stage).wrap, (*stage).accept, (*stage).accept, (*stage).connDown,
	(*stage).linkUp, (*stage).linkLeads, (*stage).linkRetry, (*stage).linkDown, (*stage).run,
	(*stage).late,
}

// step does what the next octets say.
func (s *stage) step(in *script) {
	n := in.octet()
	operations[int(n)/cast%len(operations)](s, &s.actors[n%cast], in)
}

func (s *stage) tick(_ *actor, in *script) {
	arg := in.octet()
	s.now += time.Duration(arg) * 50 * time.Millisecond
	s.core.Tick(s.now, arg%16 == 15)
}

func (s *stage) beacon(a *actor, in *script) {
	arg := in.octet()
	port := []uint16{41000, 41000 + uint16(arg%4)*2738, 0}[arg%3]
	s.core.Beacon(s.now, a.id, a.addr(arg>>4), port, s.keyOf(a, arg>>2))
}

func (s *stage) discovered(a *actor, in *script) {
	arg := in.octet()
	to := a.endpoint(arg)
	to.Key = s.keyOf(a, arg>>2)
	s.core.Discovered(s.now, a.id, to)
}

func (s *stage) hello(a *actor, in *script) {
	arg := in.octet()
	h := &zremsg.Hello{Sequence: 1, Endpoint: a.endpoint(arg).String(), Status: arg, Name: fmt.Sprint("n", arg%3)}
	if key := s.keyOf(a, arg>>3); !key.IsZero() {
		h.Headers = map[string]string{KeyHeader: key.String()}
	}
	for g := range arg % 4 {
		h.Groups = append(h.Groups, fmt.Sprint("g", g))
	}
	a.seq = 1
	s.say(a, arg, h)
}

func (s *stage) inOrder(a *actor, in *script) {
	a.seq++
	arg := in.octet()
	s.say(a, arg, s.line(a.seq, arg))
}

func (s *stage) outOfOrder(a *actor, in *script) {
	arg := in.octet()
	s.say(a, arg, s.line(a.seq+uint16(arg), in.octet()))
}

func (s *stage) octets(a *actor, in *script) {
	arg := in.octet()
	header := in.take(int(arg) % 40)
	if arg%4 == 0 { // sound up to the sequence
		a.seq++
		header = append(binary.BigEndian.AppendUint16([]byte{0xAA, 0xA1, in.octet(), 2}, a.seq), header...)
	}
	s.receive(a, arg, header)
}

func (s *stage) group(_ *actor, in *script) {
	arg := in.octet()
	if group := fmt.Sprint([]string{"o", "g"}[arg>>4%2], arg%5); arg&8 == 0 {
		s.core.Join(group)
	} else {
		s.core.Leave(group)
	}
}

func (s *stage) rare(a *actor, in *script) {
	switch arg := in.octet(); arg % 4 {
	case 0:
		s.core.Contest(fmt.Sprint("g", arg>>4%5))
	case 1:
		s.now += time.Duration(arg) * time.Second
		s.core.Hear(s.now, time.Duration(arg)*time.Second)
	case 2:
		s.keeps = !s.keeps
	case 3:
		if len(s.core.static) < 3 {
			s.core.AddStatic(s.now, a.endpoint(arg>>2))
		}
	}
}

func (s *stage) fail(a *actor, in *script) {
	arg := in.octet()
	if arg%8 == 7 { // a new key
		a.key = s.keyOf(a, arg)
	}
	if p := s.core.peers.get(a.id); p != nil {
		if l := p.link.(*auditLink); l.up && l.failed == 0 {
			l.failed = []Reason{ReasonFailed, ReasonOverload}[arg%2]
		}
	}
}

// wrap goes near the end of the numbers.
func (s *stage) wrap(a *actor, in *script) {
	a.seq = uint16(in.octet()) - 3
	if p := s.core.peers.get(a.id); p != nil {
		p.sequence = a.seq
	}
}
