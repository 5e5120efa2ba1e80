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

// pings counts the PINGs on a link.
func (l *deskLink) pingsSent() int { return strings.Count(l.kinds(), "PING ") }

// A silent peer is sent PINGs, is told EVASIVE, then SILENT, each once, and is removed.
func TestSilence(t *testing.T) {
	d := newDesk(t)
	d.from(friend, hello(friendText))
	var when []string
	for range 31 * 4 {
		before := len(d.log)
		d.tick(250 * time.Millisecond)
		for _, ev := range d.log[before:] {
			when = append(when, ev+" "+(d.now-time.Hour).String())
		}
	}
	want := []string{"EVASIVE friend 6s", "SILENT friend 17.5s", "EXIT friendexpired 30s"}
	if !slices.Equal(when, want) {
		t.Errorf("events %q, want %q", when, want)
	}
	// One PING in the first second, then one a second after QuietPeriod.
	if n := d.links[0].pingsSent(); n != 1+25 {
		t.Errorf("%d PINGs", n)
	}
	if d.core.Stats().Expired != 1 {
		t.Errorf("%d peers are counted as expired", d.core.Stats().Expired)
	}
	// A message ends the episode, and the next one is told again.
	d = newDesk(t)
	d.from(friend, hello(friendText))
	d.pass(8)
	d.from(friend, &zremsg.Ping{Sequence: 2})
	d.pass(8)
	d.wantLog("ENTER friend", "EVASIVE friend", "EVASIVE friend")
}

// A message may take longer than DeadPeriod to arrive: while parts of it come, its sender is
// neither evasive nor dead, and is sent signs of life. When no more come, it is both.
func TestMessageThatTakesLong(t *testing.T) {
	d := newDesk(t)
	d.from(friend, hello(friendText))
	for range 4 * 100 {
		d.conns[0].parts = true
		d.tick(250 * time.Millisecond)
		d.conns[0].parts = false
	}
	d.wantLog("ENTER friend")
	if n := d.links[0].pingsSent(); n < 100/5 {
		t.Errorf("%d PINGs in 100 s", n)
	}
	d.pass(31)
	d.wantLog("ENTER friend", "EVASIVE friend", "SILENT friend", "EXIT friendexpired")
}

// A peer that is about to go stays until the message has arrived that was arriving.
func TestLastMessageTakesLong(t *testing.T) {
	d := newDesk(t)
	d.from(friend, hello(friendText))
	d.linkDown(d.links[0])
	for range 4 * 100 {
		d.conns[0].parts = true
		d.tick(250 * time.Millisecond)
		d.conns[0].parts = false
	}
	d.from(friend, &zremsg.Whisper{Sequence: 2}, "y")
	d.wantLog("ENTER friend", "WHISPER y")
	d.pass(1)
	d.wantLog("ENTER friend", "WHISPER y", "EXIT friendconnection lost")
}

// A peer that is heard by UDP only is asked now and then, so that it is found dead
// within DeadPeriod. One side of a pair begins.
func TestHeardByBeacons(t *testing.T) {
	for _, c := range []struct {
		lower bool // our UUID is
		first time.Duration
	}{{true, 15 * time.Second}, {false, 17 * time.Second}} {
		d := newDesk(t)
		id := friend
		if !c.lower {
			id[0] = 0
		}
		d.from(id, hello(friendText))
		d.tick(time.Second)
		d.conns[0].say(&zremsg.PingOK{Sequence: 2})
		start := d.now
		for d.links[0].pingsSent() == 1 {
			d.core.Beacon(d.now, id, friendHost, 41000, curve.Key{})
			d.tick(500 * time.Millisecond)
		}
		if got := d.now - start; got != c.first {
			t.Errorf("asked after %v, want %v", got, c.first)
		}
		for d.core.Peer(id) != nil && d.now-start < time.Minute {
			d.core.Beacon(d.now, id, friendHost, 41000, curve.Key{})
			d.tick(500 * time.Millisecond)
		}
		if got := d.now - start; got != 30*time.Second {
			t.Errorf("found dead after %v", got)
		}
	}
}

// With a short DeadPeriod, a peer whose beacons come has 15 s: TCP may need it. One whose beacons
// do not come has not.
func TestShortDeadPeriod(t *testing.T) {
	for _, c := range []struct {
		dead, beacons, want time.Duration
	}{
		{2 * time.Second, 0, 2 * time.Second},
		{2 * time.Second, time.Minute, 15 * time.Second},
		{2 * time.Second, 1500 * time.Millisecond, 3 * time.Second},
		{16 * time.Second, time.Minute, 16 * time.Second},
	} {
		d := newDesk(t)
		d.core.cfg.QuietPeriod, d.core.cfg.PingRate, d.core.cfg.DeadPeriod = c.dead*3/5, c.dead/8, c.dead
		d.from(friend, hello(friendText))
		d.tick(0)
		start := d.now
		for d.core.Peer(friend) != nil && d.now-start < time.Minute {
			if d.now-start < c.beacons {
				d.core.Beacon(d.now, friend, friendHost, 41000, curve.Key{})
			}
			d.tick(500 * time.Millisecond)
		}
		if got := d.now - start; got < c.want || got > c.want+500*time.Millisecond {
			t.Errorf("%v, beacons for %v: found dead after %v, want %v", c.dead, c.beacons, got, c.want)
		}
	}
}

// A PING is not sent again before an answer to the last one can be there.
func TestPingsFollowTheRoundTrip(t *testing.T) {
	for _, c := range []struct {
		trip time.Duration
		want int // PINGs in 20 s of silence
	}{{0, 20}, {500 * time.Millisecond, 20}, {3 * time.Second, 7}, {time.Minute, 3}} {
		d := newDesk(t)
		d.from(friend, hello(friendText))
		d.tick(time.Second)
		d.peer(friend).trip = roundTrip{smoothed: c.trip}
		d.pass(5) // quiet
		before := d.links[0].pingsSent()
		d.pass(20)
		if n := d.links[0].pingsSent() - before; n < c.want-1 || n > c.want+1 {
			t.Errorf("round trip %v: %d PINGs in 20 s, want %d", c.trip, n, c.want)
		}
	}
}

// A node that does not read judges no peer, and sends signs of life; the time in which
// it did not read does not count.
func TestDeaf(t *testing.T) {
	d := newDesk(t)
	d.from(friend, hello(friendText))
	stranger := d.connect(other, friendHost)
	d.pass(1)
	d.from(friend, &zremsg.PingOK{Sequence: 2})
	before := d.links[0].pingsSent()
	for range 120 {
		d.now += time.Second / 2
		d.core.Tick(d.now, true)
	}
	d.wantLog("ENTER friend")
	// Twice in each QuietPeriod, rounded up to ticks.
	if n := d.links[0].pingsSent() - before; n < 20 || n > 24 {
		t.Errorf("%d PINGs in a minute", n)
	}
	if stranger.closed {
		t.Error("a connection was closed because no HELLO was read on it")
	}
	d.core.Hear(d.now, time.Minute)
	d.pass(4)
	d.wantLog("ENTER friend")
	d.pass(26)
	if got := d.log[len(d.log)-1]; got != "EXIT friendexpired" || !stranger.closed {
		t.Errorf("the last event is %s; the connection is closed %v", got, stranger.closed)
	}
}

// Nor does it count for the deadlines of a peer: that it has to answer while another
// connection claims its identity, has to come back, or is about to go.
func TestDeafAndDeadlines(t *testing.T) {
	for name, happen := range map[string]func(d *desk){
		"a second connection": func(d *desk) {
			d.connect(friend, strangerHost).say(&zremsg.Goodbye{Sequence: 2})
			d.tick(rivalPatience - 1)
			d.core.alive(d.now, d.peer(friend), 0, 0)
		},
		"its connection ends": func(d *desk) { d.conns[0].end() },
		"its link ends":       func(d *desk) { d.linkDown(d.links[0]) },
		"it leaves by beacon": func(d *desk) { d.core.Beacon(d.now, friend, friendHost, 0, curve.Key{}) },
	} {
		d := newDesk(t)
		d.from(friend, hello(friendText))
		d.pass(1)
		d.from(friend, &zremsg.PingOK{Sequence: 2})
		d.log = nil
		happen(d)
		for range 80 {
			d.now += time.Second / 2
			d.core.Tick(d.now, true)
		}
		d.core.Hear(d.now, 40*time.Second)
		d.tick(lastWords / 2)
		if d.from(friend, &zremsg.Whisper{Sequence: 3}, "y"); !slices.Equal(d.log, []string{"WHISPER y"}) {
			t.Errorf("%s: events %q", name, d.log)
		}
		if waits := d.peer(friend).rival != nil; waits != (name == "a second connection") {
			t.Errorf("%s: another connection waits %v", name, waits)
		}
	}
}

// A host has two addresses, and beacons from one of them are lost for a few seconds, while TCP is
// silent: that is no move. If it lasts, the other address is used.
func TestHeardAtBothBefore(t *testing.T) {
	elsewhere := netip.MustParseAddr("10.0.0.99")
	for lost, moves := range map[time.Duration]bool{8 * time.Second: false, 10 * time.Second: true} {
		d := newDesk(t)
		d.core.cfg.QuietPeriod, d.core.cfg.PingRate, d.core.cfg.DeadPeriod =
			1200*time.Millisecond, 250*time.Millisecond, 2*time.Second
		d.from(friend, hello(friendText))
		hear := func(period time.Duration, both bool) {
			for range period / (500 * time.Millisecond) {
				d.core.Beacon(d.now, friend, elsewhere, 41000, curve.Key{})
				if both {
					d.core.Beacon(d.now, friend, friendHost, 41000, curve.Key{})
				}
				d.tick(500 * time.Millisecond)
			}
		}
		hear(3*time.Second, true)
		d.conns[0].say(&zremsg.PingOK{Sequence: 2})
		hear(lost, false)
		hear(time.Second, true)
		if moved := d.links[len(d.links)-1].endpoint == at("10.0.0.99:41000"); moved != moves {
			t.Errorf("beacons were lost for %v: moved %v, events %q", lost, moved, d.log)
		}
	}
}

// A peer that has stopped answering and is heard at another address has moved there.
// Neither is enough alone.
func TestMoved(t *testing.T) {
	elsewhere := netip.MustParseAddr("10.0.0.99")
	for _, c := range []struct {
		name    string
		beacons bool
		answers bool
		static  bool
		both    bool
		moves   bool
	}{
		{"silent, and heard elsewhere", true, false, false, false, true},
		{"silent, and heard at both", true, false, false, true, false},
		{"silent", false, false, false, false, false},
		{"heard elsewhere, and answers", true, true, false, false, false},
		{"configured", true, false, true, false, false},
	} {
		d := newDesk(t)
		if c.static {
			d.core.AddStatic(d.now, friendAt)
		}
		d.from(friend, hello(friendText))
		for i := range 24 {
			if c.beacons {
				d.core.Beacon(d.now, friend, elsewhere, 41000, curve.Key{})
			}
			if c.both {
				d.core.Beacon(d.now, friend, friendHost, 41000, curve.Key{})
			}
			d.tick(500 * time.Millisecond)
			if c.answers {
				d.from(friend, &zremsg.PingOK{Sequence: uint16(2 + i)})
			}
		}
		last := d.links[len(d.links)-1]
		if moved := last.endpoint == at("10.0.0.99:41000"); moved != c.moves {
			t.Errorf("%s: moved %v, events %q", c.name, moved, d.log)
		}
		if c.moves && !slices.Contains(d.log, "EXIT friendendpoint has moved") {
			t.Errorf("%s: events %q", c.name, d.log)
		}
	}
}

// A peer that holds its answers back is sent signs of life by a node that owes it one.
func TestSignsOfLife(t *testing.T) {
	d := newDesk(t)
	d.from(friend, hello(friendText))
	d.pass(1)
	d.links[0].owes = true
	before := d.links[0].pingsSent()
	for seq := range uint16(10) {
		d.from(friend, &zremsg.Ping{Sequence: 2 + seq})
		d.pass(1)
	}
	if n := d.links[0].pingsSent() - before; n < 9 {
		t.Errorf("%d signs in ten seconds", n)
	}
}

// A node that does not answer our HELLO is greeted again, later each time, on another
// connection, and forgotten after DeadPeriod.
func TestGreetingAgain(t *testing.T) {
	d := newDesk(t)
	d.core.Beacon(d.now, friend, friendHost, 41000, curve.Key{})
	var when []time.Duration
	start := d.now
	for n := 1; d.now-start < 29*time.Second; {
		d.tick(500 * time.Millisecond)
		if len(d.links) > n {
			n = len(d.links)
			when = append(when, d.now-start)
		}
	}
	if want := []time.Duration{4500 * time.Millisecond, 10500 * time.Millisecond, 22500 * time.Millisecond}; !slices.Equal(when, want) {
		t.Errorf("greeted again after %v, want %v", when, want)
	}
	d.pass(1)
	if links, _ := d.open(); links != 0 || d.peer(friend) != nil {
		t.Errorf("%d links are open", links)
	}
	// On a connection on which a PING was answered our HELLO arrives: it is sent
	// again only if the peer talks as if it had come.
	for _, talks := range []bool{false, true} {
		d = newDesk(t)
		d.from(friend, hello(friendText))
		d.pass(1)
		d.from(friend, &zremsg.PingOK{Sequence: 2})
		d.from(friend, &zremsg.Ping{Sequence: 9}) // a gap
		d.pass(1)
		if talks {
			d.from(friend, &zremsg.Ping{Sequence: 10})
		}
		d.pass(4)
		want := []string{"reused: sequence gap", ""}
		if talks {
			want = []string{"reused: sequence gap", "reused: expired", ""}
		}
		if got := d.ends(); !slices.Equal(got, want) {
			t.Errorf("talks %v: links ended by %q, want %q", talks, got, want)
		}
	}
}
