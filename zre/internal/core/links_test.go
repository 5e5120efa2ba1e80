package core

import (
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/gozre/zre/internal/codec/zremsg"
	"github.com/gozre/zre/internal/curve"
)

// ENTER waits for the link: there is none for a peer that cannot be reached. Messages
// wait meanwhile.
func TestEnterWaitsForLink(t *testing.T) {
	d := newDesk(t)
	d.slow = true
	d.from(friend, hello(friendText, "a"))
	d.from(friend, &zremsg.Whisper{Sequence: 2}, "x")
	if d.wantLog(); d.peer(friend).State() != Connecting || !d.conns[0].conn.Waits() ||
		d.core.Peer(friend) != nil {
		t.Fatalf("it is %v, its messages wait %v", d.peer(friend).State(), d.conns[0].conn.Waits())
	}
	// Attempts that fail change nothing.
	for range 10 {
		d.core.LinkRetry(d.now, d.links[0], true)
		d.pass(1)
	}
	d.wantLog()
	d.linkUp(d.links[0])
	d.wantLog("ENTER friend", "JOIN frienda", "WHISPER x")
}

// A peer that never becomes reachable is forgotten, and its connection is closed.
func TestUnreachable(t *testing.T) {
	d := newDesk(t)
	d.slow = true
	d.from(friend, hello(friendText))
	for range 29 {
		d.pass(1)
		d.core.LinkRetry(d.now, d.links[0], false)
	}
	if d.peer(friend) == nil || d.conns[0].closed {
		t.Fatal("it is forgotten early")
	}
	d.pass(1)
	d.wantLog()
	if links, conns := d.open(); d.peer(friend) != nil || links+conns > 0 {
		t.Errorf("%d links and %d connections are open", links, conns)
	}
}

// A peer whose process is gone is forgotten when its port is found closed; a newcomer
// whose port is closed is tried for longer.
func TestRefusedAfterSession(t *testing.T) {
	d := newDesk(t)
	d.from(friend, hello(friendText))
	d.pass(2)
	d.slow = true
	d.conns[0].end()
	d.linkDown(d.links[0])
	d.core.LinkRetry(d.now, d.links[1], false)
	if d.peer(friend) == nil {
		t.Fatal("it is forgotten although its port is not known to be closed")
	}
	d.core.LinkRetry(d.now, d.links[1], true)
	if links, _ := d.open(); d.peer(friend) != nil || links > 0 {
		t.Errorf("%d links are open", links)
	}
	d.core.Beacon(d.now, other, friendHost, 41000, curve.Key{})
	d.core.LinkRetry(d.now, d.links[2], true)
	if d.peer(other) == nil {
		t.Error("a newcomer is forgotten at once")
	}
}

// A node that accepts each connection and closes it is not dialed without a pause; nor
// is its HELLO forgotten that came meanwhile.
func TestRedialPause(t *testing.T) {
	d := newDesk(t)
	d.slow = true
	d.core.Beacon(d.now, friend, friendHost, 41000, curve.Key{})
	for range 100 {
		d.tick(100 * time.Millisecond)
		if l := d.links[len(d.links)-1]; !l.down {
			d.linkUp(l)
			d.linkDown(l)
		}
	}
	if n := len(d.links); n < 9 || n > 11 {
		t.Errorf("dialed %d times in 10 s", n)
	}
	d.from(friend, hello(friendText, "a"))
	d.pass(2)
	if d.wantLog(); d.peer(friend).State() != Connecting {
		t.Fatalf("it is %v", d.peer(friend).State())
	}
	d.linkUp(d.links[len(d.links)-1])
	d.wantLog("ENTER friend", "JOIN frienda")
}

// So it is when each session ends at once.
func TestRedialPauseAfterSessions(t *testing.T) {
	d := newDesk(t)
	for range 100 {
		d.from(friend, hello(friendText))
		if d.core.Peer(friend) != nil {
			d.conns[len(d.conns)-1].end()
			d.linkDown(d.links[len(d.links)-1])
		}
		d.tick(100 * time.Millisecond)
	}
	// Sessions that begin so often are damped, too.
	if n := len(d.links); n < 5 || n > 12 {
		t.Errorf("dialed %d times in 10 s", n)
	}
}

// A peer that cannot be reached at one endpoint is dialed at its other one: at once when
// the attempt has failed, after a second when it has not, and then less often.
func TestRedirect(t *testing.T) {
	start := func() *desk {
		d := newDesk(t)
		d.slow = true
		d.core.Beacon(d.now, friend, strangerHost, 41000, curve.Key{})
		d.core.Beacon(d.now, friend, friendHost, 41000, curve.Key{})
		return d
	}
	for _, fails := range []bool{true, false} {
		d := start()
		var when []time.Duration
		begin := d.now
		var told *deskLink
		for n := 1; d.now-begin < 20*time.Second; {
			if l := d.links[len(d.links)-1]; fails && l != told {
				told = l
				d.core.LinkRetry(d.now, l, true)
			}
			if len(d.links) > n {
				n = len(d.links)
				when = append(when, d.now-begin)
			}
			d.tick(250 * time.Millisecond)
		}
		want := []time.Duration{0, 2 * time.Second, 6 * time.Second, 14 * time.Second}
		if !fails {
			want = []time.Duration{time.Second, 3 * time.Second, 7 * time.Second, 15 * time.Second}
		}
		if !slices.Equal(when, want) {
			t.Errorf("fails %v: redirected after %v, want %v", fails, when, want)
		}
		for i, l := range d.links {
			if host := []netip.Addr{strangerHost, friendHost}[i%2]; l.endpoint.Host() != host {
				t.Errorf("link %d goes to %v", i, l.endpoint)
			}
		}
	}
	// A link that is up stays.
	d := start()
	d.linkUp(d.links[0])
	d.pass(2)
	if len(d.links) != 1 {
		t.Error("a link that is up is given up")
	}
}

// A beacon does not change where a peer is dialed that names another endpoint in its
// HELLO.
func TestRedirectToNamedEndpoint(t *testing.T) {
	d := newDesk(t)
	d.slow = true
	d.core.Beacon(d.now, friend, strangerHost, 41000, curve.Key{})
	third := netip.MustParseAddr("10.0.0.77")
	d.connect(friend, third).say(hello(friendText))
	d.core.Beacon(d.now, friend, third, 9, curve.Key{})
	d.core.LinkRetry(d.now, d.links[0], true)
	if n := len(d.links); n != 2 || d.links[1].endpoint != friendAt {
		t.Fatalf("%d links, the last one to %v", n, d.links[n-1].endpoint)
	}
	d.linkUp(d.links[1])
	d.wantLog("ENTER friend")
}

// A configured endpoint is dialed as long as no node answers there: on one link while
// that is not up, and again on another one when there is no HELLO, or it has ended.
func TestStaticEndpoint(t *testing.T) {
	d := newDesk(t)
	d.slow = true
	d.core.AddStatic(d.now, friendAt)
	for range 60 {
		d.core.LinkRetry(d.now, d.links[0], true)
		d.pass(1)
	}
	if n := len(d.links); n != 1 {
		t.Fatalf("%d links while the first one is not up", n)
	}
	d.linkUp(d.links[0])
	d.pass(1)
	if got := d.ends(); !slices.Equal(got, []string{"expired", ""}) {
		t.Fatalf("links ended by %q", got)
	}
	d.linkUp(d.links[1])
	d.linkDown(d.links[1])
	d.pass(2)
	if links, _ := d.open(); links != 0 {
		t.Fatal("it is dialed again without a pause")
	}
	d.pass(2)
	d.linkUp(d.links[2])
	d.from(friend, hello(friendText))
	d.wantLog("ENTER friend")
	if n := len(d.links); n != 3 || d.peer(friend).link != d.links[2] {
		t.Errorf("%d links; the peer has not the last one", n)
	}
	// When the peer is gone it is dialed again.
	d.from(friend, &zremsg.Goodbye{Sequence: 2})
	d.pass(1)
	if links, _ := d.open(); links != 1 || len(d.links) != 4 {
		t.Errorf("%d links are open", links)
	}
}

// What a deaf peer sends waits until it is greeted on the new connection.
func TestDeafPeerWaits(t *testing.T) {
	d := newDesk(t)
	d.from(friend, hello(friendText))
	d.pass(2)
	d.from(friend, hello(friendText, "a"))
	d.pass(2)
	d.log = nil
	d.from(friend, &zremsg.Ping{Sequence: 2})
	d.now += retryAfter
	d.from(friend, &zremsg.Ping{Sequence: 3})
	d.slow = true
	d.pass(1)
	d.from(friend, &zremsg.Whisper{Sequence: 4}, "y")
	d.wantLog("EXIT frienddoes not hear us")
	d.linkUp(d.links[1])
	d.wantLog("EXIT frienddoes not hear us", "ENTER friend", "JOIN frienda", "WHISPER y")
}

// The first link was made while hundreds of nodes started, which took long. It ends, and the next
// one is made at once. The peer took our second HELLO for the answer to its own one, and talks: it
// is greeted once more after the usual time, and not after round trips as long as the first ones.
func TestGreetedAgainAfterSlowStart(t *testing.T) {
	d := newDesk(t)
	d.slow = true
	d.core.Beacon(d.now, friend, friendHost, 41000, curve.Key{})
	d.tick(12 * time.Second)
	d.linkUp(d.links[0])
	d.from(friend, hello(friendText))
	d.linkDown(d.links[0])
	d.conns[0].end()
	d.linkUp(d.links[1])
	d.log = nil
	peer := d.connect(friend, friendHost)
	d.pass(1)
	peer.say(&zremsg.Ping{Sequence: 2})
	d.tick(retryAfter)
	if n := len(d.links); n != 3 {
		t.Fatalf("%d links: it is not greeted again", n)
	}
	d.linkUp(d.links[2])
	peer.say(hello(friendText))
	d.wantLog("ENTER friend")
}

// A session that is lost soon after its beginning closes its link at once, so that Flush knows
// what was lost; the next link comes a second after the first, and the first is not closed again.
func TestLostSoonIsClosedAtOnce(t *testing.T) {
	d := newDesk(t)
	d.from(friend, hello(friendText))
	d.conns[0].end()
	d.core.LinkDown(d.now, d.links[0])
	d.tick(600 * time.Millisecond)
	d.wantLog("ENTER friend", "EXIT friendconnection lost")
	if d.links[0].closed != ReasonLost || len(d.links) != 1 {
		t.Fatalf("the link is closed by %v, and there are %d", d.links[0].closed, len(d.links))
	}
	// Calls for it may still be on their way. They do not count.
	d.core.LinkLeadsTo(d.now, d.links[0], append([]byte{1}, other[:]...))
	d.core.LinkUp(d.now, d.links[0])
	d.core.LinkRetry(d.now, d.links[0], true)
	d.core.LinkDown(d.now, d.links[0])
	if p := d.core.peers.get(friend); p == nil || p.linkState != linkClosed || d.core.peers.len() != 1 {
		t.Fatalf("the link of %+v is not closed", p)
	}
	d.pass(1)
	if len(d.links) < 2 {
		t.Error("it is not dialed again")
	}
}
