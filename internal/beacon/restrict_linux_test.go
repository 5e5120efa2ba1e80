package beacon

import (
	"net"
	"os"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/net/ipv4"
	"golang.org/x/sys/unix"

	"github.com/gozre/zre/internal/lab"
)

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

// A node restricted to one interface puts nothing on the other, and takes
// nothing from there.
func TestRestriction(t *testing.T) {
	onHosts(t, func(t *testing.T, start starter) {
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
				a.WithoutIPv6() // the kernel sends packets of its own
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
					s.wantWhile(heardLine("10.77.0.255", "10.77.0.2", "eth0"), func() {
						sendFrom(t, b, "eth0", "10.77.0.255")
					})
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
	})
}

// Where two interfaces are in one network the routes know only one of them. Not all
// systems can send by the other one (keepTo).
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
				if strings.HasPrefix(line, "heard") && !strings.HasSuffix(line, "on "+name) {
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

// An interface that sends almost nothing: its queue takes up all the room for
// sending that it has. The others have theirs.
func TestStuckInterfaceDoesNotHoldUpTheOthers(t *testing.T) {
	onHosts(t, func(t *testing.T, start starter) {
		a, _ := lan(t)
		tc := a.Command("tc", "qdisc", "add", "dev", "eth0", "root",
			"tbf", "rate", "1kbit", "burst", "1600", "limit", "1000000")
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
			return now.SendErrors >= before.SendErrors+30
		})
		if sent, failed := now.Sent-before.Sent, now.SendErrors-before.SendErrors; sent < failed {
			t.Errorf("%d datagrams sent, %d failed", sent, failed)
		}
	})
}
