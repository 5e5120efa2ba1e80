package beacon

import (
	"fmt"
	"testing"

	"github.com/gozre/zre/internal/lab"
)

func TestCableUnpluggedAndReplugged(t *testing.T) {
	onHosts(t, func(t *testing.T, start starter) {
		for name, end := range map[string]int{"ours": 0, "theirs": 1} {
			t.Run(name, func(t *testing.T) {
				a, b := lan(t)
				s, o := start(t, a, hostConfig{Say: "a"}), start(t, b, hostConfig{Say: "b"})
				s.wantHeard("b", "10.77.0.2", "eth0")
				o.wantHeard("a", "10.77.0.1", "eth0")
				h := []*lab.Host{a, b}[end]
				h.IP("link", "set", "eth0", "down")
				s.command("forget")
				o.command("forget")
				h.IP("link", "set", "eth0", "up")
				s.wantHeard("b", "10.77.0.2", "eth0")
				o.wantHeard("a", "10.77.0.1", "eth0")
				for _, to := range []string{"225.25.25.25", "224.0.0.250"} {
					s.wantWhile(heardLine(to, "10.77.0.2", "eth0"), func() { sendFrom(t, b, "eth0", to) })
				}
			})
		}
	})
}

func TestAddressChanges(t *testing.T) {
	onHosts(t, func(t *testing.T, start starter) {
		a, b := lan(t)
		s, o := start(t, a, hostConfig{Say: "a"}), start(t, b, hostConfig{Say: "b"})
		o.wantHeard("a", "10.77.0.1", "eth0")
		// First without an address at all, as when a lease has run out.
		a.IP("addr", "flush", "dev", "eth0")
		o.command("forget")
		a.IP("addr", "add", "10.78.0.1/16", "dev", "eth0")
		// The broadcast of the new network does not concern the other host yet,
		// which has no address in it; the groups do.
		o.wantHeard("a", "10.78.0.1", "eth0")
		s.command("forget")
		s.wantHeard("b", "10.77.0.2", "eth0")
		b.IP("addr", "add", "10.78.0.2/16", "dev", "eth0")
		s.wantHeard("b", "10.78.0.2", "eth0")
		for to, from := range map[string]string{
			"10.78.255.255": "10.78.0.2",
			"225.25.25.25":  "10.77.0.2",
			"224.0.0.250":   "10.77.0.2",
		} {
			s.wantWhile(heardLine(to, from, "eth0"), func() { sendFrom(t, b, "eth0", to) })
		}
	})
}

func TestInterfacesComeAndGo(t *testing.T) {
	onHosts(t, func(t *testing.T, start starter) {
		a, b := lan(t)
		s, o := start(t, a, hostConfig{Say: "a"}), start(t, b, hostConfig{Say: "b"})
		s.wantHeard("b", "10.77.0.2", "eth0")
		for range 2 { // the second time with other indexes
			lab.Cable(a, "wlan0", b, "wlan0")
			a.Plug("wlan0", "10.88.0.1/24")
			b.Plug("wlan0", "10.88.0.2/24")
			s.wantHeard("b", "10.88.0.2", "wlan0")
			o.wantHeard("a", "10.88.0.1", "wlan0")
			for _, to := range []string{"10.88.0.255", "225.25.25.25", "224.0.0.250"} {
				s.wantWhile(heardLine(to, "10.88.0.2", "wlan0"), func() { sendFrom(t, b, "wlan0", to) })
			}
			a.IP("link", "del", "wlan0")
			s.command("forget")
			o.command("forget")
			s.wantHeard("b", "10.77.0.2", "eth0")
			o.wantHeard("a", "10.77.0.1", "eth0")
		}
	})
}

// Interfaces that come and go (a laptop's, a VPN's) leave nothing behind, also
// when the memberships that one socket may have would be used up.
func TestInterfacesLeaveNothingBehind(t *testing.T) {
	onHosts(t, func(t *testing.T, start starter) {
		a := lab.New(t)
		s := start(t, a, hostConfig{Say: "a"})
		before := s.stats().Descriptors
		for range 12 {
			lab.Cable(a, "tun0", a, "tun1")
			a.IP("link", "set", "tun1", "up")
			a.Plug("tun0", "10.88.0.1/24")
			s.wantHeard("a", "10.88.0.1", "tun0")
			a.IP("link", "del", "tun0")
			s.until(func(now hostStats) bool { return now.Descriptors <= before })
			s.command("forget")
		}
	})
}

// A named interface may go away and come back, and is then used again.
func TestNamedInterfaceComesBack(t *testing.T) {
	onHosts(t, func(t *testing.T, start starter) {
		a, b := lan(t)
		s := start(t, a, hostConfig{Say: "a", Interfaces: []string{"eth0"}})
		o := start(t, b, hostConfig{Say: "b"})
		s.wantHeard("b", "10.77.0.2", "eth0")
		a.IP("link", "del", "eth0")
		s.want("not sent")
		s.command("forget")
		o.command("forget")
		lab.Cable(a, "eth0", b, "eth0")
		a.Plug("eth0", "10.77.0.1/24")
		b.Plug("eth0", "10.77.0.2/24")
		s.wantHeard("b", "10.77.0.2", "eth0")
		o.wantHeard("a", "10.77.0.1", "eth0")
	})
}

func TestHostWithoutAnyInterface(t *testing.T) {
	onHosts(t, func(t *testing.T, start starter) {
		h := lab.New(t)
		h.IP("link", "set", "lo", "down")
		s := start(t, h, hostConfig{Say: "alone"})
		s.want("not sent")
		h.IP("link", "set", "lo", "up")
		s.wantHeard("alone", "127.0.0.1", "lo")
	})
}

// Linux lets one socket join 20 groups: with two groups that is ten interfaces.
func TestMoreInterfacesThanMembershipsOfASocket(t *testing.T) {
	h := lab.New(t)
	const cables = 12
	for i := range cables {
		lab.Cable(h, fmt.Sprint("eth", i), h, fmt.Sprint("peer", i))
		h.IP("link", "set", fmt.Sprint("peer", i), "up")
		h.Plug(fmt.Sprint("eth", i), fmt.Sprintf("10.50.%d.1/24", i))
	}
	s := start(t, h, hostConfig{})
	for i := range cables {
		for _, to := range []string{"225.25.25.25", "224.0.0.250"} {
			ifname, from := fmt.Sprint("eth", i), fmt.Sprintf("10.50.%d.1", i)
			s.wantWhile(heardLine(to, from, ifname), func() { sendFrom(t, h, ifname, to) })
		}
	}
}
