package core

import (
	"flag"
	"fmt"
	"testing"
)

// seedFlag replays one seed of the simulations, and prints the log of what happened if
// it fails.
var seedFlag = flag.Int64("seed", -1, "replay this seed of the simulations only")

// seeds runs a simulation for each seed below count, or for that of the flag only.
func seeds(t *testing.T, count int, simulate func(w *world, seed uint64)) {
	t.Helper()
	if *seedFlag >= 0 {
		simulate(newWorld(t, uint64(*seedFlag)), uint64(*seedFlag))
		return
	}
	if testing.Short() {
		count = max(2, count/5)
	}
	for seed := range uint64(count) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Cleanup(func() {
				if t.Failed() {
					t.Logf("replay it with: go test -run '^%s$' -seed %d", parent(t.Name()), seed)
				}
			})
			simulate(newWorld(t, seed), seed)
		})
	}
}

// parent is the name of a test without its last part.
func parent(name string) string {
	for i := len(name) - 1; i >= 0; i-- {
		if name[i] == '/' {
			return name[:i]
		}
	}
	return name
}

// The same seed gives the same log, of every event and message: whatever fails can be
// replayed. The order of Go's maps is another one each time, so that a core which
// depends on it does not pass.
func TestReplayIsExact(t *testing.T) {
	replays := 100
	if testing.Short() {
		replays = 10
	}
	for _, seed := range []uint64{0, 1, 4, 50} {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			var first string
			for i := range replays {
				w := newWorld(t, seed)
				unrest(w, seed, 60)
				elections(w)
				unrestAmongOthers(w, seed, 10)
				if i == 0 {
					first = w.sum()
				}
				if got := w.sum(); got != first {
					t.Fatalf("replay %d of %d gave another log", i, replays)
				}
			}
		})
	}
	a, b := newWorld(t, 1), newWorld(t, 2)
	unrest(a, 1, 10)
	unrest(b, 1, 10)
	if a.sum() == b.sum() {
		t.Error("two seeds give the same log")
	}
}

// elections lets some nodes contest a group, and the leader leave.
func elections(w *world) {
	for _, n := range w.nodes {
		if n.alive {
			n.core.Contest("g1")
			n.core.Join("g1")
		}
	}
	for _, n := range w.nodes {
		w.run(w.some(2 * w.delay))
		if n.alive && n.core.Leader("g1") == n.id {
			n.leave()
		}
	}
	w.run(5 * w.delay)
}
