package netif

import (
	"net/netip"
	"testing"
)

func TestLocalAddrForOwnAddresses(t *testing.T) {
	interfaces, err := List()
	if err != nil {
		t.Fatal(err)
	}
	own := func(addr netip.Addr) bool {
		for _, i := range interfaces {
			for _, p := range i.Prefixes {
				if p.Addr() == addr {
					return true
				}
			}
		}
		return false
	}
	for _, i := range interfaces {
		for _, p := range i.Prefixes {
			got, err := LocalAddrFor(p.Addr())
			if err != nil || !own(got) {
				t.Errorf("LocalAddrFor(%v) = %v, %v: not an address of this host", p.Addr(), got, err)
			}
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
