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

// The time of a session does not count for the time that a peer has to greet again.
func TestGreetingAfterLongSession(t *testing.T) {
	d := newDesk(t)
	d.from(friend, hello(friendText))
	for seq := range uint16(60) {
		d.from(friend, &zremsg.Ping{Sequence: 2 + seq})
		d.pass(1)
	}
	d.from(friend, &zremsg.Ping{Sequence: 100})
	d.pass(20)
	if d.peer(friend) == nil {
		t.Fatal("it is forgotten")
	}
	d.pass(10)
	if d.peer(friend) != nil {
		t.Error("it is not forgotten")
	}
}
