package core

import (
	"fmt"
	"testing"
	"time"
)

// talk lets a node and a foreign one send numbers to each other, for as long as both
// live. The number is the time in milliseconds.
func talk(a *simNode, f *foreign) {
	number := uint64((a.w.now - time.Hour) / time.Millisecond)
	a.do(func() { a.whisper(f.id, number) })
	f.do(func() { f.whisper(a.id, number) })
	if a.alive && f.alive {
		a.w.after(300*time.Millisecond, func() { talk(a, f) })
	}
}

// hears reports whether both have received a number that was sent after a time.
func hear(a *simNode, f *foreign, after time.Duration) bool {
	number := uint64((after - time.Hour) / time.Millisecond)
	v, p := a.views[f.id], f.peer(a.id)
	newer := func(got []uint64) bool { return len(got) > 0 && got[len(got)-1] > number }
	return v != nil && newer(v.got) && p != nil && newer(p.got)
}

// exits counts the ends of sessions that a node was told of.
func (n *simNode) exits() (exits int) {
	for _, ev := range n.events {
		if ev.Type == EventExit {
			exits++
		}
	}
	return exits
}

// cuts are how long a line is cut, and how long after that both nodes hear each other
// again at most. TCP retransmits after 0.2, 0.6, 1.4, 3, 6.2, 12.6 and 25.4 s, so a cut of
// 8 s takes 4.6 s more. After DeadPeriod each side may have given the other one up.
var cuts = []struct{ length, heals time.Duration }{
	{3 * time.Second, time.Second},
	{8 * time.Second, 6 * time.Second},
	{9 * time.Second, 5 * time.Second},
	{16 * time.Second, 11 * time.Second},
	{20 * time.Second, 7 * time.Second},
	{31 * time.Second, 45 * time.Second},
}

// After a cut no node stays deaf: two that talk hear each other again when TCP has
// retransmitted, a few seconds after the line is back, and nothing follows.
func TestSimulatedCut(t *testing.T) {
	for _, k := range kinds {
		for _, c := range cuts {
			for _, way := range []string{"both ways", "to us", "from us"} {
				t.Run(fmt.Sprintf("%s, %v %s", k.like, c.length, way), func(t *testing.T) {
					seeds(t, 5, func(w *world, _ uint64) {
						a := w.start(w.random(), 1, 41000)
						f := w.startForeign(k, w.random(), 2, 50000)
						talk(a, f)
						w.run(3*time.Second + w.some(5*time.Second))
						if way != "to us" {
							w.cutLine(a.host(), f.host())
						}
						if way != "from us" {
							w.cutLine(f.host(), a.host())
						}
						w.run(c.length)
						w.heal(a.host(), f.host())
						healed := w.now
						w.runUntil(c.heals, "healed", func() bool {
							return hear(a, f, healed)
						})
						if c.length > 30*time.Second {
							w.run(time.Minute) // What was sent on old connections may still arrive.
						}
						exits, foreignExits := a.exits(), f.exits
						w.run(time.Minute)
						if a.exits() > exits || f.exits > foreignExits ||
							!hear(a, f, w.now-time.Second) {
							w.t.Errorf("it goes on: %v", a.events)
						}
					})
				})
			}
		}
	}
}

// Between two nodes of ours a cut that is shorter than DeadPeriod ends no session, and
// loses nothing; after a longer one they are back when the line is.
func TestSimulatedCutBetweenOurs(t *testing.T) {
	for _, c := range append(cuts, struct{ length, heals time.Duration }{70 * time.Second, 5 * time.Second}) {
		for _, both := range []bool{true, false} {
			t.Run(fmt.Sprint(c.length, ", both ways ", both), func(t *testing.T) {
				seeds(t, 10, func(w *world, seed uint64) {
					w.secure = seed%2 == 1
					a, b := w.start(w.random(), 1, 41000), w.start(w.random(), 2, 41000)
					w.run(3*time.Second + w.some(time.Second))
					w.cutLine(a.host(), b.host())
					if both {
						w.cutLine(b.host(), a.host())
					}
					a.whisper(b.id, 1)
					b.whisper(a.id, 1)
					w.run(c.length)
					w.heal(a.host(), b.host())
					healed := w.now
					number := uint64(1)
					heard := func(n, from *simNode) bool {
						v := n.views[from.id]
						return v != nil && len(v.got) > 0 && v.got[len(v.got)-1] > 1
					}
					w.runUntil(c.heals, "healed", func() bool {
						number++
						a.whisper(b.id, number)
						b.whisper(a.id, number)
						return heard(a, b) && heard(b, a)
					})
					if c.length < 30*time.Second {
						if a.exits()+b.exits() > 0 || a.views[b.id].got[0] != 1 || b.views[a.id].got[0] != 1 {
							w.t.Errorf("events %v, %v", a.events, b.events)
						}
					}
					w.run(time.Minute - (w.now - healed))
					w.checkOneView()
					w.checkQuiet()
				})
			})
		}
	}
}

// Peers whose hosts vanish are gone after DeadPeriod, and nothing of them is left.
func TestSimulatedVanish(t *testing.T) {
	seeds(t, 20, func(w *world, _ uint64) {
		a := w.start(w.random(), 1, 41000)
		var others []*simNode
		for i := range 5 {
			others = append(others, w.start(w.random(), 2+i, 41000))
		}
		w.run(3*time.Second + w.some(3*time.Second))
		for _, n := range others {
			n.powerOff()
			w.run(w.some(100 * time.Millisecond))
		}
		w.run(32 * time.Second)
		if a.exits() != 5 || a.core.peers.len()+a.core.conns.len()+len(a.dials)+len(a.accepts) > 0 {
			w.t.Errorf("%d peers have ended, %d peers and %d connections are left",
				a.exits(), a.core.peers.len(), len(a.dials)+len(a.accepts))
		}
	})
}
