package core

import (
	"errors"
	"net/netip"
	"testing"
	"time"

	"github.com/gozre/zre/internal/curve"
)

// friendName is where the host of friend is.
const friendName = "friend:41000"

// named makes a desk whose node has a configured peer by its name, with these addresses.
func named(t *testing.T, addrs ...string) *desk {
	d := newDesk(t)
	d.slow = true
	d.core.AddNamed(d.now, friendName, curve.Key{})
	d.resolved(addrs...)
	return d
}

// resolved tells the node which addresses the name has.
func (d *desk) resolved(addrs ...string) {
	var all []netip.AddrPort
	for _, a := range addrs {
		all = append(all, netip.MustParseAddrPort(a))
	}
	d.core.SetAddresses(d.now, friendName, all, nil)
}

// dialed is where the last of so many links goes.
func (d *desk) dialed(links int) string {
	d.t.Helper()
	if len(d.links) != links {
		d.t.Fatalf("%d links, want %d: %+v", len(d.links), links, d.links)
	}
	return d.links[links-1].endpoint.Addr.String()
}

// A configured peer whose host has a name is dialed at the first address that the name has,
// and at the next one when that has failed.
func TestNamedPeer(t *testing.T) {
	d := newDesk(t)
	d.slow = true
	d.core.AddNamed(d.now, friendName, curve.Key{})
	d.tick(retryAfter)
	if len(d.links) > 0 || !d.core.WantsAddress(friendName) {
		t.Fatalf("%d links, wants an address %v", len(d.links), d.core.WantsAddress(friendName))
	}
	d.core.SetAddresses(d.now, friendName, nil, errors.New("no such host"))
	d.wantAwaited("connection of 0000 since 3s, refused")
	both := []string{"10.0.0.9:41000", "10.0.0.2:41000"}
	for range 2 {
		d.resolved(both...)
		if to := d.dialed(1); to != both[0] {
			t.Fatalf("dialed at %s", to)
		}
	}
	d.core.SetAddresses(d.now, friendName, nil, errors.New("no such host"))
	d.wantAwaited("connection of 0000 since 3s")
	d.links[0].cause = errors.New("refused")
	d.links[0].connected = true
	d.resolved(both...)
	d.dialed(1) // Its handshake is not complete yet.
	d.links[0].connected = false
	d.resolved(both...)
	if to := d.dialed(2); to != both[1] || d.links[0].closed == 0 {
		t.Fatalf("dialed at %s", to)
	}
	d.linkUp(d.links[1])
	if d.core.WantsAddress(friendName) {
		t.Error("an address is wanted of a peer to which a connection is up")
	}
	d.from(friend, hello(friendText))
	d.wantLog("ENTER friend")
	d.resolved("10.0.0.9:41000")
	d.dialed(2)
	d.core.Unreached(d.now, func(u Unreached) { t.Errorf("unreached: %+v", u) })
}

// A name of this node's own host is not dialed and not awaited.
func TestNamedSelf(t *testing.T) {
	d := named(t, ownAt.Addr.String())
	d.tick(10 * time.Second)
	if d.wantAwaited(""); len(d.links) > 0 || d.core.WantsAddress(friendName) {
		t.Errorf("%d links", len(d.links))
	}
	// Behind address translation the handshake tells.
	d = named(t, "10.0.0.9:41000")
	d.leadsTo(d.links[0], identity(own))
	d.wantAwaited("")
	if d.links[0].closed == 0 {
		t.Error("the connection to itself stays")
	}
	d.tick(time.Minute)
	d.dialed(1)
}

// A configured peer that is known by another way has one link: the one that is up.
func TestNamedPeerIsKnown(t *testing.T) {
	d := newDesk(t)
	d.slow = true
	d.core.Beacon(d.now, friend, friendHost, 41000, curve.Key{})
	d.linkUp(d.links[0])
	d.from(friend, hello(friendText))
	d.core.AddNamed(d.now, friendName, curve.Key{})
	d.resolved("10.0.0.22:41000")
	d.leadsTo(d.links[1], identity(friend))
	d.pass(4)
	if d.dialed(2); d.links[1].closed == 0 || d.links[0].closed != 0 {
		t.Errorf("closed: the first link by %v, the second one by %v", d.links[0].closed, d.links[1].closed)
	}
	d.wantLog("ENTER friend")

	d = newDesk(t)
	d.slow = true
	d.core.Beacon(d.now, friend, friendHost, 41000, curve.Key{})
	d.core.AddNamed(d.now, friendName, curve.Key{})
	d.resolved("10.0.0.22:41000")
	d.leadsTo(d.links[1], identity(friend))
	d.linkUp(d.links[1])
	d.from(friend, hello(friendText))
	d.wantLog("ENTER friend")
	if d.dialed(2); d.links[0].closed == 0 || d.links[1].closed != 0 {
		t.Errorf("closed: the first link by %v, the second one by %v", d.links[0].closed, d.links[1].closed)
	}
}

// A peer that connects from where it is, while its name leads nowhere, is reached there.
func TestNamedPeerAtWrongAddress(t *testing.T) {
	d := named(t, "10.9.9.9:41000")
	d.connect(friend, friendHost).say(hello(friendText))
	d.tick(redirectPause)
	if to := d.dialed(2); to != friendAt.Addr.String() {
		t.Fatalf("dialed at %s", to)
	}
	d.linkUp(d.links[1])
	d.wantLog("ENTER friend")
}

// Two names of one peer are both looked for again when it is gone.
func TestTwoNamesOfOnePeer(t *testing.T) {
	d := named(t, friendAt.Addr.String())
	const other = "other:41000"
	d.core.AddNamed(d.now, other, curve.Key{})
	d.linkUp(d.links[0])
	d.from(friend, hello(friendText))
	d.core.SetAddresses(d.now, other, []netip.AddrPort{friendAt.Addr}, nil)
	d.tick(time.Second)
	if d.dialed(1); d.core.WantsAddress(friendName) || d.core.WantsAddress(other) {
		t.Fatal("the peer is there, and looked for")
	}
	d.core.remove(d.peer(friend), ReasonLost)
	if !d.core.WantsAddress(friendName) || !d.core.WantsAddress(other) {
		t.Error("the peer is gone, and not looked for")
	}
}
