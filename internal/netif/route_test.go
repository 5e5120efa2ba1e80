package netif

import (
	"net/netip"
	"slices"
	"testing"
)

func TestLocalAddrForOwnAddresses(t *testing.T) {
	interfaces, err := List()
	if err != nil {
		t.Fatal(err)
	}
	var own []netip.Addr
	for _, i := range interfaces {
		own = append(own, i.Addrs()...)
	}
	for _, addr := range own {
		got, err := LocalAddrFor(addr)
		if err != nil || !slices.Contains(own, got) {
			t.Errorf("LocalAddrFor(%v) = %v, %v: not an address of this host", addr, got, err)
		}
	}
	got, err := LocalAddrFor(netip.MustParseAddr("::ffff:127.0.0.1"))
	if want := netip.MustParseAddr("127.0.0.1"); err != nil || got != want {
		t.Errorf("mapped loopback: %v, %v, want %v", got, err, want)
	}
}

func TestLocalAddrForRefusesWhatIsNoPeer(t *testing.T) {
	for _, peer := range []netip.Addr{{}, netip.IPv4Unspecified(), netip.IPv6Unspecified()} {
		if got, err := LocalAddrFor(peer); err == nil {
			t.Errorf("LocalAddrFor(%v) = %v, want an error", peer, got)
		}
	}
}

func BenchmarkLocalAddrFor(b *testing.B) {
	peer := netip.MustParseAddr("127.0.0.1")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := LocalAddrFor(peer); err != nil {
			b.Fatal(err)
		}
	}
}
