package core

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gozre/zre/internal/codec/zremsg"
	"github.com/gozre/zre/internal/curve"
)

// ends says how each link was closed.
func (d *desk) ends() (ends []string) {
	for _, l := range d.links {
		if end := l.closed.String(); l.over {
			ends = append(ends, "reused: "+end)
		} else {
			ends = append(ends, end)
		}
	}
	return ends
}

// A session that begins again between the same two nodes uses the connection of the
// link again: a node that ignores a second connection of one identity would not hear
// a new one.
func TestNewSessionReusesConnection(t *testing.T) {
	for _, c := range []struct {
		name   string
		silent bool // it does not answer the first PING
		happen func(*desk)
		ends   []string
	}{
		{"second HELLO", false, func(d *desk) { d.from(friend, hello(friendText)) }, []string{"reused: restarted", ""}},
		{"gap", false, func(d *desk) { d.from(friend, &zremsg.Ping{Sequence: 9}) }, []string{"reused: sequence gap", ""}},
		{"its connection ends", false, func(d *desk) {
			d.conns[0].end()
			d.pass(2)
		}, []string{"reused: connection lost", ""}},
		{"HELLO from another endpoint", false, func(d *desk) { d.from(friend, hello("tcp://10.0.0.2:41001")) }, []string{"restarted", ""}},
		{"HELLO of an evasive peer", false, func(d *desk) {
			d.pass(8)
			d.from(friend, hello(friendText))
		}, []string{"reused: restarted", ""}},
		{"third HELLO with an answer before", false, func(d *desk) {
			d.from(friend, hello(friendText))
			d.pass(1)
			d.from(friend, &zremsg.PingOK{Sequence: 2})
			d.pass(4)
			d.from(friend, hello(friendText))
		}, []string{"reused: restarted", "reused: restarted", ""}},
		{"third HELLO after a PING without an answer", false, func(d *desk) {
			d.from(friend, hello(friendText))
			d.pass(2)
			d.from(friend, hello(friendText))
		}, []string{"reused: restarted", ""}},
		{"third HELLO, and no PING was ever answered", true, func(d *desk) {
			d.from(friend, &zremsg.Ping{Sequence: 9})
			d.from(friend, hello(friendText))
			d.pass(2)
			d.from(friend, hello(friendText))
		}, []string{"reused: sequence gap", "restarted", ""}},
		{"second HELLO, and the first PING is not answered", true, func(d *desk) { d.from(friend, hello(friendText)) }, []string{""}},
		{"second HELLO, and the link is down", false, func(d *desk) {
			d.linkDown(d.links[0])
			d.from(friend, hello(friendText))
		}, []string{"restarted", ""}},
		{"second HELLO, and Reopen fails", false, func(d *desk) {
			d.keeps = true
			d.from(friend, hello(friendText))
		}, []string{"restarted", ""}},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := newDesk(t)
			d.from(friend, hello(friendText))
			d.pass(1)
			if !c.silent {
				d.from(friend, &zremsg.PingOK{Sequence: 2})
			}
			d.pass(1)
			c.happen(d)
			for _, l := range d.links {
				if !strings.HasPrefix(l.kinds(), "HELLO ") {
					t.Errorf("sent %s", l.kinds())
				}
			}
			if got := d.ends(); !slices.Equal(got, c.ends) {
				t.Errorf("links ended by %q, want %q", got, c.ends)
			}
		})
	}
}

// A HELLO that comes shortly after ours is the answer to it: it is not answered
// again, or two nodes would go on for ever.
func TestHelloCrossesOurs(t *testing.T) {
	d := newDesk(t)
	d.from(friend, hello(friendText))
	d.from(friend, hello(friendText)) // within answerWithin
	d.wantLog("ENTER friend", "EXIT friendrestarted", "ENTER friend")
	if got := d.ends(); !slices.Equal(got, []string{""}) || d.links[0].kinds() != "HELLO " {
		t.Errorf("links ended by %q, the first one sent %s", got, d.links[0].kinds())
	}
	// One that has answered a PING had received our HELLO before.
	d.now += time.Second
	d.core.Tick(d.now, false)
	d.from(friend, &zremsg.PingOK{Sequence: 2})
	d.from(friend, hello(friendText))
	if got := d.ends(); !slices.Equal(got, []string{"reused: restarted", ""}) {
		t.Errorf("links ended by %q", got)
	}
}

// So it is when the peer was found at another endpoint before, and its new HELLO names
// the one that our link goes to.
func TestHelloNamesEndpointOfLink(t *testing.T) {
	d := newDesk(t)
	d.core.Beacon(d.now, friend, friendHost, 41000, curve.Key{})
	dc := d.connect(friend, friendHost)
	dc.say(hello("tcp://10.9.0.2:41000")) // one that it is not reached at
	dc.say(hello(friendText))
	d.wantLog("ENTER friend", "EXIT friendrestarted", "ENTER friend")
	if got := d.ends(); !slices.Equal(got, []string{""}) {
		t.Errorf("links ended by %q", got)
	}
}

// A node is dialed where it is most likely reached.
func TestReachable(t *testing.T) {
	const found, named = "10.0.0.9:1", "10.0.0.2:2"
	for _, c := range []struct{ found, named, remote, want string }{
		{found, named, "10.0.0.9", found},
		{found, named, "10.0.0.2", named},
		{found, named, "10.0.0.3", found}, // perhaps address translation
		{found, named, "", found},         // within the process
		// Loopback leads to this host only.
		{"127.0.0.1:1", named, "10.0.0.2", named},
		{"127.0.0.1:1", named, "10.0.0.3", "10.0.0.3:2"},
		{"127.0.0.1:1", named, "127.0.0.2", "127.0.0.1:1"},
		{found, named, "127.0.0.1", "127.0.0.1:2"},
	} {
		conn := &Conn{}
		if c.remote != "" {
			conn.remote = netip.MustParseAddr(c.remote)
		}
		if got := newDesk(t).core.reachable(at(c.found), at(c.named), conn); got != at(c.want) {
			t.Errorf("found at %s, names %s, connects from %s: dialed at %v, want %s",
				c.found, c.named, c.remote, got, c.want)
		}
	}
}

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

// A peer that received nothing of the earlier session, and hears the new one, does not
// answer the PINGs of the earlier one. Its answers come one by one, and count.
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
