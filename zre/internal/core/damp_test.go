package core

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/gozre/zre/internal/codec/zremsg"
	"github.com/gozre/zre/internal/curve"
)

func TestPacer(t *testing.T) {
	var p pacer
	for i, want := range []time.Duration{0, 0, 0, 1, 2, 3} {
		if got := p.take(10, 1, 3, 1); got != want {
			t.Errorf("number %d waits %d, want %d", i, got, want)
		}
	}
	if got := p.take(100, 1, 3, 3); got != 0 {
		t.Errorf("three at once wait %d after a pause", got)
	}
	if got := p.take(100, 1, 3, 1); got != 1 {
		t.Errorf("one more waits %d", got)
	}
}

// A peer that begins sessions without end is told to the application no more than once in
// two seconds.
func TestSessionsOfOnePeerAreDamped(t *testing.T) {
	d := newDesk(t)
	d.from(friend, hello(friendText))
	for range 1000 {
		d.from(friend, hello(friendText, "a"))
		d.tick(10 * time.Millisecond)
	}
	enters := strings.Count(strings.Join(d.log, "\n"), "ENTER")
	if enters < peerBurst || enters > peerBurst+6 {
		t.Errorf("%d sessions in 10 s", enters)
	}
	if d.core.peers.get(friend) == nil {
		t.Error("the peer was forgotten")
	}
	if d.core.Stats().Damped == 0 {
		t.Error("nothing was counted")
	}
}

// fromHost lets a node of a host connect and say HELLO.
func (d *desk) fromHost(host netip.Addr, n int, m *zremsg.Hello) *deskConn {
	dc := d.accept(identity(uuid.UUID{9, byte(n >> 8), byte(n)}), curve.Key{}, host)
	if dc == nil {
		return nil
	}
	m.Endpoint = fmt.Sprintf("tcp://%s:%d", host, 20000+n)
	m.Sequence, m.Name = 1, "x"
	dc.say(m)
	return dc
}

// A host whose peers come and go without end has a limit of its own, and a peer of another
// host does not wait for it.
func TestSessionsOfOneHostAreDamped(t *testing.T) {
	d := newDesk(t)
	d.core.cfg.MaxPeers = 10000
	bad := netip.MustParseAddr("10.0.0.66")
	for n := range 5000 {
		if dc := d.fromHost(bad, n, &zremsg.Hello{}); dc != nil && !dc.closed {
			dc.end()
			d.links, d.conns = d.links[max(0, len(d.links)-1000):], d.conns[max(0, len(d.conns)-1000):]
		}
		if n%50 == 0 {
			d.tick(100 * time.Millisecond) // 10 s in all
		}
	}
	if enters := strings.Count(strings.Join(d.log, "\n"), "ENTER"); enters < hostBurst || enters > hostBurst+400 {
		t.Errorf("%d sessions in 10 s", enters)
	}
	d.log = nil
	d.from(friend, hello(friendText))
	if !strings.Contains(strings.Join(d.log, "\n"), "ENTER friend") {
		t.Errorf("the peer of another host waits: %v", d.log)
	}
	d.tick(5 * time.Minute)
	if n := len(d.core.entersOf); n != 0 {
		t.Errorf("%d hosts are remembered", n)
	}
}

// However many groups peers are in, the memory for them is bounded, and a peer that is in
// few groups is in all of them.
func TestGroupsAreBoundedInTotal(t *testing.T) {
	d := newDesk(t)
	d.core.cfg.MaxPeers = 10000
	groups := make([]string, maxGroupsPerPeer)
	for n := range 60 {
		for i := range groups {
			groups[i] = fmt.Sprintf("group %d of %d", i, n)
		}
		d.fromHost(netip.AddrFrom4([4]byte{10, 0, 1, byte(n)}), n, &zremsg.Hello{Groups: groups})
		d.log = nil
	}
	if got := d.core.groups.len(); got > sharedMemory/groupCost+60*ownMemory/groupCost {
		t.Errorf("%d groups are remembered", got)
	}
	if d.core.Stats().GroupsRefused == 0 {
		t.Error("no group was refused")
	}
	few := []string{"a", "b", "c", "d", "e", "f", "g", "h"}
	d.from(friend, hello(friendText, few...))
	if p := d.core.Peer(friend); p == nil || len(p.Groups()) != len(few) {
		t.Errorf("a peer with few groups is in %v", p)
	}
	for _, p := range d.core.peers.all() {
		d.core.remove(p, ReasonExpired)
	}
	if d.core.shared != 0 {
		t.Errorf("%d octets count as in use, and nobody is there", d.core.shared)
	}
}

// What is kept of a HELLO whose ENTER waits is bounded like the groups of a session.
func TestWaitingHellosAreBoundedInTotal(t *testing.T) {
	d := newDesk(t)
	d.slow = true
	d.core.cfg.MaxPeers = 10000
	groups := make([]string, maxGroupsPerPeer)
	for i := range groups {
		groups[i] = fmt.Sprint("group ", i)
	}
	for n := range 200 {
		d.fromHost(netip.AddrFrom4([4]byte{10, 0, 1, byte(n)}), n, &zremsg.Hello{Groups: groups})
	}
	kept := 0
	for _, p := range d.core.peers.all() {
		if p.hello != nil {
			kept += len(p.hello.Groups)
		}
	}
	if kept > (sharedMemory+200*ownMemory)/groupCost {
		t.Errorf("%d groups are kept", kept)
	}
}

// Lists are measured before they are decoded.
func TestCheckLists(t *testing.T) {
	many := make([]string, maxGroupsPerPeer+1)
	headers := make(map[string]string)
	for i := range maxHeadersPerPeer + 1 {
		headers[fmt.Sprint(i)] = "x"
	}
	encode := func(m zremsg.Message) []byte {
		header, err := m.AppendTo(nil)
		if err != nil {
			t.Fatal(err)
		}
		return header
	}
	for _, c := range []struct {
		name    string
		message zremsg.Message
		refused bool
	}{
		{"as many groups as allowed", &zremsg.Hello{Endpoint: friendText, Groups: many[1:], Name: "x"}, false},
		{"one more", &zremsg.Hello{Endpoint: friendText, Groups: many}, true},
		{"more headers", &zremsg.Hello{Endpoint: friendText, Groups: []string{"a", "bc"}, Name: "name", Headers: headers}, true},
		{"another message", &zremsg.Ping{}, false},
	} {
		if err := checkLists(encode(c.message)); (err != nil) != c.refused {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	// Whatever the octets are, it ends soon.
	random := rand.New(rand.NewPCG(3, 4))
	whole := encode(&zremsg.Hello{Endpoint: friendText, Groups: []string{"a", "b"}, Headers: map[string]string{"k": "v"}})
	for range 2000 {
		header := append([]byte(nil), whole[:random.IntN(len(whole)+1)]...)
		for range 3 {
			if len(header) > 3 {
				header[3+random.IntN(len(header)-3)] = byte(random.IntN(256))
			}
		}
		_ = checkLists(header)
	}
	binary.BigEndian.PutUint32(whole[6+1+len(friendText):], 1<<31)
	if checkLists(whole) == nil {
		t.Error("a list of 2^31 groups is not refused")
	}
}
