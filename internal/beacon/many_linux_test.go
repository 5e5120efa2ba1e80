package beacon

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/gozre/zre/internal/lab"
)

// A host with 200 addresses on its interface sends to each group once.
func TestHostWithManyAddresses(t *testing.T) {
	onHosts(t, func(t *testing.T, start starter) {
		for name, test := range map[string]struct {
			format  string
			want    uint64 // three on loopback, each broadcast, two groups and one of IPv6
			sources int
		}{
			"in one network":  {"10.50.0.%d/24", 3 + 1 + 3, 1},
			"each in its own": {"10.50.%d.1/24", 3 + 200 + 3, 200},
		} {
			t.Run(name, func(t *testing.T) {
				a, b := lab.New(t), lab.New(t)
				lab.Cable(a, "eth0", b, "eth0")
				var batch strings.Builder
				for i := range 200 {
					fmt.Fprintf(&batch, "addr add "+test.format+" dev eth0\n", i+1)
					fmt.Fprintf(&batch, "addr add fd50::%x/64 dev eth0\n", i+1)
				}
				a.IPBatch(batch.String())
				for _, h := range []*lab.Host{a, b} {
					h.IP("link", "set", "eth0", "up")
				}
				b.IP("addr", "add", "10.99.0.1/24", "dev", "eth0") // so that it listens in IPv4
				lines := []string{heardLine("once", a.LinkLocal("eth0").String(), "eth0")}
				for i := range test.sources {
					addr, _, _ := strings.Cut(fmt.Sprintf(test.format, i+1), "/")
					lines = append(lines, heardLine("once", addr, "eth0"))
				}
				s, o := start(t, a, hostConfig{}), start(t, b, hostConfig{})
				before := s.stats()
				for range test.sources {
					s.once()
				}
				after := s.stats()
				n := after.Sent + after.SendErrors - before.Sent - before.SendErrors
				if n != test.want*uint64(test.sources) {
					t.Errorf("%d datagrams for %d beacons, want %d for each", n, test.sources, test.want)
				}
				// The other host is in none of the networks, so it hears the groups alone:
				// from each network once, and from the link-local address.
				o.wantEach(lines...)
			})
		}
	})
}

// The memory that the kernel allows a socket for its memberships is used up.
func TestMoreIPv6InterfacesThanMembershipsOfASocket(t *testing.T) {
	h := lab.New(t)
	limit := h.Command("sh", "-c", "echo 300 >/proc/sys/net/core/optmem_max")
	if out, err := limit.CombinedOutput(); err != nil {
		t.Skipf("this kernel has no such limit for a namespace of its own: %v: %s", err, out)
	}
	const cables = 12
	group := netip.MustParseAddr("ff02::5a:5245")
	for i := range cables {
		lab.Cable(h, fmt.Sprint("eth", i), h, fmt.Sprint("peer", i))
		h.IP("link", "set", fmt.Sprint("peer", i), "up")
		h.IP("link", "set", fmt.Sprint("eth", i), "up")
	}
	groups := []netip.AddrPort{netip.AddrPortFrom(group, 0)}
	s := start(t, h, hostConfig{Family: IPv6, Say: "h", Groups: groups})
	var lines []string
	for i := range cables {
		// What is sent at one end of the cable arrives at the other one.
		ours, theirs := fmt.Sprint("eth", i), fmt.Sprint("peer", i)
		lines = append(lines,
			heardLine("h", h.LinkLocal(ours).WithZone(theirs).String(), theirs),
			heardLine("h", h.LinkLocal(theirs).WithZone(ours).String(), ours))
	}
	s.wantEach(lines...)
}
