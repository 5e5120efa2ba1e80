package core

import (
	"slices"
	"testing"
	"time"
)

// Nodes of ours and of other implementations leave, die, come back, freeze and are cut
// off for a time; then ours see all the others, and all talk with each other.
func TestSimulatedUnrestAmongOthers(t *testing.T) {
	seeds(t, 60, func(w *world, seed uint64) {
		ours, others := unrestAmongOthers(w, seed, 40)
		meet := func() {
			for _, a := range ours {
				for _, f := range others {
					if a.alive && f.alive {
						talk(a, f)
					}
				}
			}
		}
		w.healAll()
		w.run(50 * time.Second)
		meet()
		start := w.now
		w.runUntil(time.Minute, "all hear each other", func() bool {
			for _, a := range ours {
				for _, f := range others {
					if !hear(a, f, start) {
						return false
					}
				}
			}
			return true
		})
		w.run(time.Minute)
		exits := 0
		for _, a := range ours {
			exits -= a.exits()
		}
		w.run(2 * time.Minute)
		for _, a := range ours {
			exits += a.exits()
			for _, f := range others {
				if !hear(a, f, w.now-time.Second) {
					w.t.Errorf("%s and %s do not hear each other", a.name, f.name)
				}
			}
		}
		if exits > 0 {
			w.t.Errorf("%d sessions ended although nothing happened", exits)
		}
	})
}

// unrestAmongOthers lets things happen to nodes of ours and of other implementations, on
// hosts of their own.
func unrestAmongOthers(w *world, seed uint64, steps int) (ours []*simNode, others []*foreign) {
	w.loss = 0.2
	for i := range 3 {
		ours = append(ours, w.start(w.random(), 101+i, 41000))
	}
	for i := range 5 {
		others = append(others, w.startForeign(kinds[(i+int(seed))%4], w.random(), 201+i, 50000))
	}
	for range steps {
		w.run(w.some(3 * time.Second))
		i, j := w.rand.IntN(len(others)), w.rand.IntN(len(ours))
		w.harm(ours, others, i, j)
	}
	return ours, others
}

// harm lets something happen to one of the others, or to the line to one of ours.
func (w *world) harm(ours []*simNode, others []*foreign, i, j int) {
	f, a := others[i], ours[j]
	host := int(f.addr.Addr().As4()[3])
	switch w.rand.IntN(8) {
	case 0: // killed, and started again with another UUID
		f.kill()
		others[i] = w.startForeign(f.kind, w.random(), host, f.addr.Port())
	case 1: // or at another port
		f.kill()
		others[i] = w.startForeign(f.kind, w.random(), host, f.addr.Port()+1)
	case 2:
		f.leave()
		w.run(2 * w.delay)
		others[i] = w.startForeign(f.kind, w.random(), host, f.addr.Port())
	case 3:
		if !f.frozen {
			f.freeze()
			w.after(w.some(8*time.Second), func() { f.thaw() })
		}
	case 4: // one of ours
		a.kill()
		ours[j] = w.start(w.random(), int(a.addr.Addr().As4()[3]), a.addr.Port())
	case 5: // a connection breaks
		if all := slices.Concat(f.accepts, a.accepts); len(all) > 0 {
			all[w.rand.IntN(len(all))].breaks()
		}
	default: // a cut, shorter than the connections live
		if w.rand.IntN(2) == 0 {
			w.cutLine(a.host(), f.host())
		}
		if w.rand.IntN(2) == 0 {
			w.cutLine(f.host(), a.host())
		}
		w.after(w.some(20*time.Second), func() { w.heal(a.host(), f.host()) })
	}
}
