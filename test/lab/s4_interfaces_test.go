//go:build linux

package lab

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gozre/zre/internal/lab"
)

// beaconPeriod is that of the programs.
const beaconPeriod = time.Second

// testSeveralNetworks: a host on two networks meets those of both, and they do not meet each
// other. A VPN without anybody behind it and a docker0 without a container change nothing.
func testSeveralNetworks(t *testing.T) {
	left, right := lab.NewSwitch(t, "10.1.0.0/24", lab.Line{}), lab.NewSwitch(t, "10.2.0.0/24", lab.Line{})
	middle, a, b := lab.New(t), lab.New(t), lab.New(t)
	left.Plug(a, "eth0")
	right.Plug(b, "eth0")
	left.Plug(middle, "eth0")
	right.Plug(middle, "wlan0")
	middle.IP("link", "add", "docker0", "type", "bridge")
	middle.Plug("docker0", "172.17.0.1/16")
	middle.IP("tuntap", "add", "tun0", "mode", "tun")
	middle.IP("addr", "add", "10.8.0.6", "peer", "10.8.0.5", "dev", "tun0")
	middle.IP("link", "set", "tun0", "up")

	mid, alice, bob := start(t, middle, "mid"), start(t, a, "alice"), start(t, b, "bob")
	for _, pair := range []crew{{mid, alice}, {mid, bob}} {
		for _, w := range pair {
			eventually(t, "they meet", patience, func() bool { return len(w.all("ENTER", other(pair, w).id, time.Time{})) == 1 })
		}
	}
	for _, w := range []*witness{alice, bob} {
		if err := mid.say("/whisper " + w.name + " 1"); err != nil {
			t.Fatal(err)
		}
		eventually(t, w.name+" is whispered to", patience, func() bool { return w.last(mid.id) == 1 })
		if got := w.sees(); len(got) != 1 {
			t.Errorf("%s sees %v", w.name, got)
		}
	}
	time.Sleep(sized(4*time.Second, 15*time.Second)) // What does not work is told after some seconds.
	crew{mid, alice, bob}.stayed(t)
	for _, w := range []*witness{mid, alice, bob} {
		if n := w.says("level=WARN"); n > 0 {
			t.Errorf("%s warns:\n%s", w.name, w.said())
		}
	}
}

// other is the other one of two.
func other(pair crew, w *witness) *witness {
	if pair[0] == w {
		return pair[1]
	}
	return pair[0]
}

// testManyAddresses: 200 addresses on an interface do not make 200 times as many datagrams.
func testManyAddresses(t *testing.T) {
	net, ports := hosts(t, 2, lab.Line{})
	var commands strings.Builder
	for i := range 200 {
		fmt.Fprintf(&commands, "addr add 10.36.1.%d/16 dev eth0\n", i+1)
	}
	ports[0].Host.IPBatch(commands.String())
	var mu sync.Mutex
	sent := 0
	beacons := lab.IsUDP(5670)
	net.Filter(func(from, _ *lab.Port, frame []byte) bool {
		if from == ports[0] && beacons(frame) {
			mu.Lock()
			defer mu.Unlock()
			sent++
		}
		return true
	})
	both := crew{start(t, ports[0].Host, "alice"), start(t, ports[1].Host, "bob")}
	both.meet(t, "g", patience)
	time.Sleep(2 * beaconPeriod) // What an arrival costs is over.
	mu.Lock()
	before := sent
	mu.Unlock()
	const periods = 5
	time.Sleep(periods * beaconPeriod) // The scenario: so long is counted.
	mu.Lock()
	defer mu.Unlock()
	t.Logf("%d datagrams in %d beacon periods", sent-before, periods)
	if n := sent - before; n == 0 || n > 10*periods {
		t.Errorf("%d datagrams in %d beacon periods, want some and at most ten in each", n, periods)
	}
}

// testInterfaceComesAndGoes: a zre that runs before there is a network meets the others soon after
// it has come. When it goes they leave, and they are back when it is there again.
func testInterfaceComesAndGoes(t *testing.T) {
	for name, settings := range map[string][]string{
		"any interface": nil, "named": {"-i", "e0"}, "by its address": {"-i", "10.36.0.2"}, "others excluded": {"--exclude", "eth*", "--exclude", "lo"},
	} {
		t.Run(name, func(t *testing.T) {
			net, ports := hosts(t, 1, lab.Line{})
			late := lab.New(t)
			late.WithoutIPv6()
			alice := start(t, ports[0].Host, "alice", impatient...)
			bob := start(t, late, "bob", append(settings, impatient...)...)
			both := crew{alice, bob}
			if name == "named" || name == "by its address" {
				eventually(t, "bob says what he waits for", patience, func() bool {
					return bob.says("level=WARN", "an interface is waited for", settings[1]) == 1
				})
			}
			meet := func(after time.Time) {
				eventually(t, "they meet", patience, func() bool {
					return len(alice.all("ENTER", bob.id, after)) == 1 && len(bob.all("ENTER", alice.id, after)) == 1
				})
				took := time.Since(after)
				t.Logf("they met %v after the interface was there", took.Round(time.Millisecond))
				if full && took > 2*beaconPeriod {
					t.Errorf("it took %v, want at most two beacon periods", took)
				}
			}
			began := time.Now()
			net.Plug(late, "e0")
			meet(began)
			if name == "named" {
				eventually(t, "bob says that he has it", patience, func() bool { return bob.says("level=WARN", "the interface is used now") == 1 })
			}
			late.IP("link", "set", "e0", "down")
			for _, w := range both {
				eventually(t, "EXIT", patience, func() bool { return len(w.sees()) == 0 })
			}
			up := time.Now()
			late.IP("link", "set", "e0", "up")
			meet(up)
			both.faultless(t)
		})
	}
}
