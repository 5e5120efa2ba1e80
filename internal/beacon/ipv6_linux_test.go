package beacon

import (
	"strings"
	"testing"

	"github.com/gozre/zre/internal/lab"
)

// lan6 makes two hosts that a cable joins. They have only their link-local
// addresses, and one has 127.0.0.1; they name their ends of the cable differently.
// It gives each host's address as the other one sees it.
func lan6(t *testing.T) (a, b *lab.Host, addrA, addrB string) {
	t.Helper()
	a, b = lab.New(t), lab.New(t)
	lab.Cable(a, "eth0", b, "lan0")
	a.WithoutIPv4()
	a.IP("link", "set", "eth0", "up")
	b.IP("link", "set", "lan0", "up")
	addrA = a.LinkLocal("eth0").WithZone("lan0").String()
	addrB = b.LinkLocal("lan0").WithZone("eth0").String()
	return a, b, addrA, addrB
}

func TestHostsWithIPv6AloneMeet(t *testing.T) {
	onHosts(t, func(t *testing.T, start starter) {
		a, b, addrA, addrB := lan6(t)
		s, o := start(t, a, hostConfig{Say: "a"}), start(t, b, hostConfig{Say: "b"})
		o.wantHeard("a", addrA, "lan0")
		s.wantHeard("b", addrB, "eth0")
		// A node hears itself as well, and others on its host.
		s.command("forget")
		s.wantHeard("a", a.LinkLocal("eth0").String(), "eth0")
	})
}

// Where both hosts have both families, each is heard by both.
func TestBothFamilies(t *testing.T) {
	onHosts(t, func(t *testing.T, start starter) {
		a, b := lan(t)
		s, o := start(t, a, hostConfig{Say: "a"}), start(t, b, hostConfig{Say: "b"})
		o.wantHeard("a", a.LinkLocal("eth0").String(), "eth0")
		s.wantHeard("b", b.LinkLocal("eth0").String(), "eth0")
		s.command("forget")
		o.command("forget")
		o.wantHeard("a", "10.77.0.1", "eth0")
		s.wantHeard("b", "10.77.0.2", "eth0")
	})
}

// An IPv4 host and an IPv6 host meet a host with both.
func TestOneFamilyMeetsBoth(t *testing.T) {
	onHosts(t, func(t *testing.T, start starter) {
		for name, test := range map[string]func(h *lab.Host) hostConfig{
			"IPv4 is all that it has": func(h *lab.Host) hostConfig { h.WithoutIPv6(); return hostConfig{} },
			"IPv6 is all that it has": func(h *lab.Host) hostConfig {
				h.WithoutIPv4()
				h.IP("-4", "addr", "flush", "dev", "eth0")
				return hostConfig{}
			},
			"IPv4 is configured": func(*lab.Host) hostConfig { return hostConfig{Family: IPv4} },
			"IPv6 is configured": func(*lab.Host) hostConfig { return hostConfig{Family: IPv6} },
		} {
			t.Run(name, func(t *testing.T) {
				a, b := lan(t)
				addrA, addrB := a.LinkLocal("eth0").String(), b.LinkLocal("eth0").String()
				one := test(a)
				one.Say = "one"
				s, o := start(t, a, one), start(t, b, hostConfig{Say: "both"})
				if strings.HasPrefix(name, "IPv4") {
					addrA, addrB = "10.77.0.1", "10.77.0.2"
				}
				s.wantHeard("both", addrB, "eth0")
				o.wantHeard("one", addrA, "eth0")
				// Nothing came by the other family.
				s.until(func(now hostStats) bool { return now.Received >= 100 })
				o.until(func(now hostStats) bool { return now.Received >= 100 })
				s.wantNone(func(line string) bool {
					return strings.HasSuffix(line, "on eth0") &&
						!strings.Contains(line, addrA) && !strings.Contains(line, addrB)
				})
				o.wantNone(func(line string) bool {
					return strings.Contains(line, `"one"`) && !strings.Contains(line, addrA)
				})
			})
		}
	})
}

// A node that is restricted to an interface sends by no other, and drops what
// arrives by another.
func TestRestrictionInIPv6(t *testing.T) {
	onHosts(t, func(t *testing.T, start starter) {
		a, b, _, addrB := lan6(t)
		lab.Cable(a, "eth1", b, "lan1")
		// Without a link-local address, which would imply the interface.
		a.IP("link", "set", "eth1", "addrgenmode", "none")
		a.Plug("eth1", "fd01::1/64")
		b.IP("link", "set", "lan1", "up")
		const second = "fd01::1"
		s := start(t, a, hostConfig{Say: "a", Interfaces: []string{"eth1"}})
		o := start(t, b, hostConfig{Say: "b"})
		o.wantHeard("a", second, "lan1")
		s.wantHeard("b", b.LinkLocal("lan1").WithZone("eth1").String(), "eth1")
		s.until(func(now hostStats) bool { return now.Sent >= 60 && now.Dropped >= 20 })
		o.until(func(now hostStats) bool { return now.Received >= 60 })
		s.wantNone(func(line string) bool { return strings.Contains(line, addrB) })
		o.wantNone(func(line string) bool {
			return strings.Contains(line, `"a"`) && !strings.HasSuffix(line, "on lan1")
		})
	})
}

// The interface has an address of one family at first, and gets others later.
func TestIPv6AddressIsAddedLater(t *testing.T) {
	onHosts(t, func(t *testing.T, start starter) {
		a, b := lan(t)
		a.IP("link", "set", "eth0", "addrgenmode", "none")
		a.IP("-6", "addr", "flush", "dev", "eth0")
		s, o := start(t, a, hostConfig{Say: "a"}), start(t, b, hostConfig{Say: "b"})
		addrB := b.LinkLocal("eth0").String()
		o.wantHeard("a", "10.77.0.1", "eth0")
		s.wantHeard("b", "10.77.0.2", "eth0")
		a.IP("addr", "add", "fd00::1/64", "dev", "eth0")
		o.wantHeard("a", "fd00::1", "eth0")
		s.wantHeard("b", addrB, "eth0")
		// The address in each network is the source in turn.
		a.IP("addr", "add", "fd01::1/64", "dev", "eth0")
		o.wantHeard("a", "fd01::1", "eth0")
		o.command("forget")
		o.wantHeard("a", "fd00::1", "eth0")
		// From now on the link-local address is the source.
		a.IP("addr", "add", "fe80::77/64", "dev", "eth0")
		o.wantHeard("a", "fe80::77%eth0", "eth0")
		// And it goes away again.
		a.IP("addr", "del", "fe80::77/64", "dev", "eth0")
		o.command("forget")
		o.wantHeard("a", "fd00::1", "eth0")
		a.IP("-6", "addr", "flush", "dev", "eth0")
		o.command("forget")
		o.wantHeard("a", "10.77.0.1", "eth0")
	})
}

// An address is used as soon as the kernel has asked for duplicates, about a
// second after it is there.
func TestNewIPv6AddressIsAskedFor(t *testing.T) {
	onHosts(t, func(t *testing.T, start starter) {
		a, b := lan(t)
		a.Run("sh", "-c", "echo 1 | tee /proc/sys/net/ipv6/conf/*/accept_dad")
		s, o := start(t, a, hostConfig{Say: "a"}), start(t, b, hostConfig{Say: "b"})
		s.wantHeard("b", "10.77.0.2", "eth0")
		a.IP("link", "set", "eth0", "down")
		o.command("forget")
		a.IP("link", "set", "eth0", "up")
		o.wantHeard("a", a.LinkLocal("eth0").String(), "eth0")
	})
}

// An interface goes away and comes back with the same name, another index and
// another address.
func TestIPv6InterfaceComesBack(t *testing.T) {
	onHosts(t, func(t *testing.T, start starter) {
		a, b, addrA, _ := lan6(t)
		s, o := start(t, a, hostConfig{Say: "a"}), start(t, b, hostConfig{Say: "b"})
		o.wantHeard("a", addrA, "lan0")
		a.IP("link", "del", "eth0")
		lab.Cable(a, "eth0", b, "lan0")
		a.IP("link", "set", "eth0", "up")
		b.IP("link", "set", "lan0", "up")
		o.wantHeard("a", a.LinkLocal("eth0").WithZone("lan0").String(), "lan0")
		s.wantHeard("b", b.LinkLocal("lan0").WithZone("eth0").String(), "eth0")
	})
}

// Nodes of a host that has nothing but ::1 meet, in as many processes as there are.
func TestLoopbackWithIPv6Alone(t *testing.T) {
	onHosts(t, func(t *testing.T, start starter) {
		for name, family := range map[string]Family{"no IPv4 there": AnyFamily, "configured": IPv6} {
			t.Run(name, func(t *testing.T) {
				h := lab.New(t)
				if family == AnyFamily {
					h.WithoutIPv4()
				}
				names := []string{"one", "two", "three", "four"}
				var stations []*station
				for _, name := range names {
					stations = append(stations, start(t, h, hostConfig{Say: name, Family: family}))
				}
				for _, s := range stations {
					for _, name := range names {
						s.command("forget") // it may have told it while another was waited for
						s.wantHeard(name, "::1", "lo")
					}
				}
			})
		}
	})
}

// Nor does IPv6 allocate, once the interface's name is known to the system's table.
func TestNoAllocationPerIPv6Datagram(t *testing.T) {
	a, _, _, _ := lan6(t)
	s := start(t, a, hostConfig{Interfaces: []string{"eth0"}})
	s.command("allocations")
	s.want("0")
}
