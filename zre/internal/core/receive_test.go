package core

import (
	"fmt"
	"log/slog"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/gozre/zre/internal/codec/zremsg"
)

// desk is a core whose shell writes down what it is asked to do.
type desk struct {
	t     *testing.T
	core  *Core
	now   time.Duration
	links []*deskLink
	log   []string // events
}

type deskLink struct {
	endpoint string
	key      string
	sent     []zremsg.Message
	answers  int
	acks     int
	closed   string
	failed   string
	short    bool
}

func (d *desk) Open(_ uuid.UUID, endpoint, key string) (Link, error) {
	l := &deskLink{endpoint: endpoint, key: key}
	d.links = append(d.links, l)
	return l, nil
}
func (d *desk) Reopen(l Link, _ uuid.UUID, endpoint, key, reason string) (Link, error) {
	l.(*deskLink).closed = "for another on its connection: " + reason
	return d.Open(uuid.Nil, endpoint, key)
}
func (d *desk) Local(string) string          { return "tcp://10.0.0.1:41000" }
func (d *desk) IsLocal(endpoint string) bool { return endpoint == "tcp://10.0.0.1:41000" }
func (d *desk) Probe(id uuid.UUID, _ string, _ Link) {
	d.log = append(d.log, fmt.Sprint("probe ", id.String()[:1]))
}
func (d *desk) Ban(key string) { d.log = append(d.log, "ban "+key) }
func (d *desk) Deliver(_ Link, ev *Event) {
	d.log = append(d.log, fmt.Sprintf("%v %s%s%s", ev.Type, ev.Name, ev.Group, ev.Reason))
}
func (d *desk) Data(_ Link, typ EventType, group string, content [][]byte) {
	d.log = append(d.log, strings.TrimSpace(fmt.Sprintf("%v %s%s", typ, group, slices.Concat(content...))))
}

func (l *deskLink) Send(m zremsg.Message) { l.sent = append(l.sent, m) }
func (l *deskLink) Answer()               { l.answers++ }
func (l *deskLink) Ack()                  { l.acks++ }
func (l *deskLink) Owes() bool            { return false }
func (l *deskLink) Failed() string        { return l.failed }
func (l *deskLink) Shorten()              { l.short = true }
func (l *deskLink) Close(reason string)   { l.closed = reason }

var (
	own    = uuid.MustParse("11111111-1111-1111-1111-111111111111")
	friend = uuid.MustParse("22222222-2222-2222-2222-222222222222")
	other  = uuid.MustParse("33333333-3333-3333-3333-333333333333")
)

func newDesk(t *testing.T) *desk {
	d := &desk{t: t, now: time.Hour}
	d.core = New(Config{
		ID: own, Name: "me", MaxPeers: 3,
		QuietPeriod: 5 * time.Second, PingRate: time.Second, DeadPeriod: 30 * time.Second,
		Shell: d, Logger: slog.New(slog.DiscardHandler),
	})
	return d
}

// from lets a message arrive.
func (d *desk) from(id uuid.UUID, m zremsg.Message, content ...string) {
	d.t.Helper()
	header, err := m.AppendTo(nil)
	if err != nil {
		d.t.Fatal(err)
	}
	var frames [][]byte
	for _, c := range content {
		frames = append(frames, []byte(c))
	}
	d.core.Receive(d.now, append([]byte{1}, id[:]...), nil, header, frames)
}

func hello(endpoint string, groups ...string) *zremsg.Hello {
	return &zremsg.Hello{Sequence: 1, Endpoint: endpoint, Groups: groups, Status: uint8(len(groups)), Name: "friend"}
}

const friendAt = "tcp://10.0.0.2:41000"

func (d *desk) wantLog(want ...string) {
	d.t.Helper()
	if !slices.Equal(d.log, want) {
		d.t.Errorf("events\n%q\nwant\n%q", d.log, want)
	}
}

func TestHelloFromStranger(t *testing.T) {
	d := newDesk(t)
	d.core.Join("mine")
	d.from(friend, hello(friendAt, "a", "b", "a"))
	d.wantLog("ENTER friend", "JOIN friend"+"a", "JOIN friend"+"b")
	if len(d.links) != 1 || d.links[0].endpoint != friendAt {
		t.Fatalf("links %+v", d.links)
	}
	h, ok := d.links[0].sent[0].(*zremsg.Hello)
	if !ok || h.Endpoint != "tcp://10.0.0.1:41000" || h.Status != 1 || !slices.Equal(h.Groups, []string{"mine"}) || h.Name != "me" {
		t.Errorf("our HELLO is %+v", d.links[0].sent[0])
	}
	// The group is in the HELLO, so it is not joined again; a new one is.
	d.core.Join("mine")
	d.core.Join("more")
	d.core.Leave("mine")
	var got []string
	for _, m := range d.links[0].sent[1:] {
		got = append(got, fmt.Sprintf("%v %+v", m.ID(), m))
	}
	want := []string{"JOIN &{Sequence:0 Group:more Status:2}", "LEAVE &{Sequence:0 Group:mine Status:3}"}
	if !slices.Equal(got, want) {
		t.Errorf("sent %q, want %q", got, want)
	}
}

func TestHelloRefused(t *testing.T) {
	late := hello(friendAt)
	late.Sequence = 2
	for name, m := range map[string]*zremsg.Hello{
		"sequence 2":   late,
		"our endpoint": hello("tcp://10.0.0.1:41000"),
		"no endpoint":  hello(""),
		"host name":    hello("tcp://host:41000"),
		"port 0":       hello("tcp://10.0.0.2:0"),
		"any address":  hello("tcp://0.0.0.0:41000"),
		"multicast":    hello("tcp://225.25.25.25:41000"),
		"inproc":       hello("inproc://zre"),
		"long":         hello("tcp://10.0.0.2:" + strings.Repeat("0", 230) + "41000"),
	} {
		d := newDesk(t)
		d.from(friend, m)
		if len(d.log)+len(d.links) != 0 || d.core.Stats().Refused != 1 {
			t.Errorf("%s: events %q, links %v, refused %d", name, d.log, d.links, d.core.Stats().Refused)
		}
	}
	d := newDesk(t)
	d.from(own, hello(friendAt))
	if d.core.Stats().Refused != 1 {
		t.Error("HELLO with our own identity was not refused")
	}
}

// The octets of an arriving message, and what comes of them.
func TestReceiveOctets(t *testing.T) {
	id := append([]byte{1}, friend[:]...)
	for _, c := range []struct {
		name     string
		identity []byte
		header   string
		log      string // the event after ENTER
		refused  uint64
		ready    bool // the session goes on
	}{
		{"WHISPER", id, "\xaa\xa1\x02\x02\x00\x02", "WHISPER", 0, true},
		{"first octet of identity is free", append([]byte{0x31}, friend[:]...), "\xaa\xa1\x02\x02\x00\x02", "WHISPER", 0, true},
		{"short identity", id[:16], "\xaa\xa1\x02\x02\x00\x02", "", 1, true},
		{"no identity", nil, "\xaa\xa1\x02\x02\x00\x02", "", 1, true},
		{"no header", id, "", "", 1, true},
		{"other signature", id, "\xaa\xa0\x02\x02\x00\x02", "", 1, true},
		{"other version", id, "\xaa\xa1\x02\x03\x00\x02", "", 1, true},
		{"octets after the end", id, "\xaa\xa1\x06\x02\x00\x02\x00", "", 1, true},
		{"unknown id in sequence", id, "\xaa\xa1\xff\x02\x00\x02", "", 1, true},
		{"unknown id out of sequence", id, "\xaa\xa1\xff\x02\x00\x03", "EXIT friendsequence gap", 1, false},
		{"gap", id, "\xaa\xa1\x02\x02\x00\x03", "EXIT friendsequence gap", 0, false},
		{"ELECT", id, "\xaa\xa1\x08\x02\x00\x02\x01G\x200123456789ABCDEF0123456789abcdef", "", 0, true},
		{"ELECT without a UUID", id, "\xaa\xa1\x08\x02\x00\x02\x01G\x01X", "", 1, true},
		{"LEADER with a long UUID", id, "\xaa\xa1\x09\x02\x00\x02\x01G\x210123456789ABCDEF0123456789abcdef0", "", 1, true},
		{"GOODBYE", id, "\xaa\xa1\x0a\x02\x00\x02", "EXIT friendgoodbye", 0, false},
		{"JOIN", id, "\xaa\xa1\x04\x02\x00\x02\x01G\x01", "JOIN friendG", 0, true},
		{"JOIN cut", id, "\xaa\xa1\x04\x02\x00\x02\x05G", "", 1, true},
	} {
		d := newDesk(t)
		d.from(friend, hello(friendAt))
		d.log = nil
		d.core.Receive(d.now, c.identity, nil, []byte(c.header), nil)
		if got := strings.Join(d.log, "; "); got != c.log {
			t.Errorf("%s: events %q, want %q", c.name, got, c.log)
		}
		if got := d.core.Stats().Refused; got != c.refused {
			t.Errorf("%s: refused %d, want %d", c.name, got, c.refused)
		}
		if got := d.core.Peer(friend) != nil; got != c.ready {
			t.Errorf("%s: ready %v, want %v", c.name, got, c.ready)
		}
		if c.ready && c.refused == 0 || c.name == "unknown id in sequence" {
			d.from(friend, &zremsg.Ping{Sequence: 3})
			if d.links[0].answers != 1 {
				t.Errorf("%s: the next message was not in sequence", c.name)
			}
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
		d.from(friend, hello(friendAt))
		d.core.peers[friend].last = c.last
		d.from(friend, &zremsg.Ping{Sequence: c.next})
		if ok := d.core.Peer(friend) != nil; ok != c.ok {
			t.Errorf("%d after %d: %v, want %v", c.next, c.last, ok, c.ok)
		}
		if short := d.links[0].short; short != (c.last == 65534 && c.next == 0) {
			t.Errorf("%d after %d: our own sequence shortened: %v", c.next, c.last, short)
		}
	}
}

// A status that is not the next one is repaired, and nobody is lost by it.
func TestStatusIsRepaired(t *testing.T) {
	d := newDesk(t)
	d.from(friend, hello(friendAt))
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
	d.from(friend, hello(friendAt, "a"))
	d.log = nil
	d.now += time.Minute
	d.from(friend, hello("tcp://10.0.0.2:41001"))
	d.wantLog("EXIT friendrestarted", "ENTER friend")
	if len(d.links) != 2 || d.links[0].closed == "" || d.links[1].endpoint != "tcp://10.0.0.2:41001" {
		t.Errorf("links %+v", d.links)
	}
	if d.core.PeerGroups() != nil {
		t.Errorf("groups %v", d.core.PeerGroups())
	}
}

func TestBeacons(t *testing.T) {
	addr := netip.MustParseAddr("10.0.0.2")
	d := newDesk(t)
	d.core.Beacon(d.now, own, addr, 41000, "")
	d.core.Beacon(d.now, friend, netip.MustParseAddr("10.0.0.1"), 41000, "") // our endpoint
	if len(d.links) != 0 {
		t.Fatal("our own beacon was answered")
	}
	d.core.Beacon(d.now, friend, addr, 41000, "")
	d.core.Beacon(d.now, friend, addr, 41000, "")
	d.core.Beacon(d.now, friend, netip.MustParseAddr("10.1.0.2"), 41000, "") // another network of it
	if len(d.links) != 1 || d.links[0].endpoint != friendAt {
		t.Fatalf("links %+v", d.links)
	}
	// No more peers than allowed.
	for i := range 10 {
		d.core.Beacon(d.now, uuid.UUID{9, byte(i)}, netip.AddrFrom4([4]byte{10, 0, 1, byte(i)}), 41000, "")
	}
	if len(d.core.peers) != 3 || d.core.Stats().PeersRefused != 8 {
		t.Errorf("%d peers, %d refused", len(d.core.peers), d.core.Stats().PeersRefused)
	}
}

// gyre panics on GOODBYE, so who may be gyre is told by the beacon alone.
func TestWhoIsToldGoodbye(t *testing.T) {
	const dynamicAt = "tcp://10.0.0.2:49152"
	for _, c := range []struct {
		name     string
		endpoint string
		change   func(*desk)
		want     bool
	}{
		{"port of our own kind", friendAt, func(*desk) {}, true},
		{"last port below the dynamic ones", "tcp://10.0.0.2:49151", func(*desk) {}, true},
		{"dynamic port", dynamicAt, func(*desk) {}, false},
		{"dynamic port, found by gossip", dynamicAt, func(d *desk) { d.core.Discovered(d.now, friend, dynamicAt, "") }, true},
		{"dynamic port, configured", dynamicAt, func(d *desk) { d.core.AddStatic(d.now, dynamicAt, "") }, true},
		{"dynamic port, with a key", dynamicAt, func(d *desk) { d.core.cfg.PublicKey = "own" }, true},
		{"dynamic port, we send no beacons", dynamicAt, func(d *desk) { d.core.cfg.NoBeacon = true }, true},
	} {
		d := newDesk(t)
		c.change(d)
		if d.core.cfg.PublicKey == "" {
			d.from(friend, hello(c.endpoint))
		} else {
			d.by("k", friend, keyed(c.endpoint, "k"))
		}
		d.core.Goodbye()
		if got := strings.Contains(d.links[0].kinds(), "GOODBYE"); got != c.want {
			t.Errorf("%s: sent %s, want GOODBYE %v", c.name, d.links[0].kinds(), c.want)
		}
	}
}

// A beacon with port 0 may overtake the last messages: they are awaited.
func TestLeavingByBeacon(t *testing.T) {
	addr := netip.MustParseAddr("10.0.0.2")
	d := newDesk(t)
	d.from(friend, hello(friendAt))
	d.core.Beacon(d.now, friend, netip.MustParseAddr("10.9.9.9"), 0, "") // from somebody else
	d.now += 2 * time.Second
	d.core.Tick(d.now, false)
	d.core.Beacon(d.now, friend, addr, 0, "")
	d.from(friend, &zremsg.Whisper{Sequence: 2}, "last words")
	d.core.Tick(d.now+100*time.Millisecond, false)
	d.wantLog("ENTER friend", "WHISPER last words")
	d.core.Tick(d.now+time.Second, false)
	d.wantLog("ENTER friend", "WHISPER last words", "EXIT friendgoodbye")
}

// Only an evasive peer at the endpoint that was probed ends by it.
func TestUnheard(t *testing.T) {
	d := newDesk(t)
	d.from(friend, hello(friendAt))
	d.core.Unheard(friend, friendAt)
	for range 8 {
		d.now += time.Second
		d.core.Tick(d.now, false)
	}
	d.core.Unheard(friend, "tcp://10.0.0.2:41001")
	d.core.Unheard(other, friendAt)
	d.wantLog("ENTER friend", "EVASIVE friend", "probe 2", "probe 2", "probe 2")
	d.core.Unheard(friend, friendAt)
	if d.core.Peer(friend) != nil {
		t.Error("the peer is still there")
	}
}

// A link that is of no use ends its peer.
func TestFailedLink(t *testing.T) {
	d := newDesk(t)
	d.from(friend, hello(friendAt))
	d.links[0].failed = ReasonOverload
	d.core.Tick(d.now, false)
	d.wantLog("ENTER friend", "EXIT frienddoes not read")
}

// Frames of no size count as well.
func TestWindowCountsFrames(t *testing.T) {
	w := NewWindow(1 << 20)
	w.Sent(6, 1, true)
	one := w.UnackedOctets()
	w.Sent(6, 60_000, true)
	if got := w.UnackedOctets() - 2*one; got != 59_999*FrameCost {
		t.Errorf("59999 further frames count %d octets, want %d", got, 59_999*FrameCost)
	}
}

func TestWindow(t *testing.T) {
	w := NewWindow(1000)
	w.Sent(100, 1, true)
	if !w.Room() || w.WantsFence() || w.UnackedData() != 1 || !w.Unfenced() {
		t.Fatalf("%+v", w)
	}
	w.Sent(800, 1, true) // with MessageCost more than the window
	if w.Room() || !w.WantsFence() {
		t.Fatalf("%+v", w)
	}
	w.Sent(6, 0, false)
	w.Fence()
	goal := w.Goal()
	w.Sent(10, 1, true)
	if w.Reached(goal) || !w.Ack() || !w.Reached(goal) || w.UnackedData() != 1 || !w.Room() {
		t.Fatalf("%+v", w)
	}
	if w.Ack() {
		t.Error("a PING-OK without a PING was taken for an answer")
	}
	if w.Overrun() {
		t.Error("overrun")
	}
	for range 10 {
		w.Sent(200_000, 0, false)
	}
	if !w.Overrun() {
		t.Error("no overrun")
	}
}
