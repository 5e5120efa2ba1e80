package core

import (
	"net/netip"
	"testing"
	"time"

	"github.com/gozre/zre/internal/codec/zremsg"
)

var strangerHost = netip.MustParseAddr("10.0.0.66")

// contested is a desk with a ready peer and a second connection with its identity.
func contested(t *testing.T, from netip.Addr) (d *desk, rival *deskConn) {
	d = newDesk(t)
	d.from(friend, hello(friendText))
	d.pass(2)
	d.from(friend, &zremsg.PingOK{Sequence: 2})
	d.pass(1)
	d.log = nil
	return d, d.connect(friend, from)
}

// A second connection with the identity of a peer that lives waits, for as long as the
// peer answers; what it says is not heard.
func TestRivalWaits(t *testing.T) {
	d, rival := contested(t, strangerHost)
	rival.say(hello("tcp://10.0.0.66:41000"))
	rival.say(&zremsg.Goodbye{Sequence: 2})
	if !rival.conn.Waits() || d.links[0].pings != 1 {
		t.Fatalf("it waits %v, the peer is asked %d times", rival.conn.Waits(), d.links[0].pings)
	}
	for i := range 29 {
		d.tick(500 * time.Millisecond)
		d.conns[0].say(&zremsg.PingOK{Sequence: uint16(3 + i)})
		d.tick(500 * time.Millisecond)
	}
	if rival.closed || d.conns[0].closed {
		t.Fatalf("closed: the second one %v, the first one %v", rival.closed, d.conns[0].closed)
	}
	d.conns[0].say(&zremsg.PingOK{Sequence: 32})
	d.pass(1)
	d.wantLog()
	if !rival.closed || d.conns[0].closed || d.peer(friend).rival != nil {
		t.Errorf("after DeadPeriod, closed: the second one %v, the first one %v",
			rival.closed, d.conns[0].closed)
	}
	if got := d.core.Stats().Conflicts; got != 1 {
		t.Errorf("%d conflicts are counted", got)
	}
}

// It is let in when the first one is closed, or does not answer a PING for a second.
func TestRivalIsLetIn(t *testing.T) {
	t.Run("the first one is closed", func(t *testing.T) {
		d, rival := contested(t, friendHost)
		rival.say(&zremsg.Whisper{Sequence: 3}, "y")
		d.wantLog()
		d.conns[0].end()
		d.wantLog("WHISPER y") // It has connected again, and goes on.
		if d.peer(friend).conn != rival.conn || rival.closed {
			t.Error("the second one has not its place")
		}
	})
	t.Run("the first one is silent", func(t *testing.T) {
		d, rival := contested(t, friendHost)
		rival.say(hello(friendText))
		d.tick(rivalPatience - 1)
		d.wantLog()
		if d.conns[0].closed {
			t.Fatal("the first one is closed early")
		}
		d.tick(1)
		d.wantLog("EXIT friendrestarted", "ENTER friend")
		if !d.conns[0].closed || rival.closed {
			t.Error("the second one has not its place")
		}
	})
	// While a connection waits its end is not read. It takes nobody's place.
	t.Run("the first one is silent, and the second one has ended", func(t *testing.T) {
		d, rival := contested(t, friendHost)
		rival.end()
		d.tick(rivalPatience)
		if d.conns[0].closed || !rival.closed || d.peer(friend).rival != nil {
			t.Errorf("closed: the first one %v, the second one %v", d.conns[0].closed, rival.closed)
		}
		d.wantLog()
	})
	t.Run("the first one answers late", func(t *testing.T) {
		d, rival := contested(t, friendHost)
		d.tick(time.Second - 1)
		d.conns[0].say(&zremsg.Whisper{Sequence: 3})
		d.tick(1) // the next PING
		d.tick(rivalPatience - 1)
		if d.conns[0].closed {
			t.Fatal("the first one is closed early")
		}
		d.tick(1)
		if !d.conns[0].closed || rival.closed {
			t.Error("the second one has not its place")
		}
	})
	// It is not the one that was there, connected again, but what the peer has dialed for an
	// earlier process at our endpoint. Its number fits by accident.
	t.Run("the first one is silent, and the second one goes on", func(t *testing.T) {
		d, rival := contested(t, friendHost)
		rival.say(&zremsg.PingOK{Sequence: 3})
		answered := d.links[0].acks
		d.tick(rivalPatience)
		d.wantLog("EXIT friendsequence gap")
		if d.links[0].acks != answered {
			t.Error("its answer counts")
		}
		rival.say(hello(friendText))
		rival.say(&zremsg.Whisper{Sequence: 2}, "y")
		d.wantLog("EXIT friendsequence gap", "ENTER friend", "WHISPER y")
	})
	t.Run("the first one is silent, and the second one from another address goes on", func(t *testing.T) {
		d, rival := contested(t, strangerHost)
		rival.say(&zremsg.Whisper{Sequence: 3}, "y")
		d.tick(rivalPatience)
		d.wantLog("WHISPER y")
	})
	t.Run("the first one lives and is closed, and the second one goes on", func(t *testing.T) {
		d, rival := contested(t, friendHost)
		rival.say(&zremsg.PingOK{Sequence: 4})
		d.tick(time.Second)
		d.conns[0].say(&zremsg.PingOK{Sequence: 3})
		answered := d.links[0].acks
		d.conns[0].end()
		d.wantLog("EXIT friendsequence gap")
		if d.links[0].acks != answered {
			t.Error("its answer counts")
		}
	})
	t.Run("the second one is closed", func(t *testing.T) {
		d, rival := contested(t, friendHost)
		rival.cut()
		d.pass(3)
		if d.conns[0].closed || d.peer(friend).rival != nil {
			t.Error("the first one is closed")
		}
	})
}

// One connection waits at most: that which comes from where the peer is known to be
// goes first.
func TestRivals(t *testing.T) {
	for _, c := range []struct {
		name          string
		first, second netip.Addr
		want          int // which one waits then
	}{
		{"two strangers", strangerHost, netip.MustParseAddr("10.0.0.67"), 1},
		{"a stranger, then from the peer's host", strangerHost, friendHost, 2},
		{"from the peer's host, then a stranger", friendHost, strangerHost, 1},
		{"two from the peer's host", friendHost, friendHost, 1},
	} {
		d, first := contested(t, c.first)
		second := d.accept(identity(friend), [32]byte{}, c.second)
		waits := 1
		if second != nil && d.peer(friend).rival == second.conn {
			waits = 2
		}
		if waits != c.want || first.closed != (c.want == 2) {
			t.Errorf("%s: number %d waits, the first one is closed %v", c.name, waits, first.closed)
		}
		d.conns[0].say(&zremsg.Whisper{Sequence: 3}, "y")
		d.wantLog("WHISPER y")
	}
}

// A second connection waits also while the session begins again: a stranger gains
// nothing from a gap.
func TestRivalAfterGap(t *testing.T) {
	d, rival := contested(t, strangerHost)
	rival.say(hello("tcp://10.0.0.66:41000"))
	d.conns[0].say(&zremsg.Whisper{Sequence: 9})
	d.tick(rivalPatience / 2)
	d.conns[0].say(hello(friendText))
	d.conns[0].say(&zremsg.PingOK{Sequence: 2})
	d.wantLog("EXIT friendsequence gap", "ENTER friend")
	if !rival.conn.Waits() || rival.closed {
		t.Error("the stranger does not wait any more")
	}
	// A newcomer waits as well while the peer greets again.
	rival.cut()
	d.conns[0].say(&zremsg.Whisper{Sequence: 9})
	late := d.connect(friend, strangerHost)
	late.say(hello("tcp://10.0.0.66:41000"))
	if d.conns[0].closed || !late.conn.Waits() {
		t.Error("a newcomer does not wait")
	}
	// If the peer stays silent the other one is let in.
	d.tick(rivalPatience)
	if !d.conns[0].closed || late.conn.Waits() ||
		d.peer(friend).helloEndpoint != at("10.0.0.66:41000") {
		t.Error("the silent one has still its place")
	}
}

// A peer that could not be reached has connected again when it can: there is one ENTER.
func TestRivalOfConnecting(t *testing.T) {
	d := newDesk(t)
	d.slow = true
	d.connect(friend, friendHost).say(hello(friendText, "a"))
	again := d.connect(friend, friendHost)
	again.say(hello(friendText, "b"))
	again.say(&zremsg.Whisper{Sequence: 2}, "y")
	d.wantLog()
	d.linkUp(d.links[0])
	d.wantLog("ENTER friend", "JOIN friendb", "WHISPER y")
	if !d.conns[0].closed || again.closed {
		t.Error("the old connection is open, or the new one is closed")
	}
}

// A connection that the peer has given up may be accepted after the one in its place, on a host that
// is busy. It takes nobody's place when the link comes up.
func TestEndedRivalOfConnecting(t *testing.T) {
	d := newDesk(t)
	d.slow = true
	d.connect(friend, friendHost).say(hello(friendText, "a"))
	d.connect(friend, friendHost).end()
	d.linkUp(d.links[0])
	d.conns[0].say(&zremsg.Whisper{Sequence: 2}, "y")
	d.wantLog("ENTER friend", "JOIN frienda", "WHISPER y")
	if d.conns[0].closed || !d.conns[1].closed {
		t.Errorf("closed: the first one %v, the second one %v", d.conns[0].closed, d.conns[1].closed)
	}
}

// Nor does it keep out the one that the peer has made in its place, or take the place of the one that ends.
func TestEndedRivalKeepsNobodyOut(t *testing.T) {
	d, given := contested(t, friendHost)
	given.end()
	live := d.connect(friend, friendHost)
	if live.closed || !given.closed {
		t.Fatalf("closed: the second one %v, the third one %v", given.closed, live.closed)
	}
	live.end()
	d.conns[0].end()
	if !live.closed {
		t.Error("one that has ended takes the place of the first")
	}
}

// The end of a connection that waits for the link leaves a peer that has yet to greet.
func TestConnectingEnds(t *testing.T) {
	d := newDesk(t)
	d.slow = true
	d.from(friend, hello(friendText))
	d.conns[0].cut()
	if p := d.peer(friend); p.State() != Greeting || p.conn != nil {
		t.Fatalf("it is %v", p.State())
	}
	d.linkUp(d.links[0])
	d.wantLog()
	d.from(friend, hello(friendText))
	d.wantLog("ENTER friend")
}

// It is let in sooner when it comes from another host, and not even the system of the first
// one's host acknowledges the PING: the host has another address now.
func TestRivalOfAMovedPeer(t *testing.T) {
	for _, c := range []struct {
		name       string
		from       netip.Addr
		unreceived bool
		want       time.Duration
	}{
		{"nothing is acknowledged", strangerHost, true, goneHost},
		{"it comes from the same host", friendHost, true, rivalPatience},
		{"the PING is acknowledged, and not answered", strangerHost, false, rivalPatience},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, rival := contested(t, c.from)
			d.links[0].unreceived = c.unreceived
			d.peer(friend).trip = roundTrip{smoothed: time.Millisecond}
			d.tick(c.want - 1)
			if d.conns[0].closed {
				t.Fatal("the first one is closed early")
			}
			d.tick(1)
			if !d.conns[0].closed || rival.closed {
				t.Error("the second one has not its place")
			}
		})
	}
}
