//go:build linux

package lab

import (
	"fmt"
	"testing"
	"time"

	"github.com/gozre/zre/internal/lab"
)

// testParted: two halves of a network are parted for three dead periods. Each side sees the other
// one leave, and once. After the network is healed all are back within 2 s, each once, and in
// their groups.
func testParted(t *testing.T) {
	settings, period := sized(impatient, nil), sized(dead, 30*time.Second)
	net, ports := hosts(t, sized(4, 6), lab.Line{})
	var all crew
	for i, p := range ports {
		all = append(all, start(t, p.Host, fmt.Sprint("n", i), settings...))
	}
	all.meet(t, "g", patience)
	half := len(ports) / 2
	var left, right []*lab.Host
	for i, p := range ports {
		if i < half {
			left = append(left, p.Host)
		} else {
			right = append(right, p.Host)
		}
	}
	parted := time.Now()
	net.Filter(lab.Between(left, right))
	time.Sleep(time.Until(parted.Add(3 * period))) // The scenario: it lasts so long.
	for side, members := range []crew{all[:half], all[half:]} {
		eventually(t, fmt.Sprint("side ", side, " sees only itself"), patience, func() bool { return members.sees("g") })
	}
	healed := time.Now()
	net.Filter(nil)
	all.awaitAll(t, "g", patience)
	took := time.Since(healed)
	t.Logf("all saw all %v after the network was healed", took.Round(time.Millisecond))
	if full && took > 2*time.Second {
		t.Errorf("it took %v, want at most 2 s", took)
	}
	time.Sleep(2 * time.Second) // Whatever comes late has come: it must not.
	for _, w := range all {
		others := len(all) - half
		if out, in := len(w.all("EXIT", "", parted)), len(w.all("ENTER", "", healed)); out != others || in != others {
			t.Errorf("%s has seen %d EXIT and %d ENTER of the other half, want %d of each", w.name, out, in, others)
		}
	}
	stop := all.talk("g", 100*time.Millisecond)
	time.Sleep(time.Second)
	all.heard(t, stop(), patience)
	all.faultless(t)
}
