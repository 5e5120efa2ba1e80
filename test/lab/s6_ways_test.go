//go:build linux

package lab

import (
	"testing"
	"time"

	"github.com/gozre/zre/internal/lab"
)

// two are two witnesses that talk, on hosts of their own.
func two(t *testing.T, args ...string) (*lab.Switch, []*lab.Port, crew) {
	t.Helper()
	net, ports := hosts(t, 2, lab.Line{})
	both := pair(t, ports, args...)
	return net, ports, both
}

// pair starts alice and bob on two hosts, who meet.
func pair(t *testing.T, ports []*lab.Port, args ...string) crew {
	t.Helper()
	both := crew{start(t, ports[0].Host, "alice", args...), start(t, ports[1].Host, "bob", args...)}
	both.meet(t, "g", patience)
	return both
}

// testBeaconsBlockedLater: a firewall drops the beacons after the nodes have met. Nobody leaves, for
// many dead periods, and messages pass.
func testBeaconsBlockedLater(t *testing.T) {
	settings, period := sized(impatient, nil), sized(dead, 30*time.Second)
	net, ports, both := two(t, settings...)
	net.Filter(lab.Deny(lab.IsUDP(5670), ports[0].Host, ports[1].Host))
	stop := both.talk("g", 500*time.Millisecond)
	time.Sleep(2 * period) // The scenario: it lasts so long.
	both.heard(t, stop(), patience)
	time.Sleep(period) // Now nobody says anything.
	both.stayed(t)
	both.faultless(t)
}

// testTCPBlockedOneWay: a firewall begins to drop the TCP segments to one host, so that it hears
// no messages and its own ones are not acknowledged. Each sees the other leave, because of its
// silence, and there is no ENTER while that lasts. Afterwards they meet again, once.
func testTCPBlockedOneWay(t *testing.T) {
	settings, period := sized(impatient, nil), sized(dead, 30*time.Second)
	net, ports, both := two(t, settings...)
	blocked := time.Now()
	net.Filter(lab.Deny(lab.IsTCP, ports[1].Host))
	for _, w := range both {
		eventually(t, w.name+" sees the other one leave", 2*period+patience, func() bool {
			return len(w.all("EXIT", "", blocked)) == 1
		})
	}
	time.Sleep(2 * period) // The scenario: it lasts so long.
	for _, w := range both {
		if enters, exits := len(w.all("ENTER", "", blocked)), len(w.all("EXIT", "", blocked)); enters != 0 || exits != 1 {
			t.Errorf("%s has seen %d ENTER and %d EXIT while the way was blocked", w.name, enters, exits)
		}
	}
	net.Filter(nil)
	opened := time.Now()
	both.awaitAll(t, "g", patience)
	took := time.Since(opened)
	t.Logf("they met %v after the way was opened", took.Round(time.Millisecond))
	if full && took > 5*time.Second {
		t.Errorf("it took %v, want at most 5 s", took)
	}
	stop := both.talk("g", 100*time.Millisecond)
	time.Sleep(time.Second)
	both.heard(t, stop(), patience)
	both.faultless(t)
}

// testConnectionsReset: a router resets all connections while messages pass, new ones too, for a
// time. They are told, they meet again soon after, and in no session is a message lost or
// doubled.
func testConnectionsReset(t *testing.T) {
	net, ports := hosts(t, 2, lab.Line{})
	for _, p := range ports {
		p.Host.WithoutIPv6() // Reset resets connections over IPv4.
	}
	both := pair(t, ports)
	for range sized(2, 10) {
		stop := both.talk("g", 20*time.Millisecond)
		time.Sleep(200 * time.Millisecond)
		before := time.Now()
		end := net.Reset()
		eventually(t, "both ends tell it", patience, func() bool {
			return len(both[0].all("EXIT", "", before)) > 0 && len(both[1].all("EXIT", "", before)) > 0
		})
		if n := end(); n < 1 {
			t.Errorf("%d connections were reset", n)
		}
		both.awaitAll(t, "g", patience)
		time.Sleep(200 * time.Millisecond)
		both.heard(t, stop(), patience)
	}
	both.faultless(t)
}

// testBlackHole: on the way between two hosts packets of more than 1200 octets vanish, and no
// router says so. TCP finds a size that passes, so small messages pass and large ones do too, in
// time; nobody leaves for a small one.
func testBlackHole(t *testing.T) {
	net, ports, both := two(t)
	for _, p := range ports {
		p.Host.Run("sh", "-c", "echo 1 >/proc/sys/net/ipv4/tcp_mtu_probing")
	}
	net.Filter(lab.Deny(lab.Larger(1200), ports[0].Host, ports[1].Host))
	stop := both.talk("g", 100*time.Millisecond)
	time.Sleep(sized(2*time.Second, 30*time.Second)) // The scenario: it lasts so long.
	both.heard(t, stop(), patience)
	both.stayed(t)
	both.faultless(t)
}
