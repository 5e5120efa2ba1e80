package host

import (
	"net"
	"net/netip"
	"testing"

	"github.com/gozre/zre/internal/netif"
)

func TestFirst(t *testing.T) {
	lo := netif.Interface{Name: "lo", Flags: net.FlagUp | net.FlagLoopback,
		Prefixes:  []netip.Prefix{netip.MustParsePrefix("127.0.0.1/8")},
		Prefixes6: []netip.Prefix{netip.MustParsePrefix("::1/128")}}
	eth0 := netif.Interface{Name: "eth0", Flags: net.FlagUp,
		Prefixes:  []netip.Prefix{netip.MustParsePrefix("10.1.0.5/24")},
		Prefixes6: []netip.Prefix{netip.MustParsePrefix("fe80::5/64"), netip.MustParsePrefix("2001:db8::5/64")}}
	eth1 := netif.Interface{Name: "eth1", Flags: net.FlagUp,
		Prefixes: []netip.Prefix{netip.MustParsePrefix("10.2.0.5/24")}}
	local := netif.Interface{Name: "wlan0", Flags: net.FlagUp,
		Prefixes6: []netip.Prefix{netip.MustParsePrefix("fe80::7/64")}}
	for _, c := range []struct {
		interfaces []netif.Interface
		peer, want string
	}{
		{[]netif.Interface{lo, eth0, eth1}, "", "10.1.0.5"},
		{[]netif.Interface{lo, eth0, eth1}, "10.2.0.9", "10.2.0.5"},
		{[]netif.Interface{lo, eth0, eth1}, "192.0.2.1", "10.1.0.5"},
		{[]netif.Interface{lo, eth0, eth1}, "2001:db8:1::9", "2001:db8::5"},
		{[]netif.Interface{lo, eth0, eth1}, "127.0.0.1", "127.0.0.1"},
		{[]netif.Interface{lo, local}, "", "fe80::7%wlan0"},
		{[]netif.Interface{lo}, "", "127.0.0.1"},
		{nil, "", "127.0.0.1"},
	} {
		var peer netip.Addr
		if c.peer != "" {
			peer = netip.MustParseAddr(c.peer)
		}
		if got := first(c.interfaces, peer); got.String() != c.want {
			t.Errorf("for %q: %s, want %s", c.peer, got, c.want)
		}
	}
}

// A host knows its own addresses, and the one that reaches itself.
func TestOwnAddresses(t *testing.T) {
	h, err := New(netif.Choice{})
	if err != nil {
		t.Fatal(err)
	}
	loopback := netip.MustParseAddr("127.0.0.1")
	if !h.IsOwn(loopback) || h.IsOwn(netip.MustParseAddr("192.0.2.1")) {
		t.Error("own addresses are not known")
	}
	for range 2 {
		if got := h.LocalFor(loopback); got != loopback {
			t.Errorf("%s reaches the loopback address", got)
		}
		h.Refresh()
	}
	none, err := New(netif.Choice{Use: []string{"no such interface"}})
	if err != nil || len(none.ListenOn()) != 0 {
		t.Errorf("an interface that is not there is not waited for: %v, %v", none, err)
	}
}
