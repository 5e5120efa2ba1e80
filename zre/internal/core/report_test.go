package core

import (
	"net/netip"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/gozre/zre/internal/curve"
	"github.com/gozre/zre/internal/endpoint"
)

// refuse lets each open link of a desk fail once.
func (d *desk) refuse() {
	for _, l := range d.links {
		if l.closed == 0 && !l.up {
			d.core.LinkRetry(d.now, l, true)
		}
	}
}

// A discovered endpoint is tried three times. If its beacons go on, it is tried again after
// some seconds.
func TestDiscoveredEndpointIsTriedThreeTimes(t *testing.T) {
	d := newDesk(t)
	d.slow = true
	attempts := 0
	for range 100 {
		d.core.Beacon(d.now, friend, friendHost, 41000, curve.Key{})
		d.refuse()
		if len(d.links) > 0 && d.links[len(d.links)-1].closed == 0 {
			attempts++
		}
		d.tick(100 * time.Millisecond)
	}
	if n := len(d.links); n < 3 || n > 5 {
		t.Errorf("dialed %d times in 10 s", n)
	}
	if d.core.peers.len() > 1 {
		t.Errorf("%d peers", d.core.peers.len())
	}
	// One beacon makes no more than three attempts.
	d = newDesk(t)
	d.slow = true
	d.core.Beacon(d.now, friend, friendHost, 41000, curve.Key{})
	for n := 1; n <= 3; n++ {
		if d.core.peers.len() != 1 {
			t.Fatalf("it was forgotten after %d attempts", n-1)
		}
		d.refuse()
	}
	if d.core.peers.len() != 0 || d.links[0].closed == 0 {
		t.Error("it is tried for ever")
	}
	// It moves: that is tried at once.
	d.core.Beacon(d.now, friend, friendHost, 41001, curve.Key{})
	if len(d.links) != 2 {
		t.Error("another endpoint is not tried")
	}
}

// A HELLO may name an endpoint of another host than it comes from. That is tried three times.
func TestNamedEndpointOfAnotherHost(t *testing.T) {
	d := newDesk(t)
	d.slow = true
	dc := d.connect(friend, strangerHost)
	dc.say(hello(friendText))
	for range 3 {
		d.refuse()
	}
	for _, l := range d.links {
		if l.closed == 0 && l.endpoint == friendAt {
			t.Error("the endpoint of a third host is tried for ever")
		}
	}
}

// Forged beacons that name many endpoints of one host make a bounded number of attempts, and
// so do HELLOs; nodes of other hosts are dialed.
func TestDialsToOneHostAreBounded(t *testing.T) {
	d := newDesk(t)
	d.core.cfg.MaxPeers = 4096
	d.slow = true
	for i := range 3000 {
		d.beacon(1, i)
		if i%3 == 0 {
			d.refuse()
		}
		if i%300 == 299 {
			d.tick(time.Second)
		}
	}
	if n := len(d.links); n < dialBurst || n > dialBurst+11*8 {
		t.Errorf("dialed %d times in 10 s", n)
	}
	if d.core.Stats().DialsRefused == 0 {
		t.Error("nothing was counted")
	}
	d.core.Beacon(d.now, friend, friendHost, 41000, curve.Key{})
	if l := d.links[len(d.links)-1]; l.peer != friend {
		t.Error("a node of another host is not dialed")
	}
}

// Many nodes of one host that answer are all dialed at once, as are those of this host.
func TestManyNodesOfOneHost(t *testing.T) {
	for name, host := range map[string]netip.Addr{
		"another host": friendHost, "this host": ownAt.Host(), "loopback": netip.MustParseAddr("127.0.0.1"),
	} {
		d := newDesk(t)
		d.core.cfg.MaxPeers = 4096
		for i := range 3 * dialBurst {
			id, port := uuid.UUID{1, byte(i >> 8), byte(i)}, uint16(50_000+i)
			d.core.Beacon(d.now, id, host, port, curve.Key{})
			if name == "another host" {
				d.connect(id, host).say(hello(endpoint.At(host, port, curve.Key{}).String()))
			}
		}
		if n := len(d.links); n != 3*dialBurst || d.core.Stats().DialsRefused != 0 {
			t.Errorf("%s: %d of %d nodes are dialed, %d refused", name, n, 3*dialBurst, d.core.Stats().DialsRefused)
		}
	}
}

// What a gossip server has announced once is tried again, less and less often, and as long as
// it is not withdrawn.
func TestAnnouncedNodeIsTriedAgain(t *testing.T) {
	d := newDesk(t)
	d.slow = true
	d.core.Discovered(d.now, friend, friendAt)
	for range 600 {
		d.refuse()
		d.tick(time.Second)
	}
	n := len(d.links)
	if n < 600/22 || n > 600/20+6 {
		t.Errorf("dialed %d times in 10 minutes", n)
	}
	d.slow = false
	for i := 0; i < 22 && d.core.Peer(friend) == nil; i++ {
		d.tick(time.Second)
		if p := d.peer(friend); p != nil && p.linkState == linkIsUp {
			d.from(friend, hello(friendText))
		}
	}
	if d.core.Peer(friend) == nil {
		t.Fatal("it was not met though it is there")
	}
	// It dies, and is tried again; withdrawn, it is not.
	d.slow = true
	d.conns[len(d.conns)-1].end()
	d.linkDown(d.links[len(d.links)-1])
	for range 60 {
		d.refuse()
		d.tick(time.Second)
	}
	if len(d.links) < n+4 {
		t.Errorf("dialed %d times, %d before", len(d.links), n)
	}
	d.core.Withdrawn(d.now, friend)
	for range 40 {
		d.refuse()
		d.tick(time.Second)
	}
	n = len(d.links)
	for range 100 {
		d.tick(time.Second)
	}
	if len(d.links) != n || d.core.reports.len() != 0 {
		t.Errorf("%d dials after it was withdrawn", len(d.links)-n)
	}
}

// Nodes that are dead for ever, on one host and on the one of two living ones, do not keep
// these from meeting.
func TestDeadTuplesLeaveRoom(t *testing.T) {
	d := newDesk(t)
	d.core.cfg.MaxPeers = 4096
	d.slow = true
	for i := range 300 {
		d.core.Discovered(d.now, uuid.UUID{8, byte(i >> 8), byte(i)},
			endpoint.At(friendHost, uint16(20000+i), curve.Key{}))
	}
	d.core.Discovered(d.now, friend, friendAt)
	for i := 0; i < 60 && d.core.Peer(friend) == nil; i++ {
		for _, l := range d.links {
			if l.closed == 0 && l.peer == friend && !l.up {
				d.linkUp(l)
				d.from(friend, hello(friendText))
			}
		}
		d.refuse()
		d.tick(time.Second)
	}
	if d.core.Peer(friend) == nil {
		t.Error("the living one was not met within a minute")
	}
	d.tick(time.Hour)
}

// The memory for reports is bounded, and those that failed make room for new ones.
func TestReportsAreBounded(t *testing.T) {
	d := newDesk(t)
	d.slow = true
	announce := func(network byte, n int) {
		for i := range n {
			d.core.Discovered(d.now, uuid.UUID{network, byte(i >> 8), byte(i)},
				endpoint.At(netip.AddrFrom4([4]byte{10, network, byte(i >> 8), byte(i)}), 41000, curve.Key{}))
		}
	}
	announce(8, maxReports+500)
	if n := d.core.reports.len(); n != maxReports {
		t.Errorf("%d reports", n)
	}
	for range 10 {
		d.refuse()
		d.tick(time.Second)
	}
	announce(9, 1)
	if d.core.reports.get(uuid.UUID{9}) == nil {
		t.Error("one that has failed did not make room")
	}
}

// A node that accepts connections and says nothing gives up its place for another one.
func TestSilentNodesMakeRoom(t *testing.T) {
	d := newDesk(t) // at most 3
	for i := range 3 {
		d.beacon(i, 1)
	}
	d.tick(silentAfter)
	d.core.Beacon(d.now, friend, friendHost, 41000, curve.Key{})
	if d.peer(friend) == nil {
		t.Error("silent nodes keep their places")
	}
}
