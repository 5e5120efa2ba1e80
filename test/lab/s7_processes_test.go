//go:build linux

package lab

import (
	"fmt"
	"syscall"
	"testing"
	"time"

	"github.com/gozre/zre/internal/lab"
)

// testKilledAndRestarted: a zre is killed and started again, many times, on the same port and on
// any. Each time the others see one EXIT and one ENTER, and messages pass both ways.
func testKilledAndRestarted(t *testing.T) {
	_, ports := hosts(t, 2, lab.Line{})
	alice := start(t, ports[0].Host, "alice", "--join", "g")
	longest := time.Duration(0)
	for round := range sized(4, 200) {
		args := []string{"--join", "g"}
		if round%2 == 0 {
			args = append(args, "--port-range", "41200-41200")
		}
		bob := start(t, ports[1].Host, fmt.Sprint("bob", round), args...)
		began := time.Now()
		both := crew{alice, bob}
		both.awaitAll(t, "g", patience)
		longest = max(longest, time.Since(began))
		for _, w := range both {
			w.sent.Add(1)
			if err := w.say(fmt.Sprintf("/shout g %d", w.sent.Load())); err != nil {
				t.Fatal(err)
			}
		}
		both.heard(t, both.sent(), patience)
		bob.kill()
		eventually(t, "alice is alone", patience, func() bool { return len(alice.sees()) == 0 })
		if exits := alice.all("EXIT", bob.id, time.Time{}); len(exits) != 1 || exits[0].Reason != "connection lost" {
			t.Errorf("round %d: EXIT of bob: %+v", round, exits)
		}
		if n := len(alice.all("ENTER", bob.id, time.Time{})); n != 1 {
			t.Errorf("round %d: %d ENTER of bob", round, n)
		}
		both.faultless(t)
	}
	t.Logf("the longest time from START until both see each other: %v", longest.Round(time.Millisecond))
}

// testStopped: a zre that is stopped for less than the dead period, as on a busy host, has missed
// nothing. One that is stopped for longer leaves, and is back after it goes on, once.
func testStopped(t *testing.T) {
	settings, period := sized(impatient, nil), sized(dead, 30*time.Second)
	for name, stopped := range map[string]time.Duration{"less": period / 2, "more": period * 3 / 2} {
		t.Run(name, func(t *testing.T) {
			_, ports := hosts(t, 2, lab.Line{})
			both := crew{
				start(t, ports[0].Host, "alice", settings...),
				start(t, ports[1].Host, "bob", settings...),
			}
			both.meet(t, "g", patience)
			stop := both.talk("g", 100*time.Millisecond)
			time.Sleep(time.Second)
			both[1].signal(syscall.SIGSTOP)
			time.Sleep(stopped) // The scenario: it is stopped for so long.
			before := len(both[0].all("EXIT", "", time.Time{}))
			both[1].signal(syscall.SIGCONT)
			both.awaitAll(t, "g", patience)
			time.Sleep(time.Second)
			both.heard(t, stop(), patience)
			exits := len(both[0].all("EXIT", "", time.Time{}))
			if want := map[string]int{"less": 0, "more": 1}[name]; before != want || exits != want {
				t.Errorf("%d EXIT while it was stopped, %d in all, want %d", before, exits, want)
			}
			both.faultless(t)
		})
	}
}
