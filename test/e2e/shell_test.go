//go:build unix

package e2e

import (
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gozre/zre/internal/lab"
)

// TestConversation is the main job: two people start zre and talk.
func TestConversation(t *testing.T) {
	parallel(t)
	places(t, func(t *testing.T, hostA, hostB *lab.Host) {
		alice := startShell(t, hostA, "--name", "alice", "--header", "language=de")
		bob := startShell(t, hostB, "--name", "bob")

		enter := bob.expect("ENTER", from(alice))
		if enter.Name != "alice" || enter.Headers["language"] != "de" || !strings.HasPrefix(enter.Endpoint, "tcp://") {
			t.Errorf("bob sees %+v enter", enter)
		}
		reachable := strings.HasPrefix(enter.Endpoint, "tcp://10.36.0.") || strings.HasPrefix(enter.Endpoint, "tcp://[fe80:")
		if hostA != hostB && !reachable {
			t.Errorf("bob gets an endpoint that he cannot reach: %s", enter.Endpoint)
		}
		alice.expect("ENTER", from(bob))

		alice.say("/join time")
		bob.expect("JOIN", of(alice, "time"))
		bob.say("/join time")
		alice.expect("JOIN", of(bob, "time"))

		alice.say("/shout time what  time is it?")
		if e := bob.expect("SHOUT", of(alice, "time")); e.text() != "what  time is it?" {
			t.Errorf("bob heard %q", e.text())
		}
		bob.say("/whisper " + alice.id + " late")
		if e := alice.expect("WHISPER", from(bob)); e.text() != "late" {
			t.Errorf("alice was whispered %q", e.text())
		}
		bob.say("/whisper alice by name")
		if e := alice.expect("WHISPER", from(bob)); e.text() != "by name" {
			t.Errorf("alice was whispered %q", e.text())
		}

		alice.say("/leave time")
		bob.expect("LEAVE", of(alice, "time"))
		alice.say("/quit")
		alice.wait(0)
		if e := bob.expect("EXIT", from(alice)); e.Reason == "" {
			t.Error("alice's exit has no reason")
		}
		// The end of the input ends zre as well. Alice may have left before she acknowledged
		// bob's last whisper; then bob's status is 1.
		bob.input.Close()
		bob.wait(0, 1)
	})
}

// TestSignalIsAGoodbye holds that zre says goodbye after Ctrl-C and after a service manager's stop.
func TestSignalIsAGoodbye(t *testing.T) {
	parallel(t)
	h := lab.Loopback(t)
	stays := startShell(t, h)
	for _, s := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		leaves := startShell(t, h)
		stays.expect("ENTER", from(leaves))
		leaves.signal(s)
		leaves.wait(0)
		if e := stays.expect("EXIT", from(leaves)); e.Reason != "goodbye" {
			t.Errorf("after %v: the exit's reason is %q", s, e.Reason)
		}
	}
}

// impatient makes a node find out within a test that a peer is dead.
var impatient = []string{"--quiet-period", "0.5", "--quiet-ping-rate", "0.2", "--dead-period", "2", "--beacon-period", "0.2"}

// TestKilledPeerIsReaped: without goodbye and answer, the peer is removed after the dead period.
func TestKilledPeerIsReaped(t *testing.T) {
	parallel(t)
	h := lab.Loopback(t)
	stays, dies := startShell(t, h, impatient...), startShell(t, h, impatient...)
	stays.expect("ENTER", from(dies))
	dies.signal(syscall.SIGKILL)
	stays.expect("EXIT", from(dies))
}

// TestFrozenPeer holds the order EVASIVE, SILENT, EXIT, and that a peer that was only away for
// a moment has lost nothing.
func TestFrozenPeer(t *testing.T) {
	parallel(t)
	h := lab.Loopback(t)
	stays, freezes := startShell(t, h, impatient...), startShell(t, h)
	stays.expect("ENTER", from(freezes))
	freezes.expect("ENTER", from(stays))

	freezes.signal(syscall.SIGSTOP)
	stays.expect("EVASIVE", from(freezes))
	stays.say("/whisper " + freezes.id + " are you there?")
	freezes.signal(syscall.SIGCONT)
	if e := freezes.expect("WHISPER", from(stays)); e.text() != "are you there?" {
		t.Errorf("after its sleep the peer read %q", e.text())
	}
	freezes.say("/whisper " + stays.id + " yes")
	stays.expect("WHISPER", from(freezes))

	freezes.signal(syscall.SIGSTOP)
	stays.expect("EVASIVE", from(freezes))
	stays.expect("SILENT", from(freezes))
	stays.expect("EXIT", from(freezes))
	freezes.signal(syscall.SIGCONT)
}

// TestCutNetworkHeals parts two hosts for longer than the dead period.
func TestCutNetworkHeals(t *testing.T) {
	parallel(t)
	s := lab.NewSwitch(t, "10.36.0.0/24", lab.Line{})
	hostA, hostB := lab.New(t), lab.New(t)
	s.Plug(hostA, "eth0")
	line := s.Plug(hostB, "eth0")
	alice, bob := startShell(t, hostA, impatient...), startShell(t, hostB, impatient...)
	alice.expect("ENTER", from(bob))
	bob.expect("ENTER", from(alice))
	bob.say("/join time")
	alice.expect("JOIN", of(bob, "time"))

	line.Cut()
	alice.expect("EXIT", from(bob))
	bob.expect("EXIT", from(alice))
	line.Mend()
	bob.expect("ENTER", from(alice))
	alice.expect("ENTER", from(bob))
	alice.expect("JOIN", of(bob, "time"))
	alice.say("/shout time back again")
	bob.expect("SHOUT", of(alice, "time"))
}

// TestBadNetwork talks over lines that lose every tenth frame and take their time.
func TestBadNetwork(t *testing.T) {
	parallel(t)
	hosts := network(t, lab.Line{Rate: 1e6, Delay: 20 * time.Millisecond, Loss: 0.1}, 3)
	var shells []*shell
	for _, h := range hosts {
		shells = append(shells, startShell(t, h))
	}
	for _, s := range shells {
		s.say("/join time")
	}
	for _, s := range shells {
		missing := map[string]bool{}
		for _, other := range shells {
			if other != s {
				missing[other.id] = true
			}
		}
		for len(missing) > 0 {
			delete(missing, s.expect("JOIN", nil).Peer)
		}
	}
	const count = 20
	for i := range count {
		shells[0].say("/shout time " + strconv.Itoa(i))
	}
	for _, s := range shells[1:] {
		for i := range count {
			if e := s.expect("SHOUT", nil); e.text() != strconv.Itoa(i) {
				t.Fatalf("shout %d is %q", i, e.text())
			}
		}
	}
}

// TestStaticPeer meets where there is neither multicast nor broadcast.
func TestStaticPeer(t *testing.T) {
	parallel(t)
	s := lab.NewSwitch(t, "10.36.0.0/24", lab.Line{})
	s.Filter(lab.UnicastOnly)
	hostA, hostB := lab.New(t), lab.New(t)
	s.Plug(hostA, "eth0")
	s.Plug(hostB, "eth0")
	alice := startShell(t, hostA, "--port-range", "41007-41007")
	bob := startShell(t, hostB, "--peer", "tcp://10.36.0.1:41007")
	alice.expect("ENTER", from(bob))
	bob.expect("ENTER", from(alice))
}
