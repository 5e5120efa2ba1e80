package core

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/gozre/zre/internal/codec/zremsg"
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
	key  string
	seq  uint16
	host byte
}

// stage is a core and the nodes around it.
type stage struct {
	*auditor
	actors [cast]actor
}

func (a *actor) addr(other byte) netip.Addr {
	return netip.AddrFrom4([4]byte{10, 0, 0, a.host + other%2*100})
}

func (a *actor) endpoint(port byte) string {
	return "tcp://" + netip.AddrPortFrom(a.addr(port>>4), 41000+uint16(port%4)*2738).String()
}

func newStage(t *testing.T, secure bool) *stage {
	key := ""
	if secure {
		key = "own"
	}
	s := &stage{auditor: newAuditor(t, cast-2, key)}
	for i := range s.actors {
		// Some of them on one host.
		s.actors[i] = actor{id: uuid.UUID{byte(i * 40), 1}, host: byte(2 + i/2)}
		if secure { // and some with one key
			s.actors[i].key = fmt.Sprint("key", i/3)
		}
	}
	return s
}

// keyOf is the key that is said to be the actor's, which is now and then another's.
func (s *stage) keyOf(a *actor, n byte) string {
	if n%8 == 7 {
		return s.actors[n/8%cast].key
	}
	return a.key
}

// step does what the next octets say.
func (s *stage) step(in *script) {
	op := in.octet()
	a := &s.actors[op%cast]
	arg := in.octet()
	c, now := s.core, s.now
	switch op / cast % 16 {
	case 0, 1:
		s.now += time.Duration(arg) * 50 * time.Millisecond
		c.Tick(s.now, arg%16 == 15)
	case 2:
		c.Beacon(now, a.id, a.addr(arg>>4), []uint16{41000, 41000 + uint16(arg%4)*2738, 0}[arg%3], s.keyOf(a, arg>>2))
	case 3:
		c.Discovered(now, a.id, a.endpoint(arg), s.keyOf(a, arg>>2))
	case 4, 5:
		h := &zremsg.Hello{Sequence: 1, Endpoint: a.endpoint(arg), Status: arg, Name: fmt.Sprint("n", arg%3)}
		if key := s.keyOf(a, arg>>3); key != "" {
			h.Headers = map[string]string{KeyHeader: key}
		}
		for g := range arg % 4 {
			h.Groups = append(h.Groups, fmt.Sprint("g", g))
		}
		a.seq = 1
		s.say(a, h)
	case 6, 7, 8:
		a.seq++
		s.say(a, s.line(a.seq, arg))
	case 9:
		s.say(a, s.line(a.seq+uint16(arg), in.octet()))
	case 10:
		identity := append([]byte{arg}, a.id[:]...)
		header := in.take(int(arg) % 40)
		if arg%4 == 0 { // sound up to the sequence
			a.seq++
			header = append(binary.BigEndian.AppendUint16([]byte{0xAA, 0xA1, in.octet(), 2}, a.seq), header...)
		}
		s.proven = s.keyOf(a, arg>>1)
		c.Receive(now, identity[:len(identity)-int(arg%8/7)], []byte(s.proven), header, nil)
	case 11, 12:
		if group := fmt.Sprint([]string{"o", "g"}[arg>>4%2], arg%5); arg&8 == 0 {
			c.Join(group)
		} else {
			c.Leave(group)
		}
	case 13:
		switch arg % 5 {
		case 4:
			c.Contest(fmt.Sprint("g", arg>>4%5))
		case 0:
			c.Unheard(a.id, a.endpoint(arg>>2))
		case 1:
			s.now += time.Duration(arg) * time.Second
			c.Hear(s.now, time.Duration(arg)*time.Second)
		case 2:
			s.fails = !s.fails
		case 3:
			if len(c.static) < 3 {
				c.AddStatic(now, a.endpoint(arg>>2), a.key)
			}
		}
	case 14:
		if arg%8 == 7 { // a new key
			a.key = s.keyOf(a, arg)
		}
		if p := c.peers[a.id]; p != nil {
			p.link.(*auditLink).failed = ReasonFailed
		}
	case 15:
		a.seq = uint16(arg) - 3 // near the end of the numbers
		if p := c.peers[a.id]; p != nil {
			p.last = a.seq
		}
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

func (s *stage) say(a *actor, m zremsg.Message) {
	header, err := m.AppendTo(nil)
	if err != nil {
		s.t.Fatal(err)
	}
	s.proven = a.key
	s.core.Receive(s.now, append([]byte{1}, a.id[:]...), []byte(a.key), header, [][]byte{{1}})
}

// FuzzConversation lets octets drive what happens to a core: beacons, messages of
// several nodes in and out of sequence, in plain and in secure networks, ticks, own joins, sockets that fail. After
// each step all that the core promises has to hold. When nothing more comes,
// nothing is left.
func FuzzConversation(f *testing.F) {
	op := func(n, actor byte) byte { return n*cast + actor }
	f.Add([]byte{})
	f.Add([]byte{op(2, 0), 0, op(4, 0), 0x02, op(6, 0), 0x12, op(6, 0), 0x04, op(0, 0), 255})
	f.Add([]byte{op(4, 1), 3, op(11, 0), 1, op(6, 1), 4, op(9, 1), 7, 0, op(0, 0), 100, op(4, 1), 3})
	f.Add([]byte{op(4, 2), 0, op(0, 0), 30, op(6, 2), 5, op(4, 2), 0, op(0, 0), 30, op(0, 0), 30, op(0, 0), 30})
	f.Add([]byte{op(13, 3), 3, op(4, 3), 0, op(13, 3), 2, op(9, 3), 9, 1, op(0, 0), 255, op(13, 3), 2})
	f.Add([]byte{op(4, 4), 1, op(15, 4), 1, op(6, 4), 0, op(6, 4), 0, op(6, 4), 0, op(10, 4), 4, 200, op(14, 4), 0, op(11, 0), 9})
	for seed := range uint64(40) {
		random := rand.New(rand.NewPCG(seed, 36))
		octets := make([]byte, 600+seed%2)
		for i := range octets {
			octets[i] = byte(random.Uint32())
		}
		f.Add(octets)
	}
	f.Fuzz(func(t *testing.T, octets []byte) {
		if len(octets) > 4096 {
			t.Skip("long conversations find nothing that short ones do not")
		}
		s := newStage(t, len(octets)%2 == 1)
		for in := script(octets); len(in) > 0; {
			s.step(&in)
			s.check()
		}
		s.core.Goodbye()
		s.check()
		s.fails = false
		for range 200 {
			s.now += time.Second
			s.core.Tick(s.now, false)
			s.check()
		}
		if len(s.core.peers) != 0 || len(s.core.pending) != 0 {
			t.Fatalf("%d peers are left after silence", len(s.core.peers))
		}
	})
}
