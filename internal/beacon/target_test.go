package beacon

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
	"testing"

	"github.com/gozre/zre/internal/netif"
)

// interfaceWith makes the picture of an interface with these addresses.
func interfaceWith(name string, index int, flags net.Flags, prefixes ...string) netif.Interface {
	ifi := netif.Interface{Name: name, Index: index, Flags: flags}
	for _, s := range prefixes {
		p := netip.MustParsePrefix(s)
		if p.Addr().Is4() {
			ifi.Prefixes = append(ifi.Prefixes, p)
		} else {
			ifi.Prefixes6 = append(ifi.Prefixes6, p)
		}
	}
	return ifi
}

func TestTargets(t *testing.T) {
	for name, test := range map[string]struct {
		config Config
		flags  net.Flags
		addrs  []string
		// SOURCE>DESTINATION, @TURN/TURNS where there are several. A star stands for
		// each of the two IPv4 groups.
		want []string
	}{
		"one network": {addrs: []string{"10.0.0.1/24"}, want: []string{
			"10.0.0.1>10.0.0.255:5670", "10.0.0.1>*",
		}},
		"two networks": {addrs: []string{"10.0.0.1/24", "10.9.0.1/16"}, want: []string{
			"10.0.0.1>10.0.0.255:5670", "10.9.0.1>10.9.255.255:5670", "10.0.0.1>*@0/2", "10.9.0.1>*@1/2",
		}},
		"two addresses in one network": {addrs: []string{"10.0.0.1/24", "10.0.0.2/24"}, want: []string{
			"10.0.0.1>10.0.0.255:5670", "10.0.0.1>*",
		}},
		"two networks with one broadcast": {addrs: []string{"10.0.0.1/24", "10.0.0.129/25"}, want: []string{
			"10.0.0.1>10.0.0.255:5670", "10.0.0.1>*@0/2", "10.0.0.129>*@1/2",
		}},
		"a virtual service": {addrs: []string{"10.7.0.1/32", "10.0.0.1/24"}, want: []string{
			"10.0.0.1>10.0.0.255:5670", "10.0.0.1>*",
		}},
		"only virtual services": {addrs: []string{"10.7.0.1/32", "10.7.0.2/32"}, want: []string{
			"10.7.0.1>*",
		}},
		"point to point": {addrs: []string{"10.7.0.2/31"}, want: []string{"10.7.0.2>*"}},
		"nothing":        {},
		"both families": {addrs: []string{"10.0.0.1/24", "fd00::1/64", "fe80::1/64"}, want: []string{
			"10.0.0.1>10.0.0.255:5670", "10.0.0.1>*", "fe80::1%eth0>[ff02::1]:5670",
		}},
		"IPv4 of both": {
			config: Config{Family: IPv4}, addrs: []string{"10.0.0.1/24", "fe80::1/64"},
			want: []string{"10.0.0.1>10.0.0.255:5670", "10.0.0.1>*"},
		},
		"IPv6 of both": {
			config: Config{Family: IPv6}, addrs: []string{"10.0.0.1/24", "fe80::1/64"},
			want: []string{"fe80::1%eth0>[ff02::1]:5670"},
		},
		"IPv6 without a link-local address": {
			addrs: []string{"fd00::1/64", "fd00::2/64", "fd00::3/128", "fd01::1/64"},
			want:  []string{"fd00::1>[ff02::1]:5670@0/2", "fd01::1>[ff02::1]:5670@1/2"},
		},
		"a group beyond the link": {
			config: Config{Groups: addrPorts("[ff05::5a]:6000")},
			addrs:  []string{"fe80::1/64", "fd00::1/128", "fd01::1/128"},
			want:   []string{"fd00::1>[ff05::5a]:6000"},
		},
		"a group beyond the link without an address beyond it": {
			config: Config{Groups: addrPorts("[ff05::5a]:6000")}, addrs: []string{"fe80::1/64"},
			want: []string{"fe80::1%eth0>[ff05::5a]:6000"},
		},
		"loopback": {flags: net.FlagLoopback, addrs: []string{"127.0.0.1/8", "::1/128"}, want: []string{
			"127.0.0.1>127.255.255.255:5670", "127.0.0.1>*",
		}},
		"loopback of Linux, IPv6 alone": {
			config: Config{Family: IPv6}, flags: net.FlagLoopback, addrs: []string{"127.0.0.1/8", "::1/128"},
			want: []string{"::1>[::1]:5670"},
		},
		"loopback of Linux without IPv4": {
			config: Config{Groups: addrPorts("[ff02::1]:0", "[ff02::2]:0")},
			flags:  net.FlagLoopback, addrs: []string{"::1/128"},
			want: []string{"::1>[::1]:5670"},
		},
		"loopback of the BSDs without IPv4": {
			flags: net.FlagLoopback | net.FlagMulticast, addrs: []string{"::1/128", "fe80::1/64"},
			want: []string{"fe80::1%eth0>[ff02::1]:5670"},
		},
	} {
		s, err := test.config.settings()
		if err != nil {
			t.Fatal(err)
		}
		var want, got []string
		for _, w := range test.want {
			want = append(want, overGroups(w)...)
		}
		ifi := interfaceWith("eth0", 7, test.flags, test.addrs...)
		for _, target := range targetsOf([]netif.Interface{ifi}, s) {
			if target.ifindex != 7 || target.name != "eth0" {
				t.Errorf("%s: wrong interface: %+v", name, target)
			}
			text := fmt.Sprintf("%v>%v", target.src, target.dst)
			if target.turns != 1 {
				text += fmt.Sprintf("@%d/%d", target.turn, target.turns)
			}
			got = append(got, text)
		}
		slices.Sort(want)
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("%s:\n got %v\nwant %v", name, got, want)
		}
	}
}

// overGroups puts each of the two IPv4 groups in the place of the star.
func overGroups(s string) []string {
	star := slices.Index([]byte(s), '*')
	if star < 0 {
		return []string{s}
	}
	return []string{
		s[:star] + "224.0.0.250:5670" + s[star+1:],
		s[:star] + "225.25.25.25:5670" + s[star+1:],
	}
}

// A receiver that keeps to the first address which it hears of a node is to hear
// the IPv4 one first: every implementation can use that one.
func TestIPv4GoesFirst(t *testing.T) {
	s, err := Config{}.settings()
	if err != nil {
		t.Fatal(err)
	}
	interfaces := []netif.Interface{
		interfaceWith("eth0", 2, 0, "10.0.0.1/24", "fe80::1/64"),
		interfaceWith("eth1", 3, 0, "10.1.0.1/24", "fe80::1/64"),
	}
	targets := targetsOf(interfaces, s)
	before := slices.IndexFunc(targets, func(t target) bool { return t.src.Is6() })
	if before != 6 || len(targets) != 8 {
		t.Errorf("IPv6 begins after %d of %d: %v", before, len(targets), targets)
	}
}

// An interface with many addresses sends to each group once: 603 datagrams with
// 200 addresses are 200 broadcasts and 3, and with one network, 4.
func TestManyAddresses(t *testing.T) {
	s, err := Config{}.settings()
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		format string
		want   int
	}{
		"in one network":   {"10.0.0.%d/24", 4},
		"each in its own":  {"10.0.%d.1/24", 203},
		"virtual services": {"10.0.0.%d/32", 3},
	} {
		addrs := []string{"fe80::1/64"}
		for i := range 200 {
			addrs = append(addrs, fmt.Sprintf(test.format, i+1), fmt.Sprintf("fd00::%x/64", i+1))
		}
		targets := targetsOf([]netif.Interface{interfaceWith("eth0", 7, 0, addrs...)}, s)
		turns := make(map[netip.AddrPort]int) // of each group, how many turns there are
		for beacon := range 400 {
			sent := 0
			for _, target := range targets {
				if beacon%target.turns == target.turn {
					sent++
				}
				if target.dst.Addr().IsMulticast() {
					turns[target.dst] = target.turns
				}
			}
			if sent != test.want {
				t.Fatalf("%s: %d datagrams, want %d", name, sent, test.want)
			}
		}
		if len(turns) != 3 {
			t.Errorf("%s: groups %v", name, turns)
		}
	}
}
