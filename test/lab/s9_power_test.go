//go:build linux

package lab

import (
	"fmt"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/gozre/zre/internal/lab"
)

// descriptors is how many files and connections it has open.
func (w *witness) descriptors() int {
	w.t.Helper()
	entries, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", w.cmd.Process.Pid))
	if err != nil {
		w.t.Fatal(err)
	}
	return len(entries)
}

// testPowerLost: many nodes on hosts whose lines lose a tenth of all frames. Nobody leaves while
// all is well. Then a host loses its power: all the others see all of its nodes leave, no later
// than half a second after the dead period, nobody else, and they have as many descriptors less.
func testPowerLost(t *testing.T) {
	perHost, calm := sized(2, 15), sized(5*time.Second, 10*time.Minute)
	_, ports := hosts(t, sized(3, 5), lab.Line{Loss: lossy(0.1)})
	var all crew
	for i := range perHost {
		for h, p := range ports {
			all = append(all, launchEqual(t, p.Host, fmt.Sprintf("n%d.%d", h, i),
				"--join", "g", "--dead-period", fmt.Sprint(dead.Seconds())))
		}
	}
	t.Cleanup(all.killAll)
	for _, w := range all {
		w.await()
	}
	began := time.Now()
	all.awaitAll(t, "g", 5*time.Minute)
	t.Logf("%d nodes saw each other after %v", len(all), time.Since(began).Round(time.Millisecond))
	calmSince := time.Now()
	time.Sleep(calm) // The scenario: nothing happens for so long.
	for _, w := range all {
		for _, e := range w.all("EXIT", "", calmSince) {
			t.Errorf("%s: EXIT of %s after %v, although nothing has happened: %s",
				w.name, e.Name, e.at.Sub(calmSince).Round(time.Millisecond), e.Reason)
		}
	}
	before := make(map[*witness]int)
	var alive, gone crew
	for i, w := range all {
		if before[w] = w.descriptors(); i%len(ports) == 0 {
			gone = append(gone, w)
		} else {
			alive = append(alive, w)
		}
	}
	ports[0].Cut()
	cut := time.Now()
	for _, w := range alive {
		eventually(t, w.name+" sees them leave", patience, func() bool { return len(w.all("EXIT", "", cut)) >= len(gone) })
	}
	var longest time.Duration
	for _, w := range alive {
		exits := w.all("EXIT", "", cut)
		for _, e := range exits {
			longest = max(longest, e.at.Sub(cut))
			if !slices.ContainsFunc(gone, func(g *witness) bool { return g.id == e.Peer }) {
				t.Errorf("%s: EXIT of %s, which is alive", w.name, e.Name)
			}
		}
	}
	t.Logf("the last of %d EXIT came %v after the cut", len(alive)*len(gone), longest.Round(time.Millisecond))
	if full && longest > dead+dead/4 {
		t.Errorf("it took %v, want at most %v", longest, dead+dead/4)
	}
	for _, w := range alive {
		want := before[w] - 2*len(gone)
		eventually(t, fmt.Sprintf("%s has %d descriptors", w.name, want), patience, func() bool { return w.descriptors() <= want })
	}
	all.faultless(t)
}
