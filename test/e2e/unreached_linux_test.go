package e2e

import (
	"strings"
	"testing"
	"time"

	"github.com/gozre/zre/internal/lab"
)

// events returns what zre has printed so far.
func (s *shell) all() []event {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.events
}

// says counts the lines on standard error with all of these texts.
func (p *program) says(texts ...string) (n int) {
	for line := range strings.Lines(p.errors.String()) {
		all := true
		for _, text := range texts {
			all = all && strings.Contains(line, text)
		}
		if all {
			n++
		}
	}
	return n
}

// TestHeardAndNotReached: behind a firewall that drops incoming TCP, a node is heard by beacons
// and reaches the others. There is no ENTER on either side, each side says why once, and they
// meet when the way is open.
func TestHeardAndNotReached(t *testing.T) {
	parallel(t)
	settings, during := impatient, 10*time.Second // five dead periods
	if full {
		settings, during = nil, 60*time.Second
	}
	net := lab.NewSwitch(t, "10.36.0.0/24", lab.Line{})
	out, in := lab.New(t), lab.New(t)
	net.Plug(out, "eth0")
	net.Plug(in, "eth0")
	net.Filter(lab.Deny(lab.OpensTCP, in))
	alice := startShell(t, out, settings...)
	bob := startShell(t, in, settings...)

	for end := time.Now().Add(during); time.Now().Before(end); {
		for _, s := range []*shell{alice, bob} {
			if all := s.all(); len(all) > 1 {
				t.Fatalf("behind the firewall %s prints %+v", s.cmd.Args, all[1:])
			}
		}
		time.Sleep(50 * time.Millisecond)
	}
	eventually(t, "both say why", patience, func() bool {
		return alice.says("level=WARN", "timed out", "firewall") > 0 &&
			bob.says("level=WARN", "neither greets nor connects", "this host's firewall") > 0
	})
	for _, s := range []*shell{alice, bob} {
		if n := s.says("level=WARN"); n != 1 {
			t.Errorf("%d warnings, want one:\n%s", n, s.errors.String())
		}
	}
	net.Filter(nil)
	opened := time.Now()
	alice.expect("ENTER", from(bob))
	bob.expect("ENTER", from(alice))
	took := time.Since(opened)
	t.Logf("ENTER on both sides %v after the way was opened", took.Round(time.Millisecond))
	if full && took > 5*time.Second {
		t.Errorf("it took %v, want at most 5 s", took)
	}
	alice.say("/whisper " + bob.id + " hello")
	bob.expect("WHISPER", from(alice))
	for _, s := range []*shell{alice, bob} {
		eventually(t, "the end is told", patience, func() bool { return s.says("level=WARN", "is reached now") == 1 })
	}
}

// TestBeaconsDoNotComeBack: behind a firewall of the host itself, or without a network, a node says
// that it hears nobody, and when that is over.
func TestBeaconsDoNotComeBack(t *testing.T) {
	parallel(t)
	h := lab.New(t)
	// Groups cannot be joined, and broadcasts are not for this host.
	h.Run("sh", "-c", "echo 0 >/proc/sys/net/ipv4/igmp_max_memberships")
	h.WithoutIPv6()
	lab.NewSwitch(t, "10.36.0.0/24", lab.Line{}).Plug(h, "eth0")
	for _, broadcast := range []string{"10.36.0.255", "127.255.255.255"} {
		h.IP("route", "del", "broadcast", broadcast, "table", "local")
	}
	alice := startShell(t, h)
	eventually(t, "a warning", patience, func() bool { return alice.says("level=WARN", "eth0", "beacons come back") == 1 })

	empty := lab.New(t)
	empty.IP("link", "set", "lo", "down")
	bob := startShell(t, empty)
	eventually(t, "a warning", patience, func() bool { return bob.says("level=WARN", "no network interface") == 1 })
	empty.IP("link", "set", "lo", "up")
	eventually(t, "the end", patience, func() bool { return bob.says("level=WARN", "beacons works again") == 1 })
}
