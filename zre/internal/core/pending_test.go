package core

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/gozre/zre/internal/codec/zremsg"
	"github.com/gozre/zre/internal/curve"
)

// beacon lets a beacon be heard, of another node for each number.
func (d *desk) beacon(network, number int) {
	d.core.Beacon(d.now, uuid.UUID{8, byte(network), byte(number >> 8), byte(number)},
		netip.AddrFrom4([4]byte{10, 0, 9, byte(network)}), uint16(1000+number), curve.Key{})
}

// A flood of beacons leaves room: for the beacons of other hosts, and for nodes that
// say HELLO.
func TestFloodOfBeacons(t *testing.T) {
	d := newDesk(t)
	d.core.cfg.MaxPeers = 4096
	for i := range 2000 {
		clear(d.core.dialsTo) // They do not come at once.
		d.beacon(1, i)
	}
	if got := d.core.peers.len(); got != maxPendingHost {
		t.Fatalf("%d nodes of one host were greeted, want %d", got, maxPendingHost)
	}
	for i := range 2000 {
		clear(d.core.dialsTo)
		d.beacon(2, i)
		d.beacon(3, i)
	}
	if got := d.core.peers.len(); got != maxPending {
		t.Fatalf("%d nodes were greeted, want %d", got, maxPending)
	}
	d.from(friend, hello(friendText))
	d.wantLog("ENTER friend")
	if got := d.core.peers.len(); got != maxPending {
		t.Errorf("%d peers, want %d", got, maxPending)
	}
	// No node stands behind the flood: it is forgotten.
	d.slow = true
	for range 80 {
		d.now += time.Second / 2
		d.core.Tick(d.now, false)
		d.core.alive(d.now, d.peer(friend), 0, 0)
	}
	if d.core.peers.len() != 1 || len(d.core.pending) != 0 {
		t.Errorf("%d peers, awaited %v", d.core.peers.len(), d.core.pending)
	}
	open := 0
	for _, l := range d.links {
		if l.closed == 0 {
			open++
		}
	}
	if open != 1 {
		t.Errorf("%d links are open", open)
	}
}

// When all places are taken, a node that was only discovered gets that of the oldest
// one that cannot be reached, and no other.
func TestPlaceOfUnreachable(t *testing.T) {
	d := newDesk(t) // at most 3
	d.slow = true
	d.beacon(1, 1)
	d.tick(time.Second / 2)
	d.beacon(1, 2)
	d.tick(1)
	d.beacon(1, 3)
	d.linkUp(d.links[0])
	d.tick(unreachableAfter - 2)
	d.beacon(2, 1)
	if d.core.peers.len() != 3 || d.core.Stats().PeersRefused != 1 {
		t.Fatalf("%d peers, refused %d", d.core.peers.len(), d.core.Stats().PeersRefused)
	}
	d.tick(2)
	d.beacon(2, 1)
	if d.links[1].closed == 0 {
		t.Error("the oldest one has still its place")
	}
	d.beacon(2, 2)
	d.beacon(2, 3)
	if got := fmt.Sprint(d.ends()); got != "[ expired expired  ]" ||
		d.core.Stats().PeersRefused != 2 {
		t.Errorf("links ended by %s, refused %d", got, d.core.Stats().PeersRefused)
	}
	// On a host with all its places taken only one of that host makes room.
	d = newDesk(t)
	d.slow = true
	d.core.cfg.MaxPeers = 4096
	d.beacon(2, 0)
	d.tick(1)
	for i := range maxPendingHost {
		clear(d.core.dialsTo)
		d.beacon(1, i)
	}
	d.tick(unreachableAfter)
	d.beacon(1, maxPendingHost)
	open, _ := d.open()
	if d.links[0].closed != 0 || open != maxPendingHost+1 || d.core.Stats().PeersRefused != 0 {
		t.Errorf("%d links are open, refused %d", open, d.core.Stats().PeersRefused)
	}
}

// Nodes that said HELLO are bounded by MaxPeers; the others make room for them.
func TestMaxPeers(t *testing.T) {
	d := newDesk(t) // at most 3
	d.beacon(1, 1)
	d.beacon(1, 2)
	d.beacon(1, 3)
	for i := range 5 {
		d.from(uuid.UUID{7, byte(i)}, hello(fmt.Sprintf("tcp://10.0.1.%d:41000", i)))
	}
	if d.core.peers.len() != 3 || d.core.ready != 3 || len(d.core.pending) != 0 ||
		d.core.Stats().PeersRefused != 2 {
		t.Errorf("%d peers, %d ready, awaited %v, refused %d",
			d.core.peers.len(), d.core.ready, d.core.pending, d.core.Stats().PeersRefused)
	}
}

// Another node is said to be at the endpoint of a peer. A peer whose connections
// live stays, and is asked for a sign of life; one whose link has ended goes.
func TestAnotherNodeAtTheEndpoint(t *testing.T) {
	start := func() *desk {
		d := newDesk(t)
		d.from(friend, hello(friendText))
		d.pass(1)
		d.from(friend, &zremsg.PingOK{Sequence: 2})
		d.pass(1)
		d.core.Beacon(d.now, other, friendHost, 41000, curve.Key{})
		d.pass(1)
		if got := d.links[0].kinds(); len(d.links) != 1 || got != "HELLO PING PING " {
			t.Fatalf("links %+v, sent %s", d.links, got)
		}
		return d
	}
	beacon := func(d *desk) { d.core.Beacon(d.now, other, friendHost, 41000, curve.Key{}) }

	t.Run("beacons, and the peer answers", func(t *testing.T) {
		d := start()
		d.from(friend, &zremsg.PingOK{Sequence: 3})
		for range 5 {
			beacon(d)
			d.from(friend, &zremsg.Ping{Sequence: d.peer(friend).sequence + 1})
			d.pass(1)
		}
		d.wantLog("ENTER friend")
	})
	t.Run("beacons, and the peer does not answer", func(t *testing.T) {
		d := start()
		for range 10 {
			beacon(d)
			d.pass(1)
		}
		d.wantLog("ENTER friend", "EVASIVE friend")
	})
	t.Run("beacons, and the link has ended", func(t *testing.T) {
		d := start()
		d.linkDown(d.links[0])
		d.conns[0].end()
		beacon(d)
		d.wantLog("ENTER friend", "EXIT friendconnection lost")
		// The link that was dialed again leads to the newcomer.
		if d.peer(friend) != nil || len(d.links) != 2 || d.links[1].closed != 0 ||
			d.peer(other).link != d.links[1] {
			t.Errorf("links ended by %q", d.ends())
		}
	})
	t.Run("HELLO, and the peer answers", func(t *testing.T) {
		d := start()
		d.from(friend, &zremsg.PingOK{Sequence: 3})
		d.from(other, hello(friendText))
		d.pass(1)
		d.from(friend, &zremsg.PingOK{Sequence: 4})
		d.wantLog("ENTER friend", "ENTER friend")
		if links, conns := d.open(); links != 2 || conns != 2 ||
			strings.Count(d.links[0].kinds(), "PING") != 3 {
			t.Errorf("%d links, %d connections; sent %s", links, conns, d.links[0].kinds())
		}
	})
	t.Run("HELLO from another host", func(t *testing.T) {
		d := start()
		d.from(friend, &zremsg.PingOK{Sequence: 3})
		d.connect(other, at(otherText[len("tcp://"):]).Host()).say(hello(friendText))
		d.pass(1)
		d.wantLog("ENTER friend")
		if links, _ := d.open(); links != 1 || strings.Count(d.links[0].kinds(), "PING") != 3 ||
			d.core.Stats().Refused != 1 {
			t.Errorf("%d links; sent %s", links, d.links[0].kinds())
		}
	})
	t.Run("HELLO from another host, and the peer is gone", func(t *testing.T) {
		d := start()
		d.slow = true
		d.conns[0].end()
		d.linkDown(d.links[0])
		d.connect(other, at(otherText[len("tcp://"):]).Host()).say(hello(friendText))
		d.linkUp(d.links[1])
		d.wantLog("ENTER friend", "EXIT friendconnection lost", "ENTER friend")
		if len(d.links) != 2 || d.peer(other).link != d.links[1] {
			t.Errorf("links ended by %q", d.ends())
		}
	})
	t.Run("HELLO from another host, and the peer has not sent its own", func(t *testing.T) {
		d := newDesk(t)
		d.core.Beacon(d.now, friend, friendHost, 41000, curve.Key{})
		d.connect(other, at(otherText[len("tcp://"):]).Host()).say(hello(friendText))
		d.from(friend, hello(friendText))
		d.wantLog("ENTER friend")
		if d.core.Stats().Refused != 1 || d.peer(friend).link != d.links[0] {
			t.Errorf("refused %d; links ended by %q", d.core.Stats().Refused, d.ends())
		}
	})
	t.Run("HELLO, and the peer has not sent its own", func(t *testing.T) {
		d := newDesk(t)
		d.core.Beacon(d.now, friend, friendHost, 41000, curve.Key{})
		d.from(other, hello(friendText))
		d.wantLog("ENTER friend")
		if len(d.links) != 1 || d.links[0].closed != 0 || d.peer(other).link != d.links[0] ||
			d.links[0].kinds() != "HELLO " {
			t.Errorf("links ended by %q", d.ends())
		}
	})
	t.Run("beacons, and the peer waits for the link", func(t *testing.T) {
		d := newDesk(t)
		d.slow = true
		d.from(friend, hello(friendText))
		beacon(d)
		d.linkUp(d.links[0])
		d.wantLog("ENTER friend")
	})
	t.Run("HELLO, and nothing came from the peer since its link is up", func(t *testing.T) {
		d := newDesk(t)
		d.slow = true
		d.from(friend, hello(friendText))
		d.pass(1)
		d.linkUp(d.links[0]) // to the newcomer, as it turns out
		d.from(other, hello(friendText))
		d.wantLog("ENTER friend", "EXIT friendreplaced", "ENTER friend")
		if len(d.links) != 1 || d.peer(other).link != d.links[0] || d.peer(friend) != nil {
			t.Errorf("links ended by %q", d.ends())
		}
	})
	t.Run("HELLO, and the connection has ended", func(t *testing.T) {
		d := start()
		d.conns[0].end()
		d.from(other, hello(friendText))
		d.wantLog("ENTER friend", "EXIT friendreplaced", "ENTER friend")
	})
	t.Run("HELLO, and the link has ended", func(t *testing.T) {
		d := start()
		d.linkDown(d.links[0])
		d.from(other, hello(friendText))
		d.wantLog("ENTER friend", "EXIT friendreplaced", "ENTER friend")
		if len(d.links) != 2 || d.links[0].closed != ReasonReplaced || d.peer(friend) != nil {
			t.Errorf("links %+v", d.links)
		}
	})
}
