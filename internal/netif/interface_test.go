package netif

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"testing"
)

func TestBroadcast(t *testing.T) {
	for prefix, want := range map[string]string{
		"10.1.2.3/24":      "10.1.2.255",
		"10.1.2.3/8":       "10.255.255.255",
		"127.0.0.1/8":      "127.255.255.255",
		"192.168.7.130/25": "192.168.7.255",
		"192.168.7.1/25":   "192.168.7.127",
		"192.168.7.1/30":   "192.168.7.3",
		"1.2.3.4/0":        "255.255.255.255",
		"192.168.7.1/31":   "",
		"192.168.7.1/32":   "",
		"fd00::1/64":       "",
	} {
		addr, ok := Broadcast(netip.MustParsePrefix(prefix))
		if ok != (want != "") || ok && addr.String() != want {
			t.Errorf("Broadcast(%s) = %v, %v, want %q", prefix, addr, ok, want)
		}
	}
	if addr, ok := Broadcast(netip.Prefix{}); ok {
		t.Errorf("Broadcast of no prefix = %v", addr)
	}
}

func TestPrefixesOf(t *testing.T) {
	v4, v6 := prefixesOf([]net.Addr{
		&net.IPNet{IP: net.IPv4(10, 1, 2, 3), Mask: net.CIDRMask(24, 32)},
		&net.IPNet{IP: net.ParseIP("fd00::7"), Mask: net.CIDRMask(128, 128)},
		&net.IPNet{IP: net.IPv4(10, 1, 2, 4), Mask: net.CIDRMask(112, 128)},
		&net.IPNet{IP: net.ParseIP("fe80::1"), Mask: net.CIDRMask(64, 128)},
		&net.IPNet{IP: net.IPv4(10, 1, 2, 5), Mask: net.IPMask{255, 0, 255, 0}},
		&net.IPAddr{IP: net.IPv4(10, 1, 2, 6)},
		&net.IPNet{IP: net.IP{1, 2}, Mask: net.CIDRMask(8, 32)},
	})
	if got, want := fmt.Sprint(v4), "[10.1.2.3/24 10.1.2.4/16 10.1.2.5/0]"; got != want {
		t.Errorf("IPv4: got %s, want %s", got, want)
	}
	if got, want := fmt.Sprint(v6), "[fd00::7/128 fe80::1/64]"; got != want {
		t.Errorf("IPv6: got %s, want %s", got, want)
	}
}

func prefixes(list ...string) (out []netip.Prefix) {
	for _, s := range list {
		out = append(out, netip.MustParsePrefix(s))
	}
	return out
}

func TestAddrsHaveTheirZones(t *testing.T) {
	i := Interface{
		Name:      "eth0",
		Prefixes:  prefixes("10.0.0.1/24", "169.254.1.1/16"),
		Prefixes6: prefixes("fd00::1/64", "fe80::1/64"),
	}
	if got, want := fmt.Sprint(i.Addrs()), "[10.0.0.1 169.254.1.1 fd00::1 fe80::1%eth0]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got, want := i.String(), "eth0 (10.0.0.1/24, 169.254.1.1/16, fd00::1/64, fe80::1/64)"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestContains(t *testing.T) {
	i := Interface{
		Name:      "eth0",
		Prefixes:  prefixes("10.0.0.1/24"),
		Prefixes6: prefixes("fd00::1/64", "fe80::1/64"),
	}
	for addr, want := range map[string]bool{
		"10.0.0.9":        true,
		"::ffff:10.0.0.9": true,
		"10.0.1.9":        false,
		"fd00::9":         true,
		"fd01::9":         false,
		"fe80::9%eth0":    true,
		"fe80::9%eth1":    false,
		"fe80::9":         true, // on whichever interface
	} {
		if got := i.Contains(netip.MustParseAddr(addr)); got != want {
			t.Errorf("Contains(%s) = %v", addr, got)
		}
	}
}

// find gives the interface with that name, or fails the test.
func find(t *testing.T, interfaces []Interface, is func(Interface) bool) Interface {
	t.Helper()
	for _, i := range interfaces {
		if is(i) {
			return i
		}
	}
	t.Fatalf("not among %v", interfaces)
	panic("unreachable")
}

func TestListHasLoopback(t *testing.T) {
	interfaces, err := List()
	if err != nil {
		t.Fatal(err)
	}
	lo := find(t, interfaces, Interface.Loopback)
	if !lo.Contains(netip.MustParseAddr("127.0.0.1")) || lo.Contains(netip.MustParseAddr("10.0.0.1")) {
		t.Errorf("wrong networks: %v", lo)
	}
	if lo.Index == 0 || lo.Flags&net.FlagUp == 0 {
		t.Errorf("index or flags missing: %+v", lo)
	}
	selected, err := Select(lo.Name, lo.Name)
	if err != nil || len(selected) != 1 || !selected[0].Equal(lo) {
		t.Errorf("Select(%q) = %v, %v", lo.Name, selected, err)
	}
}

func TestSelectUnknownListsWhatThereIs(t *testing.T) {
	interfaces, err := List()
	if err != nil {
		t.Fatal(err)
	}
	_, err = Select(interfaces[0].Name, "no-such0")
	var selectErr *SelectError
	if !errors.Is(err, ErrNoInterface) || !errors.As(err, &selectErr) || selectErr.Name != "no-such0" {
		t.Fatalf("got %v", err)
	}
	for _, i := range interfaces {
		if !strings.Contains(err.Error(), i.String()) {
			t.Errorf("%v: does not list %v", err, i)
		}
	}
}

func TestEqual(t *testing.T) {
	a := Interface{
		Name: "a0", Index: 7, Flags: net.FlagUp,
		Prefixes: prefixes("10.0.0.1/24"), Prefixes6: prefixes("fe80::1/64"),
	}
	for what, change := range map[string]func(*Interface){
		"name":     func(i *Interface) { i.Name = "b0" },
		"index":    func(i *Interface) { i.Index++ },
		"flags":    func(i *Interface) { i.Flags |= net.FlagRunning },
		"prefixes": func(i *Interface) { i.Prefixes = nil },
		"IPv6":     func(i *Interface) { i.Prefixes6 = nil },
	} {
		b := a
		change(&b)
		if a.Equal(b) || !a.Equal(a) {
			t.Errorf("another %s makes no difference", what)
		}
	}
}
