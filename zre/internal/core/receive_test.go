package core

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/gozre/zre/internal/codec/zremsg"
	"github.com/gozre/zre/internal/curve"
	"github.com/gozre/zre/internal/endpoint"
)

func TestHelloFromStranger(t *testing.T) {
	d := newDesk(t)
	d.core.Join("mine")
	d.from(friend, hello(friendText, "a", "b", "a"))
	d.wantLog("ENTER friend", "JOIN friend"+"a", "JOIN friend"+"b")
	if len(d.links) != 1 || d.links[0].endpoint != friendAt {
		t.Fatalf("links %+v", d.links)
	}
	h, ok := d.links[0].sent[0].(*zremsg.Hello)
	if !ok || h.Endpoint != "tcp://10.0.0.1:41000" || h.Status != 1 ||
		!slices.Equal(h.Groups, []string{"mine"}) || h.Name != "me" {
		t.Errorf("our HELLO is %+v", d.links[0].sent[0])
	}
	// The group is in the HELLO, so it is not joined again; a new one is.
	d.core.Join("mine")
	d.core.Join("more")
	d.core.Leave("mine")
	want := []zremsg.Message{&zremsg.Join{Group: "more", Status: 2}, &zremsg.Leave{Group: "mine", Status: 3}}
	if got := d.links[0].sent[1:]; !slices.EqualFunc(got, want, zremsg.Message.Equal) {
		t.Errorf("sent %v, want %v", got, want)
	}
}

func TestHelloRefused(t *testing.T) {
	late := hello(friendText)
	late.Sequence = 2
	for name, m := range map[string]*zremsg.Hello{
		"sequence 2":     late,
		"our endpoint":   hello("tcp://10.0.0.1:41000"),
		"no endpoint":    hello(""),
		"host name":      hello("tcp://host:41000"),
		"port 0":         hello("tcp://10.0.0.2:0"),
		"any address":    hello("tcp://0.0.0.0:41000"),
		"multicast":      hello("tcp://225.25.25.25:41000"),
		"inproc":         hello("inproc://zre"),
		"long":           hello("tcp://10.0.0.2:" + strings.Repeat("0", 230) + "41000"),
		"unusual form":   hello("tcp://10.0.0.2:041000"),
		"with a key":     hello(endpoint.At(friendHost, 41000, curve.Key{1}).WithKey()),
		"octets after":   hello(friendText + " "),
		"without scheme": hello("10.0.0.2:41000"),
	} {
		d := newDesk(t)
		d.from(friend, m)
		if len(d.log)+len(d.links) != 0 || d.core.Stats().Refused != 1 {
			t.Errorf("%s: events %q, links %v, refused %d",
				name, d.log, d.links, d.core.Stats().Refused)
		}
		// The connection may still say the right one.
		d.conns[0].say(hello(friendText))
		d.wantLog("ENTER friend")
	}
}

// The octets of an arriving message, and what comes of them.
func TestReceiveOctets(t *testing.T) {
	for _, c := range []struct {
		name    string
		header  string
		log     string // the event after ENTER
		refused uint64
		ready   bool // the session goes on
	}{
		{"WHISPER", "\xaa\xa1\x02\x02\x00\x02", "WHISPER", 0, true},
		{"no header", "", "", 1, true},
		{"other signature", "\xaa\xa0\x02\x02\x00\x02", "", 1, true},
		{"other version", "\xaa\xa1\x02\x03\x00\x02", "", 1, true},
		{"octets after the end", "\xaa\xa1\x06\x02\x00\x02\x00", "", 1, true},
		{"unknown id in sequence", "\xaa\xa1\xff\x02\x00\x02", "", 1, true},
		{"unknown id out of sequence", "\xaa\xa1\xff\x02\x00\x03", "EXIT friendsequence gap", 1, false},
		{"gap", "\xaa\xa1\x02\x02\x00\x03", "EXIT friendsequence gap", 0, false},
		{"ELECT", "\xaa\xa1\x08\x02\x00\x02\x01G\x200123456789ABCDEF0123456789abcdef", "", 0, true},
		{"ELECT without a UUID", "\xaa\xa1\x08\x02\x00\x02\x01G\x01X", "", 1, true},
		{"LEADER with a long UUID", "\xaa\xa1\x09\x02\x00\x02\x01G\x210123456789ABCDEF0123456789abcdef0", "", 1, true},
		{"GOODBYE", "\xaa\xa1\x0a\x02\x00\x02", "EXIT friendgoodbye", 0, false},
		{"JOIN", "\xaa\xa1\x04\x02\x00\x02\x01G\x01", "JOIN friendG", 0, true},
		{"JOIN cut", "\xaa\xa1\x04\x02\x00\x02\x05G", "", 1, true},
	} {
		d := newDesk(t)
		d.from(friend, hello(friendText))
		d.log = nil
		d.conns[0].octets([]byte(c.header))
		if got := strings.Join(d.log, "; "); got != c.log {
			t.Errorf("%s: events %q, want %q", c.name, got, c.log)
		}
		if got := d.core.Stats().Refused; got != c.refused {
			t.Errorf("%s: refused %d, want %d", c.name, got, c.refused)
		}
		if got := d.core.Peer(friend) != nil; got != c.ready {
			t.Errorf("%s: ready %v, want %v", c.name, got, c.ready)
		}
		inSequence := c.ready && c.refused == 0 || c.name == "unknown id in sequence" ||
			c.name == "octets after the end" || c.name == "JOIN cut" || strings.Contains(c.name, "UUID")
		if inSequence {
			d.from(friend, &zremsg.Ping{Sequence: 3})
			if d.links[0].answers != 1 {
				t.Errorf("%s: the next message was not in sequence", c.name)
			}
		}
	}
}

// Runs of data follow the same rules as single messages.
func TestReceiveRun(t *testing.T) {
	for _, c := range []struct {
		name       string
		last       uint16 // sequence received before
		run        Run
		ok, exits  bool
		unexpected uint64
	}{
		{"in sequence", 1, Run{First: 2, Last: 5, Messages: 4, Octets: 40}, true, false, 0},
		{"one message", 1, Run{First: 2, Last: 2, Messages: 1, Octets: 6}, true, false, 0},
		{"gap before", 1, Run{First: 3, Last: 5, Messages: 3}, false, true, 0},
		{"repeated", 5, Run{First: 5, Last: 6, Messages: 2}, false, true, 0},
		{"over the end of the numbers", 65534, Run{First: 65535, Last: 1, Messages: 3}, true, false, 0},
		{"over the end, short", 65534, Run{First: 0, Last: 3, Messages: 4}, true, false, 0},
		{"before HELLO", 0, Run{First: 2, Last: 5, Messages: 4}, false, false, 4},
	} {
		d := newDesk(t)
		dc := d.connect(friend, friendHost)
		var messagesBefore, octetsBefore uint64
		if c.last != 0 {
			dc.say(hello(friendText))
			d.peer(friend).sequence = c.last
			messagesBefore, octetsBefore = d.peer(friend).Received()
			if messagesBefore != 1 || octetsBefore < 22 {
				t.Errorf("%s: after HELLO: received %d messages, %d octets", c.name, messagesBefore, octetsBefore)
			}
		}
		before := d.core.Stats()
		d.now += time.Second
		l := d.core.ReceiveRun(d.now, dc.conn, c.run)
		after := d.core.Stats()
		if got := after.MessagesIn - before.MessagesIn; got != uint64(c.run.Messages) ||
			after.OctetsIn-before.OctetsIn != uint64(c.run.Octets) {
			t.Errorf("%s: counted %d messages", c.name, got)
		}
		if after.Unexpected != c.unexpected {
			t.Errorf("%s: %d were unexpected, want %d", c.name, after.Unexpected, c.unexpected)
		}
		if exits := slices.Contains(d.log, "EXIT friendsequence gap"); exits != c.exits {
			t.Errorf("%s: events %q", c.name, d.log)
		}
		if (l != nil) != c.ok {
			t.Errorf("%s: link %v, want one %v", c.name, l, c.ok)
		}
		if !c.ok {
			continue
		}
		p := d.peer(friend)
		messages, octets := p.Received()
		if l != p.Link() || messages-messagesBefore != uint64(c.run.Messages) ||
			octets-octetsBefore != uint64(c.run.Octets) || p.lastMessage != d.now {
			t.Errorf("%s: received %d messages, %d octets", c.name, messages, octets)
		}
		dc.say(&zremsg.Ping{Sequence: c.run.Last + 1})
		if d.links[0].answers != 1 {
			t.Errorf("%s: the next message was not in sequence", c.name)
		}
	}
}

// The sequence is cyclic; pyre and zyre.js leave 65535 out.
func TestSequenceWraps(t *testing.T) {
	for _, c := range []struct {
		last, next uint16
		ok         bool
	}{{65534, 65535, true}, {65535, 0, true}, {65534, 0, true}, {0, 1, true}, {65533, 0, false}, {65535, 1, false}, {7, 7, false}} {
		d := newDesk(t)
		d.from(friend, hello(friendText))
		d.peer(friend).sequence = c.last
		d.from(friend, &zremsg.Ping{Sequence: c.next})
		if ok := d.core.Peer(friend) != nil; ok != c.ok {
			t.Errorf("%d after %d: %v, want %v", c.next, c.last, ok, c.ok)
		}
		if short := d.links[0].short; short != (c.last == 65534 && c.next == 0) {
			t.Errorf("%d after %d: our own sequence shortened: %v", c.next, c.last, short)
		}
	}
}

// A status that is not the next one is repaired, and no peer is lost by it.
func TestStatusIsRepaired(t *testing.T) {
	d := newDesk(t)
	d.from(friend, hello(friendText))
	d.from(friend, &zremsg.Join{Sequence: 2, Group: "a", Status: 9})
	d.from(friend, &zremsg.Join{Sequence: 3, Group: "b", Status: 10})
	d.from(friend, &zremsg.Leave{Sequence: 4, Group: "never", Status: 11})
	d.wantLog("ENTER friend", "JOIN frienda", "JOIN friendb")
	if got := d.core.Stats().StatusRepaired; got != 1 {
		t.Errorf("repaired %d, want 1", got)
	}
}

func TestSecondHello(t *testing.T) {
	d := newDesk(t)
	d.from(friend, hello(friendText, "a"))
	d.log = nil
	d.now += time.Minute
	d.from(friend, hello("tcp://10.0.0.2:41001"))
	d.wantLog("EXIT friendrestarted", "ENTER friend")
	if len(d.links) != 2 || d.links[0].closed == 0 || d.links[1].endpoint != at("10.0.0.2:41001") {
		t.Errorf("links %+v", d.links)
	}
	if d.core.PeerGroups() != nil {
		t.Errorf("groups %v", d.core.PeerGroups())
	}
}

func TestBeacons(t *testing.T) {
	addr := friendHost
	d := newDesk(t)
	d.core.Beacon(d.now, own, addr, 41000, curve.Key{})
	d.core.Beacon(d.now, friend, netip.MustParseAddr("10.0.0.1"), 41000, curve.Key{}) // our endpoint
	if len(d.links) != 0 {
		t.Fatal("our own beacon was answered")
	}
	d.core.Beacon(d.now, friend, addr, 41000, curve.Key{})
	d.core.Beacon(d.now, friend, addr, 41000, curve.Key{})
	d.core.Beacon(d.now, friend, netip.MustParseAddr("10.1.0.2"), 41000, curve.Key{}) // another network of it
	if len(d.links) != 1 || d.links[0].endpoint != friendAt {
		t.Fatalf("links %+v", d.links)
	}
	// No more peers than allowed.
	for i := range 10 {
		d.core.Beacon(d.now, uuid.UUID{9, byte(i)}, netip.AddrFrom4([4]byte{10, 0, 1, byte(i)}), 41000, curve.Key{})
	}
	if d.core.peers.len() != 3 || d.core.Stats().PeersRefused != 8 {
		t.Errorf("%d peers, %d refused", d.core.peers.len(), d.core.Stats().PeersRefused)
	}
}

// gyre panics on GOODBYE, so a peer that may be gyre learns it from the beacon alone.
func TestWhoIsSentGoodbye(t *testing.T) {
	const dynamicText = "tcp://10.0.0.2:49152"
	dynamicAt := at("10.0.0.2:49152")
	for _, c := range []struct {
		name     string
		endpoint string
		change   func(*desk)
		want     bool
	}{
		{"port of our own kind", friendText, func(*desk) {}, true},
		{"last port below the dynamic ones", "tcp://10.0.0.2:49151", func(*desk) {}, true},
		{"dynamic port", dynamicText, func(*desk) {}, false},
		{"dynamic port, found by gossip", dynamicText, func(d *desk) { d.core.Discovered(d.now, friend, dynamicAt) }, true},
		{"dynamic port, configured", dynamicText, func(d *desk) { d.core.AddStatic(d.now, dynamicAt) }, true},
		{"dynamic port, with a key", dynamicText, func(d *desk) { d.core.cfg.PublicKey = ownKey }, true},
		{"dynamic port, we send no beacons", dynamicText, func(d *desk) { d.core.cfg.NoBeacon = true }, true},
	} {
		d := newDesk(t)
		c.change(d)
		if d.core.cfg.PublicKey.IsZero() {
			d.from(friend, hello(c.endpoint))
		} else {
			d.by(friendKey, friend, keyed(c.endpoint, friendKey))
		}
		d.core.Goodbye()
		if got := strings.Contains(d.links[0].kinds(), "GOODBYE"); got != c.want {
			t.Errorf("%s: sent %s, want GOODBYE %v", c.name, d.links[0].kinds(), c.want)
		}
	}
}

// A beacon with port 0 may overtake the last messages: they are awaited. Then the peer is
// gone if it does not answer.
func TestLeavingByBeacon(t *testing.T) {
	addr := friendHost
	d := newDesk(t)
	d.from(friend, hello(friendText))
	d.core.Beacon(d.now, friend, netip.MustParseAddr("10.9.9.9"), 0, curve.Key{}) // from another host
	d.now += 2 * time.Second
	d.core.Tick(d.now, false)
	d.core.Beacon(d.now, friend, addr, 0, curve.Key{})
	d.from(friend, &zremsg.Whisper{Sequence: 2}, "last words")
	d.core.Tick(d.now+100*time.Millisecond, false)
	d.pass(2)
	d.wantLog("ENTER friend", "WHISPER last words")
	d.pass(2)
	d.wantLog("ENTER friend", "WHISPER last words", "EXIT friendgoodbye")
}

// Anybody can send such a beacon: a peer that goes on answering stays, however many come,
// and is not sent more PINGs than usual.
func TestForgedLeaveByBeacon(t *testing.T) {
	d := newDesk(t)
	d.from(friend, hello(friendText))
	seq := uint16(1)
	for range 300 {
		for range 20 {
			d.core.Beacon(d.now, friend, friendHost, 0, curve.Key{})
		}
		d.tick(100 * time.Millisecond)
		for range d.links[0].pings {
			seq++
			d.from(friend, &zremsg.PingOK{Sequence: seq})
		}
	}
	d.wantLog("ENTER friend")
	if seq > 62 {
		t.Errorf("sent %d PINGs in 30 s", seq)
	}
	// Nor does it end one that is connecting.
	d = newDesk(t)
	d.slow = true
	d.from(friend, hello(friendText))
	d.core.Beacon(d.now, friend, friendHost, 0, curve.Key{})
	d.linkUp(d.links[0])
	d.wantLog("ENTER friend")
}

// A peer that receives none of our answers ends.
func TestOverloadedLink(t *testing.T) {
	d := newDesk(t)
	d.from(friend, hello(friendText))
	d.links[0].failed = ReasonOverload
	d.core.Tick(d.now, false)
	d.wantLog("ENTER friend", "EXIT frienddoes not read")
}

// zyre tells a link-local address without its end. A peer that was heard there is
// reached there; one that was not is refused.
func TestHelloWithCutEndpoint(t *testing.T) {
	at := netip.MustParseAddr("fe80::2%eth0")
	for _, heard := range []bool{true, false} {
		d := newDesk(t)
		if heard {
			d.core.Beacon(d.now, friend, at, 41000, curve.Key{})
		}
		d.connect(friend, at).say(&zremsg.Hello{Sequence: 1, Endpoint: "tcp://[fe80::2:41000", Name: "friend"})
		if heard != (len(d.log) == 1) || heard == (d.core.Stats().Refused == 1) {
			t.Errorf("heard before %v: events %q, refused %d", heard, d.log, d.core.Stats().Refused)
		}
		if heard && d.links[0].endpoint.String() != "tcp://[fe80::2%eth0]:41000" {
			t.Errorf("reached at %s", d.links[0].endpoint)
		}
	}
}

// A link-local address is named without its zone. It is the one that was heard there, or has
// the zone of the connection; on a connection over IPv4 it has none and leads nowhere.
func TestHelloWithLinkLocalEndpoint(t *testing.T) {
	const heard = "fe80::2%eth0"
	for _, test := range []struct{ heard, remote, want string }{
		{"", heard, "[fe80::2%eth0]:41000"},
		{heard, heard, "[fe80::2%eth0]:41000"},
		{heard, "10.0.0.2", "[fe80::2%eth0]:41000"},
		{"", "10.0.0.2", "10.0.0.2:41000"},
		{"10.0.0.2", "10.0.0.2", "10.0.0.2:41000"},
	} {
		d := newDesk(t)
		if test.heard != "" {
			d.core.Beacon(d.now, friend, netip.MustParseAddr(test.heard), 41000, curve.Key{})
		}
		d.connect(friend, netip.MustParseAddr(test.remote)).
			say(&zremsg.Hello{Sequence: 1, Endpoint: "tcp://[fe80::2]:41000", Name: "friend"})
		d.wantLog("ENTER friend")
		if got := d.links[len(d.links)-1].endpoint.Addr.String(); got != test.want {
			t.Errorf("heard at %q, connected from %s: reached at %s, want %s", test.heard, test.remote, got, test.want)
		}
	}
}
