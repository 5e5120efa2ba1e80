package core

import (
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/gozre/zre/internal/curve"
	"github.com/gozre/zre/internal/endpoint"
)

// unreached lists what Unreached says, by endpoint.
func (d *desk) unreached() map[endpoint.Endpoint]Unreached {
	all := make(map[endpoint.Endpoint]Unreached)
	d.core.Unreached(d.now, func(u Unreached) { all[u.At] = u })
	return all
}

// A node that was discovered is unreached until its session begins; it announces itself only
// if it is heard again and again.
func TestUnreached(t *testing.T) {
	d := newDesk(t)
	d.slow = true
	there := at("10.0.9.9:41000")
	id := uuid.UUID{9}
	beacon := func() { d.core.Beacon(d.now, id, there.Host(), there.Addr.Port(), curve.Key{}) }
	if d.core.Awaits() || len(d.unreached()) != 0 {
		t.Fatalf("before anything is heard: %v", d.unreached())
	}
	beacon()
	u, found := d.unreached()[there]
	if !found || u.Peer != id || u.Up || u.Hello || u.Static || u.Announced || u.Since != d.now || !d.core.Awaits() {
		t.Fatalf("after one beacon: %+v", u)
	}
	d.pass(1)
	beacon()
	if u = d.unreached()[there]; !u.Announced {
		t.Errorf("after two beacons: %+v", u)
	}
	if got, ok := d.core.LinkTarget(d.links[0]); !ok || got != (Target{Peer: id, At: there}) {
		t.Errorf("its link is meant for %+v, %v", got, ok)
	}
	d.pass(11)
	if u = d.unreached()[there]; u.Announced {
		t.Errorf("after 11 s without a beacon: %+v", u)
	}
	d.linkUp(d.links[0])
	if u = d.unreached()[there]; !u.Up {
		t.Errorf("with its link up: %+v", u)
	}
	header, err := hello("tcp://10.0.9.9:41000").AppendTo(nil)
	if err != nil {
		t.Fatal(err)
	}
	header[3] = 9 // the version
	d.conn(id, curve.Key{}, there.Host()).octets(header)
	if u = d.unreached()[there]; u.Other != 9 {
		t.Errorf("after a HELLO of version 9: %+v", u)
	}
	d.from(id, hello("tcp://10.0.9.9:41000"))
	if got := d.unreached(); len(got) != 0 || d.core.Awaits() {
		t.Errorf("in a session: %v", got)
	}
}

// A node that was discovered and could not be reached is dialed again after a pause. It is
// unreached in the pause, too.
func TestUnreachedInThePause(t *testing.T) {
	for _, gossip := range []bool{false, true} {
		d := newDesk(t)
		d.slow = true
		there, id := at("10.0.9.9:41000"), uuid.UUID{9}
		if gossip {
			d.core.Discovered(d.now, id, there)
		} else {
			d.core.Beacon(d.now, id, there.Host(), there.Addr.Port(), curve.Key{})
		}
		since := d.now
		d.links[0].cause = errors.New("no way")
		for range reportTries {
			d.now += 100 * time.Millisecond
			d.core.LinkRetry(d.now, d.links[0], false)
		}
		if d.core.peers.len() != 0 {
			t.Fatal("it was not given up")
		}
		u, found := d.unreached()[there]
		if !found || !d.core.Awaits() || u.Peer != id || u.Cause == nil || u.Since != since || u.Announced != gossip {
			t.Errorf("gossip %v: %+v", gossip, u)
		}
		if gossip {
			d.core.Withdrawn(d.now, id)
		} else {
			d.pass(10) // without a beacon
		}
		if left := d.unreached(); len(left) != 0 || d.core.Awaits() {
			t.Errorf("gossip %v: it is not announced any more: %v", gossip, left)
		}
	}
}

// A configured endpoint is unreached until a HELLO comes from there.
func TestUnreachedStatic(t *testing.T) {
	d := newDesk(t)
	d.slow = true
	there := at("10.0.9.9:41000")
	d.core.AddStatic(d.now, there)
	u, found := d.unreached()[there]
	if !found || u.Peer != uuid.Nil || !u.Static || u.Up || u.Since != 0 {
		t.Fatalf("%+v", u)
	}
	if got, ok := d.core.LinkTarget(d.links[0]); !ok || got != (Target{At: there}) {
		t.Errorf("its link is meant for %+v, %v", got, ok)
	}
	d.core.LinkUp(d.now, d.links[0])
	if u = d.unreached()[there]; !u.Up {
		t.Errorf("with its link up: %+v", u)
	}
	d.from(friend, hello("tcp://10.0.9.9:41000"))
	if got := d.unreached(); len(got) != 0 {
		t.Errorf("in a session: %v", got)
	}
	if _, ok := d.core.LinkTarget(new(deskLink)); ok {
		t.Error("a link that is not used is meant for somebody")
	}
}
