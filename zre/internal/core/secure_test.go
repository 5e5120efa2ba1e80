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
	d.by("other", friend, &zremsg.Whisper{Sequence: 2}) // takes the identity over
	d.by("", friend, &zremsg.Whisper{Sequence: 2})
	d.by("other", friend, &zremsg.Goodbye{Sequence: 2})
	d.by("other", friend, keyed(friendAt, "other"))
	d.wantLog("ENTER friend")
	d.by("k", friend, &zremsg.Whisper{Sequence: 2})
	d.wantLog("ENTER friend", "WHISPER")
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
	// One that has come back with a new key is believed when the old one is silent.
	d.wantLog("ENTER friend")
	for !p.evasive {
		d.now += time.Second
		d.core.Tick(d.now, false)
	}
	d.by("new", friend, keyed(friendAt, "new"))
	d.wantLog("ENTER friend", "EVASIVE friend", "probe 2", "EXIT friendreplaced", "ENTER friend")
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
	d.wantLog("ENTER friend", "EXIT friendreplaced", "ENTER friend")
	if len(d.links) != 2 || d.core.peers[friend].static == nil {
		t.Errorf("the link to the configured endpoint is not the peer's: %+v", d.links)
	}
}
