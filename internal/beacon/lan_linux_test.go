package beacon

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/net/ipv4"
	"golang.org/x/sys/unix"

	"github.com/gozre/zre/internal/lab"
)

// lan makes two hosts, 10.77.0.1 and 10.77.0.2, with a cable between them.
func lan(t *testing.T) (a, b *lab.Host) {
	t.Helper()
	a, b = lab.New(t), lab.New(t)
	lab.Cable(a, "eth0", b, "eth0")
	a.Plug("eth0", "10.77.0.1/24")
	b.Plug("eth0", "10.77.0.2/24")
	return a, b
}

// sendFrom sends one datagram from the host by the interface, with the
// destination as its payload.
func sendFrom(t *testing.T, h *lab.Host, ifname, to string) {
	t.Helper()
	h.Inside(func() {
		conn, err := listenAs("0.0.0.0:0", unix.SO_BROADCAST)
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		raw, err := conn.SyscallConn()
		if err != nil {
			t.Error(err)
			return
		}
		// Whatever the routes say: 255.255.255.255 has none here.
		controlErr := raw.Control(func(fd uintptr) { err = unix.BindToDevice(int(fd), ifname) })
		if err := errors.Join(controlErr, err); err != nil {
			t.Error(err)
			return
		}
		// An error is as good as a lost datagram here: the link may be down.
		_, _ = conn.WriteToUDPAddrPort([]byte(to), netip.AddrPortFrom(netip.MustParseAddr(to), hostPort))
	})
}

func TestOthersHearUsAcrossACable(t *testing.T) {
	a, b := lan(t)
	conns := make([]*net.UDPConn, len(listeners))
	b.Inside(func() {
		ifi, err := net.InterfaceByName("eth0")
		if err != nil {
			t.Error(err)
			return
		}
		for i, l := range listeners {
			if conns[i], err = l.listen(ifi, netip.MustParseAddr("10.77.0.255"), hostPort); err != nil {
				t.Errorf("%s: %v", l.name, err)
			}
		}
	})
	if t.Failed() {
		return
	}
	start(t, a, hostConfig{Say: "hello"})
	for i, l := range listeners {
		from, ok := hear(t, conns[i], "hello")
		if want := netip.MustParseAddr("10.77.0.1"); ok && from.Addr() != want {
			t.Errorf("%s hears us from %v, want %v", l.name, from, want)
		}
		conns[i].Close()
	}
}

func TestWeHearOthersAcrossACable(t *testing.T) {
	a, b := lan(t)
	s := start(t, a, hostConfig{})
	for _, to := range []string{"10.77.0.255", "255.255.255.255", "225.25.25.25", "224.0.0.250"} {
		s.wantWhile(heardLine(to, "10.77.0.2", "eth0"), func() { sendFrom(t, b, "eth0", to) })
	}
}

// A host with several nodes and a network: each hears the others on both.
func TestNodesOfOneHostHearEachOther(t *testing.T) {
	a, _ := lan(t)
	one := start(t, a, hostConfig{Say: "one"})
	two := start(t, a, hostConfig{Say: "two"})
	one.wantHeard("two", "127.0.0.1", "lo")
	two.wantHeard("one", "10.77.0.1", "eth0")
	two.command("forget")
	two.wantHeard("one", "127.0.0.1", "lo")
}

func TestCableUnpluggedAndReplugged(t *testing.T) {
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
}

func TestAddressChanges(t *testing.T) {
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
}

func TestInterfacesComeAndGo(t *testing.T) {
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
}

// Interfaces that come and go (a laptop's, a VPN's) leave nothing behind, also
// when the memberships that one socket may have would be used up.
func TestInterfacesLeaveNothingBehind(t *testing.T) {
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
}

// A named interface may go away and come back, and is then used again.
func TestNamedInterfaceComesBack(t *testing.T) {
	a, b := lan(t)
	s, o := start(t, a, hostConfig{Say: "a", Interfaces: []string{"eth0"}}), start(t, b, hostConfig{Say: "b"})
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
}

func TestHostWithoutAnyInterface(t *testing.T) {
	h := lab.New(t)
	h.IP("link", "set", "lo", "down")
	s := start(t, h, hostConfig{Say: "alone"})
	s.want("not sent")
	h.IP("link", "set", "lo", "up")
	s.wantHeard("alone", "127.0.0.1", "lo")
}

// transmitted gives how many packets have left the host by the interface.
func transmitted(t *testing.T, h *lab.Host, ifname string) (n int) {
	t.Helper()
	h.Inside(func() {
		stats, err := os.ReadFile("/proc/thread-self/net/dev")
		if err != nil {
			t.Error(err)
			return
		}
		for line := range strings.Lines(string(stats)) {
			// Ten columns after the name: packets sent.
			if fields := strings.Fields(line); fields[0] == ifname+":" {
				n, err = strconv.Atoi(fields[10])
				if err != nil {
					t.Error(err)
				}
				return
			}
		}
		t.Errorf("no interface %s in\n%s", ifname, stats)
	})
	return n
}

// withoutIPv6 keeps the kernel's own packets off the interfaces.
func withoutIPv6(t *testing.T, h *lab.Host) {
	t.Helper()
	h.Inside(func() {
		const off = "/proc/sys/net/ipv6/conf/all/disable_ipv6"
		if err := os.WriteFile(off, []byte("1"), 0o644); err != nil && !os.IsNotExist(err) {
			t.Error(err)
		}
	})
}

// A node restricted to one interface puts nothing on the other, and takes
// nothing from there.
func TestRestriction(t *testing.T) {
	for name, test := range map[string]struct {
		interfaces []string
		used       []string
		unused     []string
	}{
		"lo":   {[]string{"lo"}, []string{"lo"}, []string{"eth0"}},
		"eth0": {[]string{"eth0"}, []string{"eth0"}, []string{"lo"}},
		// Else the test could not fail.
		"none": {nil, []string{"lo", "eth0"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			a, b := lab.New(t), lab.New(t)
			lab.Cable(a, "eth0", b, "eth0")
			withoutIPv6(t, a)
			a.Plug("eth0", "10.77.0.1/24")
			b.Plug("eth0", "10.77.0.2/24")
			before := map[string]int{"lo": transmitted(t, a, "lo"), "eth0": transmitted(t, a, "eth0")}
			s := start(t, a, hostConfig{Say: "a", Interfaces: test.interfaces})
			// On both, if on both, though some are lost before the link is ready.
			s.until(func(now hostStats) bool { return now.Sent >= 120 })
			for _, ifname := range test.used {
				if n := transmitted(t, a, ifname); n-before[ifname] < 20 {
					t.Errorf("%d packets left by %s", n-before[ifname], ifname)
				}
			}
			for _, ifname := range test.unused {
				if n := transmitted(t, a, ifname); n != before[ifname] {
					t.Errorf("%d packets left by %s, which is not to be used", n-before[ifname], ifname)
				}
			}
			if name != "lo" {
				s.wantWhile(heardLine("10.77.0.255", "10.77.0.2", "eth0"), func() { sendFrom(t, b, "eth0", "10.77.0.255") })
				return
			}
			// Another listener's membership opens the group to this node too.
			conn, err := listenOn(t, a, "eth0", "225.25.25.25")
			if err != nil {
				return
			}
			defer conn.Close()
			for _, to := range []string{"10.77.0.255", "225.25.25.25"} {
				before := s.stats().Dropped
				s.until(func(now hostStats) bool {
					sendFrom(t, b, "eth0", to)
					return now.Dropped > before
				})
			}
			for _, line := range s.seen {
				if strings.HasSuffix(line, "on eth0") {
					t.Error(line)
				}
			}
		})
	}
}

// Where two interfaces are in one network the routes know only one of them.
func TestTwoInterfacesInOneNetwork(t *testing.T) {
	for _, name := range []string{"eth0", "eth1"} {
		t.Run(name, func(t *testing.T) {
			a, b := lan(t)
			lab.Cable(a, "eth1", b, "eth1")
			a.Plug("eth1", "10.77.0.3/24")
			b.Plug("eth1", "10.77.0.4/24")
			// The other host's kernel is not to judge by its routes either.
			b.Run("sh", "-c", "echo 0 | tee /proc/sys/net/ipv4/conf/*/rp_filter")
			s := start(t, a, hostConfig{Say: "a", Interfaces: []string{name}})
			o := start(t, b, hostConfig{})
			s.until(func(now hostStats) bool { return now.Sent >= 60 })
			from := map[string]string{"eth0": "10.77.0.1", "eth1": "10.77.0.3"}[name]
			o.wantHeard("a", from, name)
			o.stats()
			for _, line := range o.seen {
				if strings.HasPrefix(line, "heard") && line != heardLine("a", from, name) {
					t.Errorf("only %s is to be used: %s", name, line)
				}
			}
		})
	}
}

// listenOn joins the group on an interface of the host.
func listenOn(t *testing.T, h *lab.Host, ifname, group string) (conn *net.UDPConn, err error) {
	t.Helper()
	h.Inside(func() {
		if conn, err = listenAs("0.0.0.0:0", unix.SO_REUSEADDR); err != nil {
			t.Error(err)
			return
		}
		var ifi *net.Interface
		if ifi, err = net.InterfaceByName(ifname); err == nil {
			err = ipv4.NewPacketConn(conn).JoinGroup(ifi, &net.UDPAddr{IP: net.ParseIP(group)})
		}
		if err != nil {
			t.Error(err)
		}
	})
	return conn, err
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
			ifname := fmt.Sprint("eth", i)
			s.wantWhile(heardLine(to, fmt.Sprintf("10.50.%d.1", i), ifname), func() { sendFrom(t, h, ifname, to) })
		}
	}
}

// An interface that hardly gets rid of anything: its queue takes up all the
// room for sending that it has. The others have theirs.
func TestStuckInterfaceDoesNotHoldUpTheOthers(t *testing.T) {
	a, _ := lan(t)
	tc := a.Command("tc", "qdisc", "add", "dev", "eth0", "root", "tbf", "rate", "1kbit", "burst", "1600", "limit", "1000000")
	if out, err := tc.CombinedOutput(); err != nil {
		t.Skipf("cannot slow down an interface here: %v: %s", err, out)
	}
	s := start(t, a, hostConfig{Say: "a"})
	s.until(func(now hostStats) bool { return now.SendErrors > 0 })
	s.command("forget")
	s.wantHeard("a", "127.0.0.1", "lo")
	// From now on half of what is sent fails, that on one of two interfaces.
	before, now := s.stats(), hostStats{}
	s.until(func(stats hostStats) bool {
		now = stats
		return now.SendErrors >= before.SendErrors+60
	})
	if sent, failed := now.Sent-before.Sent, now.SendErrors-before.SendErrors; sent < failed {
		t.Errorf("%d datagrams sent, %d failed", sent, failed)
	}
}
