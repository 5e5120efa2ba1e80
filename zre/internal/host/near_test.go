package host

import (
	"net"
	"net/netip"
	"testing"

	"github.com/gozre/zre/internal/netif"
)

func TestIsNear(t *testing.T) {
	prefix := netip.MustParsePrefix
	interfaces := []netif.Interface{
		{Name: "lo", Index: 1, Flags: net.FlagLoopback, Prefixes: []netip.Prefix{prefix("127.0.0.1/8")}},
		{Name: "a", Index: 2, Prefixes: []netip.Prefix{prefix("10.0.1.1/24")},
			Prefixes6: []netip.Prefix{prefix("fe80::1/64"), prefix("2001:db8::1/64")}},
		{Name: "b", Index: 3, Prefixes: []netip.Prefix{prefix("10.0.2.1/24")}},
		{Name: "tunnel", Index: 4, Prefixes: []netip.Prefix{prefix("10.9.9.9/32")}},
	}
	h := &Host{fixed: true, interfaces: interfaces, own: owned(interfaces)}
	for _, c := range []struct {
		addr  string
		index int
		near  bool
	}{
		{"10.0.1.77", 2, true},
		{"::ffff:10.0.1.77", 2, true},
		{"10.0.1.77", 3, false},
		{"10.0.2.1", 2, true}, // our own
		{"127.0.0.5", 1, true},
		{"192.0.2.1", 2, false},
		{"192.0.2.1", 1, false},
		{"192.0.2.1", 4, true},
		{"10.0.2.5", 0, true},
		{"10.0.2.5", 99, true},
		{"fe80::77%a", 2, true},
		{"2001:db8::5", 2, true},
		{"2001:db9::5", 2, false},
		{"2001:db9::5", 3, true}, // it has no IPv6 address
	} {
		if got := h.IsNear(netip.MustParseAddr(c.addr), c.index); got != c.near {
			t.Errorf("%s at interface %d: near %v", c.addr, c.index, got)
		}
	}
}
