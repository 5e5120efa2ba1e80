package core

import (
	"slices"
	"strings"
	"testing"

	"github.com/gozre/zre/internal/codec/zremsg"
)

// A peer that is heard in its second session, and does not hear us, is greeted on
// other connections; its own session goes on.
func TestReconnectToDeafPeer(t *testing.T) {
	const unheard = "EXIT frienddoes not hear us"
	for _, c := range []struct {
		name   string
		proven bool // it has answered a PING on the connection before
		cut    int  // seconds that it was not heard after that
		answer int  // the second from which on it answers, -1 for never
		ends   []string
	}{
		{"never answers", false, 0, -1, []string{"does not hear us", "does not hear us", "does not hear us", ""}},
		{"answers at once", false, 0, 0, []string{""}},
		{"answers after a new connection", false, 0, 5, []string{"does not hear us", ""}},
		{"has answered just before", true, 0, -1, []string{"reused: restarted", "does not hear us", "does not hear us", "does not hear us", ""}},
		{"has answered before a cut", true, 12, -1, []string{"reused: restarted", "does not hear us", "does not hear us", ""}},
		{"has answered before a cut, and answers late", true, 12, 12, []string{"reused: restarted", ""}},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := newDesk(t)
			d.from(friend, hello(friendText))
			d.pass(1)
			if c.proven {
				d.from(friend, &zremsg.PingOK{Sequence: 2})
			}
			d.pass(1 + c.cut)
			d.from(friend, hello(friendText, "a"))
			d.log = nil
			d.pass(2)
			for second := range 30 {
				seq := uint16(2 + second)
				if c.answer >= 0 && second >= c.answer {
					d.from(friend, &zremsg.PingOK{Sequence: seq})
				} else {
					d.from(friend, &zremsg.Ping{Sequence: seq})
				}
				d.pass(1)
			}
			d.from(friend, &zremsg.Whisper{Sequence: 32}, "y")
			if got := d.ends(); !slices.Equal(got, c.ends) {
				t.Errorf("links ended by %q, want %q", got, c.ends)
			}
			var want []string
			for _, end := range c.ends {
				if end == "does not hear us" {
					want = append(want, unheard, "ENTER friend", "JOIN frienda")
				}
			}
			d.wantLog(append(want, "WHISPER y")...)
			for _, l := range d.links {
				if !strings.HasPrefix(l.kinds(), "HELLO ") {
					t.Errorf("sent %s", l.kinds())
				}
			}
		})
	}
	// In the first session it is up to the peer whether it reads.
	d := newDesk(t)
	d.from(friend, hello(friendText))
	for seq := range uint16(20) {
		d.from(friend, &zremsg.Ping{Sequence: seq + 2})
		d.pass(1)
	}
	d.wantLog("ENTER friend")
}

// PING-OKs that may be late are no answer, but no silence either: there is no further
// connection while they come.
func TestLateAnswersAreNoSilence(t *testing.T) {
	d := newDesk(t)
	d.from(friend, hello(friendText))
	d.pass(2)
	d.from(friend, hello(friendText))
	d.links[0].late = 15
	for seq := range uint16(14) {
		d.from(friend, &zremsg.PingOK{Sequence: 2 + seq})
		d.pass(1)
	}
	if d.peer(friend).answered {
		t.Error("a late answer counts")
	}
	for seq := range uint16(5) {
		d.from(friend, &zremsg.PingOK{Sequence: 16 + seq})
		d.pass(1)
	}
	if got := d.ends(); !slices.Equal(got, []string{""}) || !d.peer(friend).answered {
		t.Errorf("links ended by %q; it has answered %v", got, d.peer(friend).answered)
	}
}

// A PING-OK that answers a PING of an earlier connection is no answer on this one.
func TestLateAnswer(t *testing.T) {
	for _, late := range []bool{false, true} {
		d := newDesk(t)
		d.from(friend, hello(friendText))
		d.pass(2)
		d.from(friend, hello(friendText))
		d.pass(2)
		for seq := range uint16(4) { // hears nothing of us: a new connection
			d.from(friend, &zremsg.Ping{Sequence: 2 + seq})
			d.pass(1)
		}
		d.pass(1)
		if got := d.ends(); !slices.Equal(got, []string{"does not hear us", ""}) {
			t.Fatalf("links ended by %q", got)
		}
		if d.links[1].late == 0 {
			t.Fatal("no PING of the old connection is unanswered")
		}
		if !late {
			d.links[1].late = 0
		}
		d.from(friend, &zremsg.PingOK{Sequence: 6})
		if answered := d.peer(friend).answered; answered == late {
			t.Errorf("late %v: the peer has answered %v", late, answered)
		}
		d.log = nil
		for seq := range uint16(10) {
			d.from(friend, &zremsg.Ping{Sequence: 7 + seq})
			d.pass(1)
		}
		if heals := slices.Contains(d.log, "EXIT frienddoes not hear us"); heals != late {
			t.Errorf("late %v: events %q", late, d.log)
		}
	}
}

// A HELLO says that the answers to earlier PINGs on the connection have come.
func TestSynced(t *testing.T) {
	d := newDesk(t)
	d.from(friend, hello(friendText))
	d.pass(1)
	d.from(friend, &zremsg.PingOK{Sequence: 2})
	d.links[0].Send(&zremsg.Ping{})
	d.from(friend, &zremsg.Ping{Sequence: 9}) // a gap
	if d.links[1].late != 1 {
		t.Fatalf("%d PINGs may be answered late", d.links[1].late)
	}
	d.from(friend, hello(friendText))
	if d.links[1].late != 0 {
		t.Error("an answer is still expected")
	}
}

// A peer that is deaf is greeted on a bounded number of connections.
func TestReconnectIsBounded(t *testing.T) {
	d := newDesk(t)
	d.from(friend, hello(friendText))
	d.pass(2)
	d.from(friend, hello(friendText))
	before := d.links[0].pingsSent()
	for seq := range uint16(600) {
		d.from(friend, &zremsg.Ping{Sequence: 2 + seq})
		d.pass(1)
		// It is asked all the time.
		if n := d.links[0].pingsSent() - before; seq == 2 && n < 2 {
			t.Errorf("%d PINGs in three seconds", n)
		}
	}
	if n := len(d.links); n != 1+maxNewConns {
		t.Errorf("%d links", n)
	}
}

// A peer that has not been heard for long has time to answer when it is heard again.
func TestReconnectAfterPause(t *testing.T) {
	d := newDesk(t)
	d.from(friend, hello(friendText))
	d.pass(2)
	d.from(friend, hello(friendText))
	d.pass(2)
	d.log = nil
	d.from(friend, &zremsg.Ping{Sequence: 2})
	d.pass(12)
	d.wantLog("EVASIVE friend")
	d.log = nil
	d.from(friend, &zremsg.Ping{Sequence: 3})
	d.pass(2)
	d.from(friend, &zremsg.PingOK{Sequence: 4})
	d.pass(2)
	d.wantLog()
}

// A peer whose connection ends while it is greeted on a new one has the usual time to
// come back.
func TestReconnectWithoutConnection(t *testing.T) {
	d := newDesk(t)
	d.from(friend, hello(friendText))
	d.pass(2)
	d.from(friend, hello(friendText))
	d.pass(2)
	d.log = nil
	d.from(friend, &zremsg.Ping{Sequence: 2})
	d.now += retryAfter
	d.from(friend, &zremsg.Ping{Sequence: 3})
	d.conns[0].end()
	d.tick(reconnectGrace / 2)
	d.wantLog("EXIT frienddoes not hear us", "ENTER friend")
	d.tick(reconnectGrace)
	d.wantLog("EXIT frienddoes not hear us", "ENTER friend", "EXIT friendconnection lost")
}

func TestAnswersAfterHail(t *testing.T) {
	d := newDesk(t)
	d.from(friend, hello(friendText))
	d.pass(2)
	d.from(friend, hello(friendText))
	d.pass(2)
	seq := uint16(1)
	say := func(m zremsg.Message) {
		seq++
		m.SetHeaderSequence(seq)
		d.from(friend, m)
	}
	for range 4 { // hears nothing of us: a new connection
		say(&zremsg.Ping{})
		d.pass(1)
	}
	if got := d.ends(); !slices.Equal(got, []string{"does not hear us", ""}) {
		t.Fatalf("links ended by %q", got)
	}
	l := d.links[1]
	l.late = 1000 // there was much to be acknowledged
	for range 4 {
		sent := l.pings
		d.pass(1)
		if l.pings == sent {
			t.Fatalf("no PING is sent after %d answers", l.taken)
		}
		for range 2 { // late ones would come together
			say(&zremsg.PingOK{})
		}
	}
	if d.peer(friend).answered {
		t.Fatal("late answers count")
	}
	for range 4 {
		d.pass(1)
		say(&zremsg.PingOK{})
	}
	if !d.peer(friend).answered || l.acks == 0 {
		t.Errorf("answered %v, %d answers count", d.peer(friend).answered, l.acks)
	}
	l.Send(&zremsg.Ping{})
	sent := l.pings
	say(&zremsg.PingOK{})
	if l.pings != sent-1 {
		t.Error("a further answer does not count")
	}
}
