package core

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/gozre/zre/internal/codec/zremsg"
	"github.com/gozre/zre/internal/curve"
)

// attacker is a host that sends what it likes.
type attacker struct{ *process }

func (attacker) accept(*simStream) receiver { return nil }
func (attacker) trusts(curve.Key) bool      { return true }

func (w *world) startAttacker(host int) attacker {
	a := attacker{w.newProcess("attacker", w.random(), host, 41000, attacker{})}
	a.beacons = false
	if w.secure {
		a.key = curve.Key{byte(host), 66}
	}
	return a
}

// connect makes a connection with an identity and says something on it.
func (a attacker) connect(to *process, id uuid.UUID, say ...zremsg.Message) *simDial {
	d := a.dial(to.endpoint(), stranger{})
	d.id = identity(id)
	for _, m := range say {
		header, err := m.AppendTo(nil)
		if err != nil {
			a.w.t.Fatal(err)
		}
		d.send(simMessage{frames: [][]byte{header, {0, 0, 0, 0, 0, 0, 0, 0}}})
	}
	return d
}

// beacon lets all nodes of ours hear a beacon that was forged.
func (a attacker) beacon(id uuid.UUID, from netip.Addr, port uint16, key curve.Key) {
	for _, n := range a.w.nodes {
		n.do(func() { n.hear(id, from, port, key) })
	}
}

// checkUnharmed fails if a node and a foreign one, which talk to each other, do not
// hear each other any more, or if a session has ended since the start.
func checkUnharmed(w *world, a *simNode, f *foreign) {
	w.t.Helper()
	if exits := a.exitsOf(f.id); exits > 0 || f.exits > 0 {
		w.t.Errorf("%d and %d sessions have ended: %v", exits, f.exits, a.events)
	}
	if !hear(a, f, w.now-time.Second) {
		w.t.Error("they do not hear each other any more")
	}
}

// exitsOf counts the sessions with a peer that have ended.
func (n *simNode) exitsOf(id uuid.UUID) (exits int) {
	for _, ev := range n.events {
		if ev.Type == EventExit && ev.Peer == id {
			exits++
		}
	}
	return exits
}

// A stranger that connects with the identity of a peer that lives cuts off no peer,
// whatever it says and however often it comes.
func TestSimulatedImpersonation(t *testing.T) {
	for _, c := range []struct {
		name string
		say  func(at attacker) []zremsg.Message
	}{
		{"says nothing", func(attacker) []zremsg.Message { return nil }},
		{"HELLO", func(at attacker) []zremsg.Message {
			return []zremsg.Message{keyed(at.endpoint().String(), at.key)}
		}},
		{"GOODBYE", func(attacker) []zremsg.Message { return []zremsg.Message{&zremsg.Goodbye{Sequence: 2}} }},
		{"a message", func(attacker) []zremsg.Message { return []zremsg.Message{&zremsg.Whisper{Sequence: 9}} }},
	} {
		t.Run(c.name, func(t *testing.T) {
			seeds(t, 10, func(w *world, seed uint64) {
				w.secure = seed%2 == 1
				a, at := w.start(w.random(), 1, 41000), w.startAttacker(9)
				f := w.startForeign(kinds[seed/2%4], w.random(), 2, 50000)
				w.run(time.Second)
				talk(a, f)
				w.run(time.Second)
				for range 60 {
					w.run(w.some(2 * time.Second))
					d := at.connect(a.process, f.id, c.say(at)...)
					if w.rand.IntN(2) == 0 {
						w.after(w.some(2*time.Second), d.close)
					}
				}
				checkUnharmed(w, a, f)
				if n := a.enters(); n != 1 {
					w.t.Errorf("%d sessions: %v", n, a.events)
				}
				for _, d := range append([]*simDial(nil), at.dials...) {
					d.close()
				}
				w.run(time.Minute)
				a.checkConnections()
			})
		})
	}
}

// Nor does it cut off a peer whose application does not keep up, and which therefore
// answers no PING.
func TestSimulatedImpersonationOfSlowNode(t *testing.T) {
	seeds(t, 20, func(w *world, _ uint64) {
		a, b, at := w.start(w.random(), 1, 41000), w.start(w.random(), 2, 41000), w.startAttacker(9)
		w.run(3 * time.Second)
		b.slow = true
		for i := range uint64(60) {
			a.whisper(b.id, 2*i+1)
			w.run(w.some(2 * time.Second))
			at.connect(a.process, b.id, hello(at.endpoint().String()))
		}
		b.keepUp()
		w.run(5 * time.Second)
		if a.enters() != 1 || b.enters() != 1 || a.exits()+b.exits() > 0 ||
			len(b.views[a.id].got) != 60 {
			w.t.Errorf("events %v, %v; %d messages", a.events, b.events, len(b.views[a.id].got))
		}
	})
}

// A stranger that names the endpoint of a peer in its own HELLO cuts off no peer, also
// not because this node connects to that endpoint a second time.
func TestSimulatedForeignEndpoint(t *testing.T) {
	seeds(t, 16, func(w *world, seed uint64) {
		w.secure = seed%2 == 1
		a, at := w.start(w.random(), 1, 41000), w.startAttacker(9)
		f := w.startForeign(kinds[seed/2%4], w.random(), 2, 50000)
		w.run(time.Second)
		talk(a, f)
		w.run(time.Second)
		for range 30 {
			w.run(w.some(2 * time.Second))
			d := at.connect(a.process, w.random(), keyed(f.endpoint().String(), at.key))
			w.after(w.some(2*time.Second), d.close)
		}
		checkUnharmed(w, a, f)
	})
}

// Forged beacons, 17 a second, cut off no peer; and nodes that start meanwhile meet.
func TestSimulatedForgedBeacons(t *testing.T) {
	elsewhere := func(w *world) netip.Addr { return hostAddr(1000 + w.rand.IntN(60_000)) }
	for _, c := range []struct {
		name   string
		each   time.Duration
		secure bool // in a secure network only; in a plain one such a beacon is believed
		forge  func(w *world, at attacker, f *foreign)
	}{
		{"of nodes that are not there", time.Second / 17, false, func(w *world, at attacker, f *foreign) {
			at.beacon(w.random(), elsewhere(w), 41000, f.key)
		}},
		{"of many nodes that are not there", time.Second / 200, false, func(w *world, at attacker, f *foreign) {
			at.beacon(w.random(), elsewhere(w), 41000, f.key)
		}},
		{"of others at the endpoint of a peer", time.Second / 17, false, func(w *world, at attacker, f *foreign) {
			at.beacon(w.random(), f.host(), f.addr.Port(), f.key)
		}},
		{"of the peer at other addresses", time.Second / 17, false, func(w *world, at attacker, f *foreign) {
			at.beacon(f.id, elsewhere(w), 41000, f.key)
		}},
		{"of the peer at another port", time.Second / 17, false, func(w *world, at attacker, f *foreign) {
			at.beacon(f.id, f.host(), uint16(1+w.rand.IntN(60_000)), f.key)
		}},
		{"of the peer that leaves, from elsewhere", time.Second / 17, false, func(w *world, at attacker, f *foreign) {
			at.beacon(f.id, elsewhere(w), 0, f.key)
		}},
		{"of the peer that leaves", time.Second / 17, true, func(w *world, at attacker, f *foreign) {
			at.beacon(f.id, f.host(), 0, f.key)
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			seeds(t, 8, func(w *world, seed uint64) {
				w.secure = seed%2 == 1 || c.secure
				a, at := w.start(w.random(), 1, 41000), w.startAttacker(9)
				f := w.startForeign(kinds[seed/2%4], w.random(), 2, 50000)
				w.run(time.Second)
				talk(a, f)
				w.run(time.Second)
				stop := w.now + 90*time.Second
				var forge func()
				forge = func() {
					c.forge(w, at, f)
					if w.now < stop {
						w.after(c.each, forge)
					}
				}
				forge()
				w.run(45 * time.Second)
				late := w.startForeign(kinds[(seed/2+1)%4], w.random(), 3, 50000)
				w.runUntil(5*time.Second, fmt.Sprint("met ", late.name), func() bool {
					return a.here(late.id)
				})
				ours := w.start(w.random(), 4, 41000)
				w.runUntil(5*time.Second, fmt.Sprint("met ", ours.name), func() bool {
					return a.here(ours.id) && ours.here(a.id)
				})
				w.run(30 * time.Second)
				checkUnharmed(w, a, f)
				if n := a.core.peers.len(); n > maxPending+3 {
					w.t.Errorf("%d peers", n)
				}
				w.run(90 * time.Second)
				a.checkConnections()
			})
		})
	}
}

// Two nodes whose places for nodes that were only discovered are all taken, by forged
// beacons at a rate that keeps them so, meet all the same: 40 a second are enough, as
// each of 512 keeps its place for three attempts of 5 s.
func TestSimulatedForgedBeaconsTakeAllPlaces(t *testing.T) {
	for _, rate := range []time.Duration{40, 60, 200} {
		t.Run(fmt.Sprint(int(rate), " a second"), func(t *testing.T) {
			seeds(t, 8, func(w *world, _ uint64) {
				a, at := w.start(w.random(), 1, 41000), w.startAttacker(9)
				w.run(w.some(time.Second))
				b := w.start(w.random(), 2, 41000)
				w.cutBoth(a.host(), b.host())
				var forge func()
				forge = func() {
					at.beacon(w.random(), hostAddr(1000+w.rand.IntN(60_000)), 41000, a.key)
					w.after(time.Second/rate, forge)
				}
				forge()
				w.run(time.Minute)
				if n := a.core.peers.len(); n < maxPending-20 {
					t.Fatalf("%d places are taken", n)
				}
				w.heal(a.host(), b.host())
				w.runUntil(3*time.Second, "met", func() bool {
					return a.here(b.id) && b.here(a.id)
				})
			})
		})
	}
}
