package core

import (
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/gozre/zre/internal/codec/zremsg"
	"github.com/gozre/zre/internal/curve"
)

func TestAcceptIdentity(t *testing.T) {
	for _, c := range []struct {
		name     string
		identity []byte
		ok       bool
	}{
		{"1 and a UUID", identity(friend), true},
		{"another first octet", append([]byte{'1'}, friend[:]...), true},
		{"first octet 0", append([]byte{0}, friend[:]...), true},
		{"no identity", nil, false},
		{"UUID alone", friend[:], false},
		{"too long", append(identity(friend), 0), false},
		{"our own", identity(own), false},
	} {
		d := newDesk(t)
		dc := d.accept(c.identity, curve.Key{}, friendHost)
		if (dc != nil) != c.ok {
			t.Errorf("%s: accepted %v, want %v", c.name, dc != nil, c.ok)
		}
		if n := d.core.conns.len(); n != len(d.conns) || d.core.Stats().Refused != uint64(1-n) {
			t.Errorf("%s: %d connections, refused %d", c.name, n, d.core.Stats().Refused)
		}
	}
}

// What happens when one of the two connections of a peer ends, or both.
func TestConnectionLost(t *testing.T) {
	const lost = "EXIT friendconnection lost"
	whisper := func(d *desk, seq uint16) { d.from(friend, &zremsg.Whisper{Sequence: seq}, "y") }
	connDown := func(d *desk) { d.conns[0].end() }
	linkDown := func(d *desk) { d.linkDown(d.links[0]) }
	for _, c := range []struct {
		name   string
		happen func(*desk)
		log    []string // after ENTER
		ends   []string // of the links
	}{
		{"its connection ends and no other one comes", func(d *desk) {
			before := d.links[0].pingsSent()
			connDown(d)
			if d.links[0].pingsSent() != before+1 { // which fails if its process is gone
				d.t.Error("it is not sent a PING")
			}
			d.tick(reconnectGrace - 1)
			d.log = append(d.log, "grace")
			d.tick(1)
		}, []string{"grace", lost}, []string{"reused: connection lost", ""}},
		{"both end when this node has said GOODBYE", func(d *desk) {
			d.core.Goodbye()
			linkDown(d)
			connDown(d)
			d.tick(reconnectGrace)
		}, nil, []string{""}},
		{"both end in the other order then", func(d *desk) {
			d.core.Goodbye()
			connDown(d)
			linkDown(d)
			d.tick(reconnectGrace)
		}, nil, []string{""}},
		{"it connects again and goes on", func(d *desk) {
			connDown(d)
			d.tick(reconnectGrace - 1)
			whisper(d, 2)
			d.pass(3)
		}, []string{"WHISPER y"}, []string{""}},
		{"it connects again, and messages are lost", func(d *desk) {
			connDown(d)
			whisper(d, 3)
		}, []string{"EXIT friendsequence gap"}, []string{"reused: sequence gap", ""}},
		{"it connects again with a HELLO", func(d *desk) {
			connDown(d)
			d.from(friend, hello(friendText))
			d.pass(3)
		}, []string{"EXIT friendrestarted", "ENTER friend"}, []string{""}},
		{"the link ends, and its last messages arrive", func(d *desk) {
			linkDown(d)
			d.tick(lastWords - 1)
			whisper(d, 2)
			d.tick(lastWords - 1)
			whisper(d, 3)
			connDown(d)
		}, []string{"WHISPER y", "WHISPER y", lost}, []string{"connection lost", ""}},
		{"the link ends, and nothing more arrives", func(d *desk) {
			linkDown(d)
			d.tick(lastWords - 1)
			d.log = append(d.log, "last words")
			d.tick(1)
		}, []string{"last words", lost}, []string{"connection lost", ""}},
		{"both end", func(d *desk) {
			connDown(d)
			linkDown(d)
		}, []string{lost}, []string{"connection lost", ""}},
		{"a link notices before LinkDown", func(d *desk) {
			d.links[0].failed = ReasonFailed
			d.tick(time.Millisecond)
			whisper(d, 2)
			connDown(d)
			d.links[0].down = true
			d.core.LinkDown(d.now, d.links[0])
		}, []string{"WHISPER y", lost}, []string{"connection lost", ""}},
		{"it leaves by beacon, and its connection ends", func(d *desk) {
			d.core.Beacon(d.now, friend, friendHost, 0, curve.Key{})
			whisper(d, 2)
			connDown(d)
		}, []string{"WHISPER y", "EXIT friendgoodbye"}, []string{"goodbye"}},
		{"its link ends, and it leaves by beacon", func(d *desk) {
			linkDown(d)
			d.core.Beacon(d.now, friend, friendHost, 0, curve.Key{})
			whisper(d, 2)
			connDown(d)
		}, []string{"WHISPER y", "EXIT friendgoodbye"}, []string{"goodbye"}},
		{"it is about to go and greets", func(d *desk) {
			linkDown(d)
			d.from(friend, hello(friendText))
		}, []string{"EXIT friendrestarted", "ENTER friend"}, []string{"restarted", ""}},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := newDesk(t)
			d.from(friend, hello(friendText))
			d.pass(2)
			d.log = nil
			c.happen(d)
			d.wantLog(c.log...)
			if got := d.ends(); !slices.Equal(got, c.ends) {
				t.Errorf("links ended by %q, want %q", got, c.ends)
			}
		})
	}
}

// Connections without a HELLO are closed after DeadPeriod, and bounded.
func TestConnectionsWithoutHello(t *testing.T) {
	d := newDesk(t)
	d.connect(friend, friendHost).say(hello(friendText))
	for i := range 100 {
		d.connect(uuid.UUID{9, byte(i)}, friendHost).say(&zremsg.Ping{Sequence: 2})
	}
	for seq := range uint16(29) {
		d.from(friend, &zremsg.Ping{Sequence: 2 + seq})
		d.pass(1)
	}
	if _, conns := d.open(); conns != 101 {
		t.Errorf("%d connections are open before DeadPeriod", conns)
	}
	d.from(friend, &zremsg.Ping{Sequence: 31})
	d.pass(1)
	if _, conns := d.open(); conns != 1 || d.conns[0].closed {
		t.Errorf("%d connections are open", conns)
	}
	// Their number is bounded.
	accepted := 0
	for i := range 3000 {
		if d.accept(identity(uuid.UUID{8, byte(i >> 8), byte(i)}), curve.Key{}, netip.Addr{}) != nil {
			accepted++
		}
	}
	if want := 2*d.core.cfg.MaxPeers + maxStrangers - 1; accepted != want {
		t.Errorf("%d connections were accepted, want %d", accepted, want)
	}
}

// A HELLO on a second connection of a peer that has one is refused: it connected before
// the peer was known.
func TestHelloOnSecondConnection(t *testing.T) {
	d := newDesk(t)
	early := d.connect(friend, netip.MustParseAddr("10.0.0.9"))
	d.connect(friend, friendHost).say(hello(friendText))
	early.say(&zremsg.Whisper{Sequence: 2}, "not of the session")
	early.say(hello("tcp://10.0.0.9:41000"))
	d.conns[1].say(&zremsg.Whisper{Sequence: 2}, "y")
	d.wantLog("ENTER friend", "WHISPER y")
	// What is read from a connection after it was closed is nothing.
	before := d.core.Stats().Unexpected
	early.say(hello("tcp://10.0.0.9:41000"))
	d.conns[1].end()
	early.say(hello("tcp://10.0.0.9:41000"))
	if d.core.Stats().Unexpected != before+2 || d.peer(friend).conn != nil {
		t.Errorf("%+v", d.core.Stats())
	}
	if !early.closed || d.conns[1].closed || d.core.Stats().Refused != 1 {
		t.Errorf("closed %v, %v; refused %d",
			early.closed, d.conns[1].closed, d.core.Stats().Refused)
	}
}
