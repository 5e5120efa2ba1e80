package core

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gozre/zre/internal/codec/zremsg"
	"github.com/gozre/zre/internal/curve"
	"github.com/gozre/zre/internal/endpoint"
)

// awaited is what is awaited of whom, since when, in words.
func (d *desk) awaited() string {
	var parts []string
	for _, a := range d.core.Awaited() {
		s := fmt.Sprintf("%v of %.4s since %v", a.Await, a.ID, d.now-a.Since)
		if a.Refused {
			s += ", refused"
		}
		if a.OnlyGossip {
			s += ", gossip only"
		}
		if a.Remote.IsValid() {
			s += ", from " + a.Remote.String()
		}
		parts = append(parts, s)
	}
	slices.Sort(parts)
	return strings.Join(parts, "; ")
}

func (d *desk) wantAwaited(want string) {
	d.t.Helper()
	if got := d.awaited(); got != want {
		d.t.Errorf("awaited\n%s\nwant\n%s", got, want)
	}
}

// A node is awaited from its beacon on, until it is ready.
func TestAwaitedBeacon(t *testing.T) {
	d := newDesk(t)
	d.slow = true
	d.wantAwaited("")
	d.core.Beacon(d.now, friend, friendHost, 41000, curve.Key{})
	d.tick(time.Second)
	d.wantAwaited("connection of 2222 since 1s")
	d.core.LinkRetry(d.now, d.links[0], true)
	d.wantAwaited("connection of 2222 since 1s, refused")
	d.core.LinkRetry(d.now, d.links[0], false)
	dc := d.connect(friend, friendHost)
	d.wantAwaited("connection of 2222 since 1s, from 10.0.0.2")
	d.linkUp(d.links[0])
	d.wantAwaited("HELLO of 2222 since 1s, from 10.0.0.2")
	dc.say(hello(friendText))
	d.wantAwaited("")
	// It goes: its last messages are awaited.
	d.core.Beacon(d.now, friend, friendHost, 0, curve.Key{})
	d.wantAwaited("its end of 2222 since 0s, from 10.0.0.2")
	dc.end()
	d.wantAwaited("")
}

// Only gossip has announced a node, until something comes from itself.
func TestAwaitedGossipOnly(t *testing.T) {
	d := newDesk(t)
	d.slow = true
	d.core.Discovered(d.now, friend, friendAt)
	d.core.LinkRetry(d.now, d.links[0], true)
	d.wantAwaited("connection of 2222 since 0s, refused, gossip only")
	d.core.Beacon(d.now, friend, friendHost, 41000, curve.Key{})
	d.wantAwaited("connection of 2222 since 0s, refused")

	d.core.Discovered(d.now, other, at(otherText[len("tcp://"):]))
	d.connect(other, at(otherText[len("tcp://"):]).Host())
	d.wantAwaited("connection of 2222 since 0s, refused; connection of 3333 since 0s, from 10.0.0.3")
}

// A connection without a HELLO is somebody.
func TestAwaitedConnection(t *testing.T) {
	d := newDesk(t)
	dc := d.connect(friend, friendHost)
	d.now += time.Second
	d.wantAwaited("HELLO of 2222 since 1s, from 10.0.0.2")
	dc.end()
	d.wantAwaited("")
}

// A configured endpoint is awaited until a node answers there, and again when that is gone.
func TestAwaitedStatic(t *testing.T) {
	d := newDesk(t)
	d.slow = true
	d.core.AddStatic(d.now, friendAt)
	d.core.AddStatic(d.now, ownAt) // this node itself is not awaited
	d.core.LinkRetry(d.now, d.links[0], true)
	d.wantAwaited("connection of 0000 since 0s, refused")
	d.linkUp(d.links[0])
	d.wantAwaited("HELLO of 0000 since 0s")
	d.linkDown(d.links[0])
	d.tick(time.Second)
	d.wantAwaited("connection of 0000 since 1s") // there is no link at the moment
	d.tick(retryAfter)
	d.linkUp(d.links[1])
	d.from(friend, hello(friendText))
	d.wantAwaited("")
	d.from(friend, &zremsg.Goodbye{Sequence: 2})
	d.tick(time.Second)
	d.wantAwaited("connection of 0000 since 1s")
}

// Probe asks each ready peer once, also one that becomes ready later, until it is ended.
func TestProbe(t *testing.T) {
	d := newDesk(t)
	pings := func(l int) int { return strings.Count(d.links[l].kinds(), "PING ") }
	d.from(friend, hello(friendText))
	d.wantAwaited("")
	d.core.Probe(d.now, true)
	d.core.Probe(d.now, true)
	d.wantAwaited("PING-OK of 2222 since 0s")
	d.from(other, hello(otherText))
	if pings(0) != 1 || pings(1) != 1 {
		t.Errorf("%d and %d PINGs", pings(0), pings(1))
	}
	d.from(friend, &zremsg.PingOK{Sequence: 2})
	d.from(other, &zremsg.PingOK{Sequence: 2})
	d.wantAwaited("")
	d.core.Probe(d.now, false)
	d.core.Probe(d.now, false)
	d.from(other, &zremsg.Goodbye{Sequence: 3})
	d.from(other, hello(otherText))
	if n := pings(2); n != 0 {
		t.Errorf("%d PINGs after the end", n)
	}
}

// News counts whatever can change the answer, and its time that of comings, goings and groups.
func TestNews(t *testing.T) {
	d := newDesk(t)
	d.slow = true
	var count uint64
	changes := func(what string, news bool, f func()) {
		t.Helper()
		d.now += time.Second
		f()
		now, last := d.core.News()
		if now == count || (last == d.now) != news {
			t.Errorf("%s: from %d to %d, last news %v ago, want news %v", what, count, now, d.now-last, news)
		}
		count = now
	}
	var dc *deskConn
	changes("beacon", true, func() { d.core.Beacon(d.now, friend, friendHost, 41000, curve.Key{}) })
	changes("failed attempt", false, func() { d.core.LinkRetry(d.now, d.links[0], false) })
	changes("connection", false, func() { dc = d.connect(friend, friendHost) })
	changes("HELLO", false, func() { dc.say(hello(friendText)) })
	changes("ENTER", true, func() { d.linkUp(d.links[0]) })
	changes("JOIN", true, func() { dc.say(&zremsg.Join{Sequence: 2, Group: "a", Status: 1}) })
	changes("LEAVE", true, func() { dc.say(&zremsg.Leave{Sequence: 3, Group: "a", Status: 2}) })
	d.core.Probe(d.now, true)
	changes("PING-OK", false, func() { dc.say(&zremsg.PingOK{Sequence: 4}) })
	changes("leaving", false, func() { d.core.Beacon(d.now, friend, friendHost, 0, curve.Key{}) })
	changes("EXIT", true, func() { dc.end() })
	dc.say(&zremsg.PingOK{Sequence: 5})
	if now, _ := d.core.News(); now != count {
		t.Error("a message that changes nothing is news")
	}
}

// A node is new while it has announced itself a short time ago and is not ready.
func TestIsNew(t *testing.T) {
	d := newDesk(t)
	d.slow = true
	d.core.Beacon(d.now, friend, friendHost, 41000, curve.Key{})
	if !d.core.IsNew(d.now, friend) || d.core.IsNew(d.now, other) {
		t.Error("the node that was heard is new, and no other")
	}
	if d.core.IsNew(d.now+newFor, friend) {
		t.Error("it is new for ever")
	}
	d.linkUp(d.links[0])
	d.from(friend, hello(friendText))
	if d.core.IsNew(d.now, friend) {
		t.Error("it is ready, and still new")
	}
}

// Two nodes that have found each other at different addresses do not follow each other for
// ever: a peer is followed to the endpoint in its HELLO once.
func TestFollowsOnce(t *testing.T) {
	d := newDesk(t)
	d.slow = true
	const second = "10.0.0.22"
	d.core.Discovered(d.now, friend, endpoint.At(netip.MustParseAddr(second), 41000, curve.Key{}))
	dc := d.connect(friend, friendHost)
	dc.say(hello(friendText))
	if n := len(d.links); n != 2 || d.links[1].endpoint != friendAt {
		t.Fatalf("%d links, the last to %v", n, d.links[n-1].endpoint)
	}
	dc.end() // It has followed us to another address of ours.
	d.connect(friend, netip.MustParseAddr(second)).say(hello("tcp://" + second + ":41000"))
	if n := len(d.links); n != 2 || d.links[1].closed != 0 {
		t.Fatalf("%d links, the second ended by %v", n, d.links[1].closed)
	}
	d.linkUp(d.links[1])
	d.wantLog("ENTER friend")
}

// A peer with several addresses is dialed where it is heard and not where its HELLO says, as
// that ends a session which has begun; but where its HELLO says if the other one fails.
func TestHeardThere(t *testing.T) {
	d := newDesk(t)
	d.slow = true
	d.core.Beacon(d.now, friend, netip.MustParseAddr("10.0.0.22"), 41000, curve.Key{})
	d.links[0].connected = true
	d.connect(friend, friendHost).say(hello(friendText))
	if n := len(d.links); n != 1 || d.links[0].closed != 0 {
		t.Fatalf("%d links, the first ended by %v", n, d.links[0].closed)
	}
	d.tick(handshakePause)
	if n := len(d.links); n != 2 || d.links[1].endpoint != friendAt {
		t.Fatalf("%d links, the last to %v", n, d.links[n-1].endpoint)
	}
	d.linkUp(d.links[1])
	d.wantLog("ENTER friend")
}

// A handshake that takes its time is not given up for another address as soon as a SYN that
// nobody answers is.
func TestHandshakeTakesTime(t *testing.T) {
	for _, connected := range []bool{false, true} {
		d := newDesk(t)
		d.slow = true
		d.core.Beacon(d.now, friend, friendHost, 41000, curve.Key{})
		d.core.Beacon(d.now, friend, netip.MustParseAddr("10.0.0.22"), 41000, curve.Key{})
		d.links[0].connected = connected
		d.tick(redirectPause)
		if redirected := len(d.links) > 1; redirected == connected {
			t.Errorf("connected %v: dialed at the other address after %v: %v", connected, redirectPause, redirected)
		}
		d.tick(handshakePause - redirectPause)
		if len(d.links) < 2 {
			t.Errorf("connected %v: not dialed at the other address after %v", connected, handshakePause)
		}
	}
}

// A link that leads to the node brings it our HELLO, so it is not greeted again on another
// one while its own connection takes its time.
func TestNotGreetedAgain(t *testing.T) {
	for _, identified := range []bool{false, true} {
		d := newDesk(t)
		d.core.Beacon(d.now, friend, friendHost, 41000, curve.Key{})
		d.settle()
		d.peer(friend).identified = identified
		d.tick(2 * retryAfter)
		if again := len(d.links) > 1 || len(d.links[0].sent) > 1; again == identified {
			t.Errorf("identified %v: greeted again after %v: %v", identified, 2*retryAfter, again)
		}
		d.tick(d.core.cfg.DeadPeriod)
		if identified && d.peer(friend) != nil {
			t.Error("it is not given up")
		}
	}
}

// A node that could not be reached in a few attempts is still one that has announced itself,
// since the first time, whether or not it is being tried at the moment.
func TestAwaitedGivenUp(t *testing.T) {
	d := newDesk(t)
	d.slow = true
	heard := func() { d.core.Beacon(d.now, friend, friendHost, 41000, curve.Key{}) }
	fail := func() {
		l := d.links[len(d.links)-1]
		l.cause = errors.New("firewall")
		for range reportTries {
			d.core.LinkRetry(d.now, l, true)
		}
	}
	heard()
	d.now += time.Second
	fail()
	if d.peer(friend) != nil {
		t.Fatal("it is not given up")
	}
	d.wantAwaited("connection of 2222 since 1s, refused")
	if a := d.core.Awaited()[0]; a.Endpoint != friendAt || a.Cause == nil || a.Cause.Error() != "firewall" {
		t.Errorf("it is awaited at %v because of %v", a.Endpoint, a.Cause)
	}
	heard()
	d.tick(reportFirst)
	heard() // It is tried again.
	if d.peer(friend) == nil {
		t.Fatal("it is not tried again")
	}
	d.wantAwaited("connection of 2222 since 3s, refused")
	if d.core.IsNew(d.now, friend) {
		t.Error("it is new again")
	}
	fail()
	d.wantAwaited("connection of 2222 since 3s, refused")
	d.core.Beacon(d.now, friend, netip.MustParseAddr("10.0.0.77"), 0, curve.Key{}) // another host's
	d.wantAwaited("connection of 2222 since 3s, refused")
	d.core.Beacon(d.now, friend, friendHost, 0, curve.Key{})
	d.wantAwaited("")

	// One that gossip alone tells of, and that is reached in the end.
	d.core.Discovered(d.now, friend, friendAt)
	fail()
	d.wantAwaited("connection of 2222 since 0s, refused, gossip only")
	d.tick(reportFirst)
	d.linkUp(d.links[len(d.links)-1])
	d.from(friend, hello(friendText))
	d.tick(time.Second)
	d.wantAwaited("PING-OK of 2222 since 0s")
	d.from(friend, &zremsg.PingOK{Sequence: 2})
	d.wantAwaited("")
}
