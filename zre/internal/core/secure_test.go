package core

import (
	"net/netip"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/gozre/zre/internal/codec/zremsg"
	"github.com/gozre/zre/internal/curve"
	"github.com/gozre/zre/internal/endpoint"
)

var (
	ownKey    = curve.Key{'o', 'w', 'n'}
	friendKey = curve.Key{'f', 'r', 'i', 'e', 'n', 'd'}
	otherKey  = curve.Key{'o', 't', 'h', 'e', 'r'}
)

// secureDesk is a desk in a secure network.
func secureDesk(t *testing.T) *desk {
	d := newDesk(t)
	d.core.cfg.PublicKey = ownKey
	return d
}

// by lets a message arrive on a connection that has proven a key. It reports false
// if the connection was refused.
func (d *desk) by(key curve.Key, id uuid.UUID, m zremsg.Message) bool {
	d.t.Helper()
	dc := d.conn(id, key, friendHost)
	if dc == nil {
		return false
	}
	dc.say(m)
	return true
}

// keyed is a HELLO that names a key.
func keyed(endpoint string, key curve.Key) *zremsg.Hello {
	h := hello(endpoint)
	h.Headers = map[string]string{KeyHeader: key.String()}
	return h
}

// withKey is an endpoint in a secure network.
func withKey(text string, key curve.Key) endpoint.Endpoint {
	e := at(text)
	e.Key = key
	return e
}

// The key that a connection has proven counts, not the one that a message names.
func TestProvenKey(t *testing.T) {
	d := secureDesk(t)
	refused := func(want uint64, what string) {
		t.Helper()
		if d.core.Stats().Refused != want || len(d.links) != 0 {
			t.Fatalf("%s: %+v, %d links", what, d.core.Stats(), len(d.links))
		}
	}
	if d.accept(identity(friend), curve.Key{}, friendHost) != nil {
		t.Fatal("a connection that has proven no key is not refused")
	}
	refused(1, "no key")
	d.by(friendKey, friend, hello(friendText)) // as a zyre node without its header
	refused(2, "no key in HELLO")
	d.by(friendKey, friend, keyed(friendText, otherKey))
	refused(3, "the key of another one in HELLO")
	d.by(friendKey, friend, keyed(friendText, friendKey))
	d.wantLog("ENTER friend")
	if got := d.links[0].endpoint; got != withKey("10.0.0.2:41000", friendKey) {
		t.Errorf("a link to %v with the key %v", got, got.Key)
	}
	d.by(friendKey, friend, &zremsg.Whisper{Sequence: 2})
	d.wantLog("ENTER friend", "WHISPER")

	// In a plain network there are no keys.
	d = newDesk(t)
	if d.accept(identity(friend), friendKey, friendHost) != nil {
		t.Error("a connection with a key is not refused in a plain network")
	}
}

// A trusted node that connects with the identity of another one cannot speak for it,
// and the other one stays.
func TestIdentityOfAnotherKey(t *testing.T) {
	for name, first := range map[string]zremsg.Message{
		"message": &zremsg.Whisper{Sequence: 2}, "goodbye": &zremsg.Goodbye{Sequence: 2}, "HELLO": keyed(friendText, otherKey),
	} {
		t.Run(name, func(t *testing.T) {
			d := secureDesk(t)
			d.by(friendKey, friend, keyed(friendText, friendKey))
			for i := range uint16(3) {
				if d.by(otherKey, friend, first) {
					t.Fatal("the connection is not refused")
				}
				d.by(friendKey, friend, &zremsg.Ping{Sequence: 2 + i})
				d.pass(1)
			}
			d.wantLog("ENTER friend")
			if s := d.core.Stats(); s.Conflicts != 3 || s.Refused != 3 {
				t.Errorf("%+v", s)
			}
			// The UUID belongs to the key as long as the peer is known, also when
			// its connections have ended.
			d.conns[0].end()
			d.linkDown(d.links[0])
			d.slow = true
			d.wantLog("ENTER friend", "EXIT friendconnection lost")
			if d.by(otherKey, friend, first) {
				t.Fatal("the connection is not refused after the session")
			}
			for d.peer(friend) != nil {
				d.tick(time.Second)
			}
			d.slow, d.log = false, nil
			d.by(otherKey, friend, keyed(friendText, otherKey))
			d.wantLog("ENTER friend")
		})
	}
}

// A connection with another key, from before the peer was known, says HELLO too late.
func TestHelloWithAnotherKey(t *testing.T) {
	d := secureDesk(t)
	early := d.accept(identity(friend), otherKey, strangerHost)
	d.by(friendKey, friend, keyed(friendText, friendKey))
	early.say(keyed(otherText, otherKey))
	d.by(friendKey, friend, &zremsg.Whisper{Sequence: 2})
	d.wantLog("ENTER friend", "WHISPER")
	if d.core.Stats().Refused != 1 || len(d.links) != 1 {
		t.Errorf("refused %d, %d links", d.core.Stats().Refused, len(d.links))
	}
}

// A message on another connection means nothing for a peer that was only
// discovered: its key is what a beacon said.
func TestConnectionOfDiscoveredPeer(t *testing.T) {
	d := secureDesk(t)
	d.core.Beacon(d.now, friend, netip.MustParseAddr("10.0.0.9"), 41000, otherKey)
	d.by(friendKey, friend, &zremsg.Ping{Sequence: 9})
	d.wantLog()
	d.by(friendKey, friend, keyed(friendText, friendKey))
	d.by(friendKey, friend, &zremsg.Whisper{Sequence: 2})
	d.wantLog("ENTER friend", "WHISPER")
	if links, conns := d.open(); links != 1 || conns != 1 {
		t.Errorf("%d links, %d connections", links, conns)
	}
}

// Two forged beacons, or a trusted node that names its endpoint, do not end a peer
// that lives.
func TestSecurePeerAtOneEndpointWithOthers(t *testing.T) {
	d := secureDesk(t)
	d.by(friendKey, friend, keyed(friendText, friendKey))
	for range 3 {
		d.now += time.Second
		d.core.Beacon(d.now, friend, friendHost, 0, friendKey)
		d.core.Beacon(d.now, uuid.New(), friendHost, 41000, friendKey)
		d.core.Discovered(d.now, uuid.New(), withKey("10.0.0.2:41000", otherKey))
		d.core.Tick(d.now, false)
		d.by(friendKey, friend, &zremsg.PingOK{Sequence: d.peer(friend).sequence + 1})
	}
	if n := d.links[0].acks; n != 3 {
		t.Errorf("it has answered %d PINGs, want 3", n)
	}
	d.peer(friend).lastSign = d.now
	d.by(otherKey, other, keyed(friendText, otherKey))
	if p := d.peer(friend); p.lastSign > d.now-5*time.Second {
		t.Error("it is not asked whether it is still there")
	}
	d.wantLog("ENTER friend", "ENTER friend")
	if d.core.peers.len() != 2 {
		t.Errorf("%d peers", d.core.peers.len())
	}
	// A beacon with port 0 and another key is nothing at all.
	d.peer(friend).lastSign = d.now
	d.core.Beacon(d.now, friend, friendHost, 0, otherKey)
	if d.peer(friend).lastSign != d.now {
		t.Error("it is asked because of another key's beacon")
	}
}

// A forged beacon with its key came first, so the link goes elsewhere. The endpoint in
// its HELLO is authenticated.
func TestSecurePeerIsElsewhere(t *testing.T) {
	start := func(from netip.Addr, slow bool) *desk {
		d := secureDesk(t)
		d.slow = slow
		d.core.Beacon(d.now, friend, netip.MustParseAddr("10.0.0.9"), 41000, friendKey)
		d.accept(identity(friend), friendKey, from).say(keyed(friendText, friendKey))
		return d
	}
	t.Run("it connects from there", func(t *testing.T) {
		d := start(friendHost, true) // Nobody there has its key, so the link does not come up.
		d.tick(redirectPause)
		if n := len(d.links); n != 2 || d.links[0].closed != ReasonMoved ||
			d.links[1].endpoint != withKey("10.0.0.2:41000", friendKey) {
			t.Fatalf("%d links, the last is %+v", n, d.links[n-1])
		}
		d.linkUp(d.links[1])
		d.wantLog("ENTER friend")
	})
	t.Run("it connects from a third address", func(t *testing.T) {
		d := start(netip.MustParseAddr("10.0.0.4"), false)
		d.wantLog("ENTER friend") // A node with its key answers there.
		for range 10 {
			if len(d.links) > 1 {
				break
			}
			d.tick(time.Second)
		}
		if n := len(d.links); n != 2 ||
			d.links[1].endpoint != withKey("10.0.0.2:41000", friendKey) {
			t.Fatalf("%d links, the last is %+v", n, d.links[n-1])
		}
		d.wantLog("ENTER friend", "EXIT friendendpoint has moved")
		d.by(friendKey, friend, keyed(friendText, friendKey))
		d.wantLog("ENTER friend", "EXIT friendendpoint has moved", "ENTER friend")
	})
}

// A beacon can have any UUID and key; only a HELLO proves which node it is.
func TestBeaconWithAnotherKey(t *testing.T) {
	d := secureDesk(t)
	d.core.Beacon(d.now, friend, netip.MustParseAddr("10.0.0.9"), 41000, otherKey)
	if len(d.links) != 1 || d.links[0].endpoint.Key != otherKey {
		t.Fatalf("%+v", d.links)
	}
	d.core.Beacon(d.now, friend, friendHost, 41000, friendKey)
	if len(d.links) != 1 {
		t.Error("the first beacon was given up for a second one")
	}
	d.by(friendKey, friend, keyed(friendText, friendKey))
	if len(d.links) != 2 || d.links[0].closed != ReasonReplaced ||
		d.links[1].endpoint != withKey("10.0.0.2:41000", friendKey) {
		t.Fatalf("%+v", d.links)
	}
	lastSign := d.peer(friend).lastSign
	d.now += time.Second
	d.core.Beacon(d.now, friend, friendHost, 41000, otherKey)
	d.core.Discovered(d.now, friend, withKey("10.0.0.9:41000", otherKey))
	p := d.peer(friend)
	if p.lastSign != lastSign || p.altEndpoint.Addr.IsValid() || p.announced {
		t.Errorf("a beacon with another key counts: %+v", p)
	}
	d.core.Beacon(d.now, friend, friendHost, 41000, friendKey)
	if p.lastSign == lastSign {
		t.Error("its own beacon does not count")
	}
	d.wantLog("ENTER friend")
	if d.conns[0].closed {
		t.Error("the connection that its HELLO came on was closed")
	}
}

// A beacon with port 0 is not authenticated: the peer is asked, and goes when its
// connections end.
func TestSecureLeavingByBeacon(t *testing.T) {
	d := secureDesk(t)
	d.by(friendKey, friend, keyed(friendText, friendKey))
	leave := func() { d.core.Beacon(d.now, friend, friendHost, 0, friendKey) }
	d.tick(time.Second)
	leave()
	for seq := range uint16(4) { // forged: it is there
		d.by(friendKey, friend, &zremsg.PingOK{Sequence: 2 + seq})
		d.tick(time.Second)
	}
	d.pass(2)
	d.wantLog("ENTER friend")
	pings := d.links[0].pings
	leave()
	d.tick(time.Second)
	if d.links[0].pings != pings+1 {
		t.Errorf("sent %s, want a PING more", d.links[0].kinds())
	}
	d.conns[0].end()
	d.linkDown(d.links[0])
	d.slow = true
	d.pass(1)
	if got := d.log[len(d.log)-1]; got != "EXIT friendgoodbye" {
		t.Errorf("the last event is %s", got)
	}
}

func TestSecureStatic(t *testing.T) {
	d := secureDesk(t)
	d.core.AddStatic(d.now, withKey("10.0.0.2:41000", friendKey))
	if got := d.links[0].endpoint.Key; got != friendKey {
		t.Errorf("a link to the key %v", got)
	}
	d.by(otherKey, other, keyed(friendText, otherKey)) // Another node is there, or says so.
	if len(d.links) != 2 || d.links[1].endpoint.Key != otherKey {
		t.Fatalf("%+v", d.links)
	}
	d.by(friendKey, friend, keyed(friendText, friendKey))
	d.wantLog("ENTER friend", "ENTER friend")
	if len(d.links) != 2 || d.peer(friend).static == nil {
		t.Errorf("the link to the configured endpoint is not the peer's: %+v", d.links)
	}
}

// What a beacon began a beacon cannot end, and a configured endpoint is that of a key.
func TestSecurePending(t *testing.T) {
	d := secureDesk(t)
	d.core.Beacon(d.now, friend, friendHost, 41000, friendKey)
	d.core.Beacon(d.now, friend, friendHost, 0, friendKey)
	if d.core.peers.len() != 1 || d.links[0].closed != 0 {
		t.Errorf("%d peers, link %+v", d.core.peers.len(), d.links[0])
	}
	d = secureDesk(t)
	d.by(otherKey, other, keyed(friendText, otherKey))
	d.core.AddStatic(d.now, withKey("10.0.0.2:41000", friendKey))
	if n := len(d.links); n != 2 || d.links[1].endpoint.Key != friendKey {
		t.Errorf("%d links, the last is %+v", n, d.links[n-1])
	}
}

// A node that was discovered at the endpoint of another one, with another key, gets its
// place: neither is proven.
func TestSecureDiscoveredAtOneEndpoint(t *testing.T) {
	d := secureDesk(t)
	d.core.Beacon(d.now, friend, friendHost, 41000, friendKey)
	d.core.Beacon(d.now, other, friendHost, 41000, otherKey)
	if links, _ := d.open(); links != 1 || d.peer(friend) != nil || d.peer(other) == nil {
		t.Errorf("%d links, links ended by %q", links, d.ends())
	}
}
