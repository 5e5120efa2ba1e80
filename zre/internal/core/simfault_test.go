package core

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/gozre/zre/internal/endpoint"
)

// enters counts the sessions that a node was told of.
func (n *simNode) enters() (enters int) {
	for _, ev := range n.events {
		if ev.Type == EventEnter {
			enters++
		}
	}
	return enters
}

// here reports whether a node has a session with a peer.
func (n *simNode) here(id uuid.UUID) bool { return n.views[id] != nil && n.views[id].here }

// A peer of another implementation is killed and started again at once on its port:
// the new one is there within a second, both hear each other, and the sessions that
// begin do not end.
func TestSimulatedForeignRestart(t *testing.T) {
	for _, k := range kinds {
		t.Run(k.like, func(t *testing.T) {
			seeds(t, 25, func(w *world, seed uint64) {
				a, f := w.start(w.random(), 1, 41000), w.startForeign(k, w.random(), 2, 50000)
				talk(a, f)
				w.run(3*time.Second + w.some(time.Second))
				before := len(a.events)
				f.kill()
				again := w.startForeign(k, w.random(), 2, 50000)
				talk(a, again)
				if seed%5 == 0 { // The first beacon is lost.
					again.frozen = true
					w.run(time.Millisecond)
					again.frozen = false
				}
				killed := w.now
				w.runUntil(2*time.Second, "both hear each other", func() bool {
					return hear(a, again, killed)
				})
				w.run(30 * time.Second)
				if !hear(a, again, w.now-time.Second) {
					w.t.Error("one of them does not hear any more")
				}
				var got []string
				for _, ev := range a.events[before:] {
					got = append(got, fmt.Sprint(ev.Type, " ", ev.Name))
				}
				want := []string{"EXIT " + f.name, "ENTER " + again.name}
				if fmt.Sprint(got) != fmt.Sprint(want) || again.enters != 1 || again.exits != 0 {
					w.t.Errorf("events %q, want %q; it has seen %d sessions, %d ends",
						got, want, again.enters, again.exits)
				}
			})
		})
	}
}

// A node of ours is killed and started again at once: it is back within a second, with
// its UUID or another one, at its port or another one.
func TestSimulatedRestart(t *testing.T) {
	for _, c := range []struct {
		name     string
		same     bool // the same UUID
		port     uint16
		seesExit bool
	}{
		{"same UUID, same port", true, 41000, true},
		{"same UUID, another port", true, 41001, true},
		{"another UUID, same port", false, 41000, true},
		{"another UUID, another port", false, 41001, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			seeds(t, 40, func(w *world, seed uint64) {
				w.secure = seed%2 == 1
				a, b := w.start(w.random(), 1, 41000), w.start(w.random(), 2, 41000)
				w.run(3*time.Second + w.some(time.Second))
				id := b.id
				if !c.same {
					id = w.random()
				}
				before := len(a.events)
				b.kill()
				again := w.start(id, 2, c.port)
				again.key = b.key
				again.core.cfg.PublicKey, again.core.cfg.Headers = b.key, b.core.cfg.Headers
				w.runUntil(time.Second, "back", func() bool {
					return again.here(a.id) && a.here(again.id) && len(a.events) >= before+2
				})
				w.run(time.Second)
				w.checkOneView()
				a.whisper(again.id, 1)
				again.whisper(a.id, 1)
				w.run(time.Second)
				if len(a.views[again.id].got) != 1 || len(again.views[a.id].got) != 1 {
					w.t.Error("what was sent after the restart did not arrive")
				}
				w.checkQuiet()
			})
		})
	}
}

// A secure node of zyre does not trust our key, and we trust its: nothing happens, for
// as long as that lasts, and our attempts are few.
func TestSimulatedRefusal(t *testing.T) {
	seeds(t, 10, func(w *world, _ uint64) {
		w.secure = true
		a, f := w.start(w.random(), 1, 41000), w.startForeign(kinds[0], w.random(), 2, 50000)
		f.refuses = true
		attempts := func() int { return a.refusedDials }
		w.run(time.Minute)
		before := attempts()
		w.run(3 * time.Minute)
		if len(a.events) != 0 || f.enters != 0 {
			w.t.Errorf("events %v, and the other one sees %d sessions", a.events, f.enters)
		}
		if n := attempts() - before; n > 3*60 {
			w.t.Errorf("%d attempts in three minutes", n)
		}
		// It trusts us after all.
		f.refuses = false
		w.runUntil(5*time.Second, "entered", func() bool { return a.here(f.id) })
		w.run(30 * time.Second)
		if a.enters() != 1 || a.exits() != 0 {
			w.t.Errorf("events %v", a.events)
		}
	})
}

// Two nodes, of which one cannot be connected to, have no session, and one within 5
// seconds when the way is open.
func TestSimulatedFirewall(t *testing.T) {
	for _, drops := range []bool{false, true} {
		t.Run(fmt.Sprint("drops ", drops), func(t *testing.T) {
			seeds(t, 20, func(w *world, _ uint64) {
				a, b := w.start(w.random(), 1, 41000), w.start(w.random(), 2, 41000)
				b.blocks, b.drops = !drops, drops
				w.run(3*time.Minute + w.some(30*time.Second))
				if len(a.events)+len(b.events) != 0 {
					w.t.Fatalf("events %v, %v", a.events, b.events)
				}
				b.blocks, b.drops = false, false
				w.runUntil(5*time.Second, "entered", func() bool {
					return a.here(b.id) && b.here(a.id)
				})
				w.run(time.Minute)
				if a.enters() != 1 || b.enters() != 1 || a.exits()+b.exits() != 0 {
					w.t.Errorf("events %v, %v", a.events, b.events)
				}
				w.checkOneView()
				w.checkQuiet()
			})
		})
	}
}

// A node is discovered at an endpoint that does not work, and its HELLO names one that
// does: the first session is not lost.
func TestSimulatedWrongEndpoint(t *testing.T) {
	elsewhere := netip.MustParseAddr("10.0.77.7") // No host has this address.
	for _, c := range []struct {
		name  string
		found netip.Addr
		via   netip.Addr // where its connections come from
	}{
		{"loopback", netip.MustParseAddr("127.0.0.1"), netip.Addr{}},
		{"an address of another network", elsewhere, netip.Addr{}},
		{"loopback, and it connects from a third address", netip.MustParseAddr("127.0.0.1"), netip.MustParseAddr("10.0.88.8")},
		{"an address of another network, and it connects from a third one", elsewhere, netip.MustParseAddr("10.0.88.8")},
		{"an address of another network, and it connects from that", elsewhere, elsewhere},
	} {
		t.Run(c.name, func(t *testing.T) {
			seeds(t, 20, func(w *world, seed uint64) {
				w.secure = seed%2 == 1
				a, b := w.start(w.random(), 1, 41000), w.start(w.random(), 2, 41000)
				a.beacons, b.beacons = false, false
				b.via = c.via
				w.todo = nil
				a.tick()
				b.tick()
				a.core.Discovered(w.now, b.id, endpoint.At(c.found, 41000, b.key))
				w.after(w.some(time.Second), func() { b.core.Discovered(w.now, a.id, a.endpoint()) })
				took := w.runUntil(5*time.Second, "entered", func() bool {
					return a.here(b.id) && b.here(a.id)
				})
				a.whisper(b.id, 1)
				b.whisper(a.id, 1)
				w.run(time.Second)
				if len(a.views[b.id].got) != 1 || len(b.views[a.id].got) != 1 {
					w.t.Error("what was sent in the first session did not arrive")
				}
				w.run(time.Minute)
				if a.enters() != 1 || b.enters() != 1 || a.exits()+b.exits() != 0 {
					w.t.Errorf("entered after %v; events %v, %v", took, a.events, b.events)
				}
			})
		})
	}
}
