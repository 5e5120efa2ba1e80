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

// After a cut no node stays deaf: two that talk hear each other again when TCP has
// retransmitted, a few seconds after the line is back, and nothing follows.
func TestSimulatedCut(t *testing.T) {
	for _, k := range kinds {
		for _, length := range []time.Duration{3, 8, 9, 16, 20, 31} {
			for _, way := range []string{"both ways", "to us", "from us"} {
				t.Run(fmt.Sprintf("%s, %d s %s", k.like, length, way), func(t *testing.T) {
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
						w.run(length * time.Second)
						w.heal(a.host(), f.host())
						healed := w.now
						took := w.runUntil(time.Minute, "healed", func() bool {
							return hear(a, f, healed)
						})
						t.Log("healed after", took)
						if length > 30 {
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
