//go:build linux

package lab

import (
	"os"
	"slices"
	"testing"
	"time"

	"github.com/gozre/zre/internal/lab"
)

// testClockIsSet: while messages pass the clock of one host is set back by an hour, and that of
// another one is set forward. The times that they print change, and nothing else: no EXIT, no
// message lost, none twice. One that loses its power at the moment when they are set once more
// leaves in time, and is back when it has it again.
func testClockIsSet(t *testing.T) {
	t.Run("beacons", func(t *testing.T) {
		_, ports := hosts(t, 3, lab.Line{})
		clocksAreSet(t, ports)
	})
	// The server numbers what is published by its clock, and so do those who publish.
	t.Run("gossip", func(t *testing.T) {
		_, ports := hosts(t, 4, lab.Line{})
		back := newClock(t)
		server := slices.Concat(back.program(t, "zgossip_server"), []string{"--listen", "tcp://" + ports[3].Addr.String() + ":31337"})
		cmd := ports[3].Host.Command(server[0], server[1:]...)
		cmd.Env = append(os.Environ(), "ZRECFG="+os.DevNull)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			_ = cmd.Process.Kill()
			_ = cmd.Wait() // It was killed.
		})
		settings := []string{"--no-beacon", "-g", ports[3].Addr.String()}
		all := clocksAreSet(t, ports, settings...)
		back.set(t, -1)
		all[2].kill()
		alone := all[:2]
		eventually(t, "carol has left", patience, func() bool { return alone.sees("g") })
		all[2] = start(t, ports[2].Host, "carol", append(settings, "--join", "g")...)
		all.awaitAll(t, "g", patience)
		all.faultless(t)
	})
}

// clocksAreSet starts alice, whose clock is set back, bob, whose clock is set forward, and carol.
func clocksAreSet(t *testing.T, ports []*lab.Port, settings ...string) crew {
	back, forward := newClock(t), newClock(t)
	settings = append(settings, impatient...)
	all := crew{
		startWithClock(t, ports[0].Host, "alice", back, settings...),
		startWithClock(t, ports[1].Host, "bob", forward, settings...),
		start(t, ports[2].Host, "carol", settings...),
	}
	all.meet(t, "g", patience)
	stop := all.talk("g", 50*time.Millisecond)
	for i, c := range []clock{back, forward} {
		hours := []int8{-1, 1}[i]
		c.set(t, hours)
		if off := all[i].ahead() - time.Duration(hours)*time.Hour; off.Abs() > time.Minute {
			t.Errorf("the clock of %s is set by %d h, and off by %v", all[i].name, hours, off)
		}
	}
	time.Sleep(2 * dead) // The scenario: nobody counts as dead, or as heard in the future.
	all.heard(t, stop(), patience)
	all.stayed(t)
	if off := all[2].ahead(); off.Abs() > time.Minute {
		t.Errorf("the clock of carol is off by %v", off)
	}
	ports[2].Cut()
	cut := time.Now()
	back.set(t, -2) // once more, while a dead period runs
	forward.set(t, 2)
	for _, w := range all[:2] {
		eventually(t, w.name+" sees carol leave", patience, func() bool { return len(w.all("EXIT", all[2].id, cut)) == 1 })
		exit := w.all("EXIT", all[2].id, cut)[0]
		took := exit.at.Sub(cut)
		t.Logf("EXIT came %v after the cut", took.Round(time.Millisecond))
		if full && took > dead+dead/4 {
			t.Errorf("it took %v, want at most %v", took, dead+dead/4)
		}
		if exit.Reason != "expired" {
			t.Errorf("EXIT of carol: %s, want expired", exit.Reason) // TCP finds it too, much later.
		}
		if n := len(w.all("EXIT", "", time.Time{})); n != 1 {
			t.Errorf("%s has seen %d EXIT", w.name, n)
		}
	}
	ports[2].Mend()
	mended := time.Now()
	all.awaitAll(t, "g", patience)
	t.Logf("all saw all %v after carol had its power again", time.Since(mended).Round(time.Millisecond))
	stop = all.talk("g", 50*time.Millisecond)
	time.Sleep(time.Second)
	all.heard(t, stop(), patience)
	all.faultless(t)
	return all
}
