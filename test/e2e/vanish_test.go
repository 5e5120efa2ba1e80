//go:build linux

package e2e

import (
	"fmt"
	"os"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/gozre/zre/internal/lab"
)

// descriptors is how many files and connections a program has open.
func (p *program) descriptors() int {
	p.t.Helper()
	entries, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", p.cmd.Process.Pid))
	if err != nil {
		p.t.Fatal(err)
	}
	return len(entries)
}

// eventually waits until something holds.
func eventually(t *testing.T, what string, within time.Duration, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(within); !holds(); {
		if time.Now().After(deadline) {
			t.Fatalf("after %v: not so: %s", within, what)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// TestVanishedHosts: hosts that enter, and whose lines are then cut for good, leave no
// descriptor behind.
func TestVanishedHosts(t *testing.T) {
	parallel(t)
	const dead = 3
	settings := append(impatient, "--dead-period", strconv.Itoa(dead))
	net := lab.NewSwitch(t, "10.3.0.0/24", lab.Line{})
	host := lab.New(t)
	net.Plug(host, "eth0")
	node := startShell(t, host, settings...)
	before := node.descriptors()
	var ports []*lab.Port
	var peers []*shell
	for range 5 {
		h := lab.New(t)
		ports = append(ports, net.Plug(h, "eth0"))
		peers = append(peers, startShell(t, h, settings...))
	}
	entered := make(map[string]bool) // in any order
	for range peers {
		entered[node.expect("ENTER", nil).Peer] = true
	}
	for _, p := range peers {
		if !entered[p.id] {
			t.Fatalf("ENTER of %v, but not of %s", entered, p.id)
		}
	}
	for _, p := range ports {
		p.Cut()
	}
	for range peers {
		if e := node.expect("EXIT", nil); e.Reason != "expired" {
			t.Errorf("EXIT because of %s", e.Reason)
		}
	}
	eventually(t, fmt.Sprintf("%d descriptors as before", before), (dead+30)*time.Second, func() bool {
		return node.descriptors() <= before
	})
}

// TestKilledAndRestarted: a node that is killed, and started again immediately on the same port,
// comes back, and both receive from each other, each time.
func TestKilledAndRestarted(t *testing.T) {
	parallel(t)
	rounds := 10
	if full {
		rounds = 100
	}
	h := lab.Loopback(t)
	alice := startShell(t, h, "--name", "alice")
	for round := range rounds {
		bob := startShell(t, h, "--name", "bob", "--port-range", "31200-31200") // below those that the system gives to connections
		alice.expect("ENTER", from(bob))
		bob.expect("ENTER", from(alice))
		alice.say(fmt.Sprintf("/whisper %s hello %d", bob.id, round))
		bob.expect("WHISPER", from(alice))
		bob.say(fmt.Sprintf("/whisper %s hello %d", alice.id, round))
		alice.expect("WHISPER", from(bob))
		bob.signal(syscall.SIGKILL)
		<-bob.exited
		if e := alice.expect("EXIT", from(bob)); e.Reason != "connection lost" {
			t.Errorf("round %d: EXIT because of %s", round, e.Reason)
		}
	}
}

// TestIPv6Only: hosts without IPv4 meet by multicast to ff02::1, at link-local addresses.
func TestIPv6Only(t *testing.T) {
	parallel(t)
	net := lab.NewSwitch(t, "fd00::/64", lab.Line{})
	var shells []*shell
	for _, name := range []string{"alice", "bob"} {
		h := lab.New(t)
		h.WithoutIPv4()
		net.Plug(h, "eth0")
		shells = append(shells, startShell(t, h, "--name", name))
	}
	alice, bob := shells[0], shells[1]
	alice.expect("ENTER", from(bob))
	bob.expect("ENTER", from(alice))
	alice.say("/whisper bob hello")
	bob.expect("WHISPER", from(alice))
	bob.say("/whisper alice hello")
	alice.expect("WHISPER", from(bob))
}
