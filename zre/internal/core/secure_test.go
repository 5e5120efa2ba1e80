package core

import (
	"net/netip"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/gozre/zre/internal/codec/zremsg"
)

// secureDesk is a desk in a secure network.
func secureDesk(t *testing.T) *desk {
	d := newDesk(t)
	d.core.cfg.PublicKey = "own key"
	return d
}

// by lets a message arrive over a connection that has proven a key.
func (d *desk) by(key string, id uuid.UUID, m zremsg.Message) {
	d.t.Helper()
	header, err := m.AppendTo(nil)
	if err != nil {
		d.t.Fatal(err)
	}
	d.core.Receive(d.now, append([]byte{1}, id[:]...), []byte(key), header, nil)
}

// keyed is a HELLO that names a key.
func keyed(endpoint, key string) *zremsg.Hello {
	h := hello(endpoint)
	h.Headers = map[string]string{KeyHeader: key}
	return h
}

// What a connection has proven is what counts, not what a message says.
func TestProvenKey(t *testing.T) {
	d := secureDesk(t)
	d.by("", friend, keyed(friendAt, ""))       // over inproc
	d.by("k", friend, hello(friendAt))          // as a zyre node without its header
	d.by("k", friend, keyed(friendAt, "other")) // the key of somebody else
	d.by("", friend, keyed(friendAt, "k"))      // claimed, not proven
	if d.core.Stats().Refused != 4 || len(d.links) != 0 {
		t.Fatalf("%+v, %d links", d.core.Stats(), len(d.links))
	}
	d.by("k", friend, keyed(friendAt, "k"))
	d.wantLog("ENTER friend")
	if got := d.links[0].key; got != "k" {
		t.Errorf("a link to the key %q", got)
	}
	d.by("k", friend, &zremsg.Whisper{Sequence: 2})
	d.wantLog("ENTER friend", "WHISPER")
}

// A trusted node that takes over the connection of another one cannot speak for it. The
// other's is not heard any more, so it is asked for a new one.
func TestUsurper(t *testing.T) {
	for name, first := range map[string]zremsg.Message{
		"message": &zremsg.Whisper{Sequence: 2}, "goodbye": &zremsg.Goodbye{Sequence: 2}, "HELLO": keyed(friendAt, "other"),
	} {
		t.Run(name, func(t *testing.T) {
			d := secureDesk(t)
			d.by("k", friend, keyed(friendAt, "k"))
			d.by("", friend, &zremsg.Whisper{Sequence: 2}) // over inproc: of no connection that is known
			d.wantLog("ENTER friend")
			d.by("other", friend, first)
			usurped := []string{"ENTER friend", "ban other", "EXIT friendUUID was usurped"}
			d.wantLog(usurped...)
			for range 3 { // goes on: nothing follows from it
				d.by("other", friend, &zremsg.Whisper{Sequence: 3})
				d.by("other", friend, keyed(friendAt, "other"))
				d.now += time.Second
				d.core.Tick(d.now, false)
			}
			d.wantLog(usurped...)
			if n := len(d.links); d.links[n-1].key != "k" {
				t.Errorf("the last link is to the key %q", d.links[n-1].key)
			}
			d.by("k", friend, keyed(friendAt, "k"))
			d.wantLog(append(usurped, "ENTER friend")...)
			// When nothing is heard of it any more it is forgotten, and the UUID is free.
			for d.core.peers[friend] != nil {
				d.now += time.Second
				d.core.Tick(d.now, false)
			}
			d.log = nil
			d.by("other", friend, keyed(friendAt, "other"))
			d.wantLog("ENTER friend")
		})
	}
}

// A message over another connection proves nothing against a peer that has proven
// nothing: its key is what a beacon said.
func TestNoUsurperOfHearsay(t *testing.T) {
	d := secureDesk(t)
	d.core.Beacon(d.now, friend, netip.MustParseAddr("10.0.0.9"), 41000, "forged")
	d.by("k", friend, &zremsg.Ping{Sequence: 9})
	d.wantLog()
	d.by("k", friend, keyed(friendAt, "k"))
	d.wantLog("ENTER friend")
}

// Two forged beacons, or a trusted node that says it is at its endpoint, do not end a
// peer that lives.
func TestSecurePeerAtOneEndpointWithOthers(t *testing.T) {
	addr := netip.MustParseAddr("10.0.0.2")
	d := secureDesk(t)
	d.by("k", friend, keyed(friendAt, "k"))
	for range 3 {
		d.now += time.Second
		d.core.Beacon(d.now, friend, addr, 0, "k")
		d.core.Beacon(d.now, uuid.New(), addr, 41000, "k")
		d.core.Discovered(d.now, uuid.New(), friendAt, "other")
		d.core.Tick(d.now, false)
		last := d.core.peers[friend].last
		d.by("k", friend, &zremsg.PingOK{Sequence: last + 1})
	}
	d.core.peers[friend].noticed = d.now
	d.by("other", other, keyed(friendAt, "other"))
	if p := d.core.peers[friend]; p.noticed > d.now-5*time.Second {
		t.Error("nobody asks whether it is still there")
	}
	d.wantLog("ENTER friend", "ENTER friend")
	if len(d.core.peers) != 2 {
		t.Errorf("%d peers", len(d.core.peers))
	}
	// A beacon with port 0 and another key is nothing at all.
	d.core.peers[friend].leaving = 0
	d.core.Beacon(d.now, friend, addr, 0, "other")
	if d.core.peers[friend].leaving != 0 {
		t.Error("it is taken to leave because of another key's beacon")
	}
}

// A forged beacon with its key came first, so the link goes elsewhere. Where the peer
// says that it is, is proven.
func TestSecurePeerIsElsewhere(t *testing.T) {
	d := secureDesk(t)
	d.core.Beacon(d.now, friend, netip.MustParseAddr("10.0.0.9"), 41000, "k")
	d.by("k", friend, keyed(friendAt, "k"))
	if d.links[0].endpoint == friendAt {
		t.Fatal("the link is not where the beacon led")
	}
	for range 10 {
		if len(d.links) > 1 {
			break
		}
		d.now += time.Second
		d.core.Tick(d.now, false)
	}
	if n := len(d.links); n != 2 || d.links[1].endpoint != friendAt || d.links[1].key != "k" {
		t.Fatalf("%d links, the last is %+v", n, d.links[n-1])
	}
	d.wantLog("ENTER friend", "EXIT friendendpoint has moved")
	d.by("k", friend, keyed(friendAt, "k"))
	d.wantLog("ENTER friend", "EXIT friendendpoint has moved", "ENTER friend")
}

// Anybody can send a beacon with any UUID and key; only a HELLO proves who it is.
func TestBeaconWithAnotherKey(t *testing.T) {
	addr := netip.MustParseAddr("10.0.0.2")
	d := secureDesk(t)
	d.core.Beacon(d.now, friend, netip.MustParseAddr("10.0.0.9"), 41000, "forged")
	if len(d.links) != 1 || d.links[0].key != "forged" {
		t.Fatalf("%+v", d.links)
	}
	d.core.Beacon(d.now, friend, addr, 41000, "k")
	if len(d.links) != 1 {
		t.Error("what was heard first was given up for a second beacon")
	}
	d.by("k", friend, keyed(friendAt, "k"))
	if len(d.links) != 2 || d.links[0].closed != ReasonReplaced || d.links[1].key != "k" || d.links[1].endpoint != friendAt {
		t.Fatalf("%+v", d.links)
	}
	noticed := d.core.peers[friend].noticed
	d.now += time.Second
	d.core.Beacon(d.now, friend, addr, 41000, "forged")
	d.core.Discovered(d.now, friend, "tcp://10.0.0.9:41000", "forged")
	p := d.core.peers[friend]
	if p.noticed != noticed || p.other != "" || p.announced {
		t.Errorf("a beacon with another key counts: %+v", p)
	}
	d.core.Beacon(d.now, friend, addr, 41000, "k")
	if p.noticed == noticed {
		t.Error("its own beacon does not count")
	}
	d.wantLog("ENTER friend")
}

// That a peer leaves is not believed before its port is found closed.
func TestSecureLeavingByBeacon(t *testing.T) {
	addr := netip.MustParseAddr("10.0.0.2")
	d := secureDesk(t)
	d.by("k", friend, keyed(friendAt, "k"))
	leave := func() { d.core.Beacon(d.now, friend, addr, 0, "k") }
	pass := func() {
		d.now += time.Second
		d.core.Tick(d.now, false)
	}
	pass()
	leave()
	d.by("k", friend, &zremsg.PingOK{Sequence: 2}) // forged: it is there
	pass()
	pass()
	d.core.Unheard(friend, friendAt)
	d.wantLog("ENTER friend")
	leave()
	pass()
	if got := d.log[len(d.log)-1]; got != "probe 2" {
		t.Errorf("the last that was done is %s", got)
	}
	if n := len(d.links[0].sent); d.links[0].sent[n-1].ID() != zremsg.IDPing {
		t.Errorf("sent %s", d.links[0].kinds())
	}
	d.core.Unheard(friend, friendAt)
	if got := d.log[len(d.log)-1]; got != "EXIT friendgoodbye" {
		t.Errorf("the last that was done is %s", got)
	}
}

func TestSecureStatic(t *testing.T) {
	d := secureDesk(t)
	d.core.AddStatic(d.now, friendAt, "k")
	if d.links[0].key != "k" {
		t.Errorf("a link to the key %q", d.links[0].key)
	}
	d.by("other", other, keyed(friendAt, "other")) // another node is there, or says so
	if len(d.links) != 2 || d.links[1].key != "other" {
		t.Fatalf("%+v", d.links)
	}
	d.by("k", friend, keyed(friendAt, "k"))
	d.wantLog("ENTER friend", "ENTER friend")
	if len(d.links) != 2 || d.core.peers[friend].static == nil {
		t.Errorf("the link to the configured endpoint is not the peer's: %+v", d.links)
	}
}

// What a beacon began a beacon cannot end, and a configured endpoint is that of a key.
func TestSecurePending(t *testing.T) {
	addr := netip.MustParseAddr("10.0.0.2")
	d := secureDesk(t)
	d.core.Beacon(d.now, friend, addr, 41000, "k")
	d.core.Beacon(d.now, friend, addr, 0, "k")
	if len(d.core.peers) != 1 || d.links[0].closed != "" {
		t.Errorf("%d peers, link %+v", len(d.core.peers), d.links[0])
	}
	d = secureDesk(t)
	d.by("other", other, keyed(friendAt, "other"))
	d.core.AddStatic(d.now, friendAt, "k")
	if n := len(d.links); n != 2 || d.links[1].key != "k" {
		t.Errorf("%d links, the last is %+v", n, d.links[n-1])
	}
}
