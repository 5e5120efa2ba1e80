package core

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/gozre/zre/internal/codec/zremsg"
)

// beacon is heard from a node that there is one of for each number.
func (d *desk) beacon(network, number int) {
	d.core.Beacon(d.now, uuid.UUID{8, byte(network), byte(number >> 8), byte(number)},
		netip.AddrFrom4([4]byte{10, 0, 9, byte(network)}), uint16(1000+number), "")
}

// A flood of beacons leaves room: for the beacons of other hosts, and for nodes that
// say HELLO.
func TestFloodOfBeacons(t *testing.T) {
	d := newDesk(t)
	d.core.cfg.MaxPeers = 4096
	for i := range 2000 {
		d.beacon(1, i)
	}
	if got := len(d.core.peers); got != maxPendingHost {
		t.Fatalf("%d nodes of one host were greeted, want %d", got, maxPendingHost)
	}
	for i := range 2000 {
		d.beacon(2, i)
		d.beacon(3, i)
	}
	if got := len(d.core.peers); got != maxPending {
		t.Fatalf("%d nodes were greeted, want %d", got, maxPending)
	}
	d.from(friend, hello(friendAt))
	d.wantLog("ENTER friend")
	if got := len(d.core.peers); got != maxPending {
		t.Errorf("%d peers, want %d", got, maxPending)
	}
	// Nobody stands behind the flood: it is forgotten.
	for range 80 {
		d.now += time.Second / 2
		d.core.Tick(d.now, false)
		d.core.peers[friend].heard, d.core.peers[friend].noticed = d.now, d.now
	}
	if len(d.core.peers) != 1 || len(d.core.pending) != 0 {
		t.Errorf("%d peers, awaited %v", len(d.core.peers), d.core.pending)
	}
	open := 0
	for _, l := range d.links {
		if l.closed == "" {
			open++
		}
	}
	if open != 1 {
		t.Errorf("%d links are open", open)
	}
}

// Nodes that said HELLO are bounded by MaxPeers, and those that did not make room.
func TestMaxPeers(t *testing.T) {
	d := newDesk(t) // at most 3
	d.beacon(1, 1)
	d.beacon(1, 2)
	d.beacon(1, 3)
	for i := range 5 {
		d.from(uuid.UUID{7, byte(i)}, hello(fmt.Sprintf("tcp://10.0.1.%d:41000", i)))
	}
	if len(d.core.peers) != 3 || d.core.ready != 3 || len(d.core.pending) != 0 || d.core.Stats().PeersRefused != 2 {
		t.Errorf("%d peers, %d ready, awaited %v, refused %d",
			len(d.core.peers), d.core.ready, d.core.pending, d.core.Stats().PeersRefused)
	}
}

// Another node is said to be at the endpoint of a peer. A peer that lives stays;
// one that does not answer goes; and who says HELLO from there is there.
func TestAnotherNodeAtTheEndpoint(t *testing.T) {
	addr := netip.MustParseAddr("10.0.0.2")
	start := func() *desk {
		d := newDesk(t)
		d.from(friend, hello(friendAt))
		d.core.Beacon(d.now, other, addr, 41000, "")
		d.pass(1)
		if got := d.links[0].kinds(); len(d.links) != 1 || got != "HELLO PING " {
			t.Fatalf("links %+v, sent %s", d.links, got)
		}
		return d
	}

	d := start()
	d.from(friend, &zremsg.PingOK{Sequence: 2})
	for range 5 {
		d.core.Beacon(d.now, other, addr, 41000, "")
		d.from(friend, &zremsg.Ping{Sequence: d.core.peers[friend].last + 1})
		d.pass(1)
	}
	d.wantLog("ENTER friend")

	d = start()
	d.pass(1)
	d.core.Beacon(d.now, other, addr, 41000, "")
	d.wantLog("ENTER friend", "EVASIVE friend", "probe 2", "EXIT friendreplaced")
	if len(d.links) != 2 || d.links[0].closed == "" {
		t.Errorf("links %+v", d.links)
	}

	d = start()
	d.from(other, hello(friendAt))
	d.wantLog("ENTER friend", "EXIT friendreplaced", "ENTER friend")
	if len(d.links) != 2 || d.links[0].closed == "" {
		t.Errorf("links %+v", d.links)
	}
}
