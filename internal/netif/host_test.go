package netif

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"testing"

	"github.com/gozre/zre/internal/lab"
)

// These tests change the interfaces of hosts that the lab makes.

// listIn lists the usable interfaces of the host.
func listIn(t *testing.T, h *lab.Host) (interfaces []Interface) {
	t.Helper()
	var err error
	h.Inside(func() { interfaces, err = List() })
	if err != nil {
		t.Fatal(err)
	}
	return interfaces
}

func TestOnlyUpWithAnAddressIsUsable(t *testing.T) {
	h := lab.New(t)
	lab.Cable(h, "down0", h, "bare0")
	h.IP("addr", "add", "10.1.0.1/24", "dev", "down0")
	h.IP("link", "set", "bare0", "up") // its other end is down, so it gets no link-local address
	lab.Cable(h, "good0", h, "good1")
	h.Plug("good0", "10.2.0.1/24")
	h.IP("addr", "add", "10.3.0.1/16", "dev", "good0")
	h.IP("addr", "add", "fd00::1/64", "dev", "good0")

	want := "[lo (127.0.0.1/8, ::1/128) good0 (10.2.0.1/24, 10.3.0.1/16, fd00::1/64)]"
	if got := fmt.Sprint(listIn(t, h)); got != want {
		t.Errorf("got %v, want %v", got, want)
	}
	for name, want := range map[string]error{
		"down0": ErrDown, "bare0": ErrNoAddress, "good2": ErrNoInterface, "good0": nil,
	} {
		var err error
		h.Inside(func() { _, err = Select(name) })
		if !errors.Is(err, want) {
			t.Errorf("Select(%s): %v, want %v", name, err, want)
		}
	}
	h.IP("link", "set", "good0", "down")
	h.IP("link", "set", "lo", "down")
	if got := listIn(t, h); len(got) != 0 {
		t.Errorf("usable on a host with everything down: %v", got)
	}
	var err error
	h.Inside(func() { _, err = Select("lo") })
	if !errors.Is(err, ErrDown) {
		t.Errorf("Select(lo): %v", err)
	}
}

// An interface needs one family only.
func TestOneFamilyIsEnough(t *testing.T) {
	a, b := lab.New(t), lab.New(t)
	lab.Cable(a, "eth0", b, "eth0")
	a.WithoutIPv4()
	a.IP("link", "set", "eth0", "up")
	b.WithoutIPv6()
	b.Plug("eth0", "10.2.0.1/24")

	want := fmt.Sprintf("[::1 %v]", a.LinkLocal("eth0"))
	if got := fmt.Sprint(addrsOf(listIn(t, a))); got != want {
		t.Errorf("without IPv4: got %v, want %v", got, want)
	}
	if got, want := fmt.Sprint(addrsOf(listIn(t, b))), "[127.0.0.1 10.2.0.1]"; got != want {
		t.Errorf("without IPv6: got %v, want %v", got, want)
	}
}

// What is part of a bridge is not the host's way to anywhere, though the kernel
// gave it an address.
func TestBridgePortsDoNotCount(t *testing.T) {
	h, other := lab.New(t), lab.New(t)
	lab.Cable(h, "eth0", other, "eth0")
	other.IP("link", "set", "eth0", "up")
	h.IP("link", "set", "eth0", "up")
	h.LinkLocal("eth0")
	changed := watchIn(t, h)
	h.IP("link", "add", "br0", "type", "bridge")
	h.IP("link", "set", "eth0", "master", "br0")
	h.Plug("br0", "10.1.0.1/24")
	bridge := h.LinkLocal("br0")
	h.LinkLocal("eth0") // it still has it
	want := fmt.Sprintf("[127.0.0.1 ::1 10.1.0.1 %v]", bridge)
	for fmt.Sprint(addrsOf(listIn(t, h))) != want {
		next(t, changed)
	}
	var err error
	h.Inside(func() { _, err = Select("eth0") })
	if !errors.Is(err, ErrNoAddress) {
		t.Errorf("Select(eth0): %v", err)
	}
	// An administrator may have a reason to give it an IPv4 address.
	h.IP("addr", "add", "10.2.0.1/24", "dev", "eth0")
	h.Inside(func() { _, err = Select("eth0") })
	if err != nil {
		t.Errorf("Select(eth0) with an IPv4 address: %v", err)
	}
}

func addrsOf(interfaces []Interface) (addrs []netip.Addr) {
	for _, i := range interfaces {
		addrs = append(addrs, i.Addrs()...)
	}
	return addrs
}

// watchIn watches the host until the test ends.
func watchIn(t *testing.T, h *lab.Host) (changed <-chan struct{}) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	var err error
	h.Inside(func() { changed, err = Watch(ctx) })
	if err != nil {
		cancel()
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		for range changed {
		}
	})
	return changed
}

func TestWatchTellsOfEachKindOfChange(t *testing.T) {
	h := lab.New(t)
	lab.Cable(h, "a0", h, "b0")
	changed := watchIn(t, h)
	before := listIn(t, h)
	for _, step := range []struct {
		args []string
		want string // the interface that is there afterwards beside lo
	}{
		{[]string{"addr", "add", "10.1.0.1/24", "dev", "a0"}, ""},
		{[]string{"link", "set", "a0", "up"}, "a0 (10.1.0.1/24)"},
		{[]string{"addr", "add", "10.2.0.1/24", "dev", "a0"}, "a0 (10.1.0.1/24, 10.2.0.1/24)"},
		{[]string{"addr", "del", "10.1.0.1/24", "dev", "a0"}, "a0 (10.2.0.1/24)"},
		{[]string{"link", "set", "a0", "down"}, ""},
		{[]string{"link", "set", "a0", "up"}, "a0 (10.2.0.1/24)"},
		{[]string{"addr", "add", "fd00::1/64", "dev", "a0"}, "a0 (10.2.0.1/24, fd00::1/64)"},
		{[]string{"addr", "del", "10.2.0.1/24", "dev", "a0"}, "a0 (fd00::1/64)"},
		{[]string{"addr", "del", "fd00::1/64", "dev", "a0"}, ""},
		{[]string{"addr", "add", "fd00::2/64", "dev", "a0"}, "a0 (fd00::2/64)"},
		{[]string{"link", "del", "a0"}, ""},
	} {
		h.IP(step.args...)
		// One change makes several messages, so there may be values left of
		// the step before; what counts is that the last one comes after it.
		for {
			next(t, changed)
			now := listIn(t, h)
			if step.want == "" && len(now) == len(before) || len(now) == 2 && now[1].String() == step.want {
				break
			}
		}
	}
}

func TestWatchTellsOfCarrier(t *testing.T) {
	a, b := lab.New(t), lab.New(t)
	lab.Cable(a, "eth0", b, "eth0")
	a.Plug("eth0", "10.1.0.1/24")
	b.Plug("eth0", "10.1.0.2/24")
	changed := watchIn(t, a)
	running := func() bool { return listIn(t, a)[1].Flags&net.FlagRunning != 0 }
	for !running() { // the carrier comes some time after the cable
		next(t, changed)
	}
	b.IP("link", "set", "eth0", "down")
	for running() {
		next(t, changed)
	}
	b.IP("link", "set", "eth0", "up")
	for !running() {
		next(t, changed)
	}
}

func TestLocalAddrForFollowsTheRoutes(t *testing.T) {
	h := lab.New(t)
	lab.Cable(h, "a0", h, "a1")
	lab.Cable(h, "b0", h, "b1")
	for _, end := range []string{"a1", "b1"} {
		h.IP("link", "set", end, "up")
	}
	h.Plug("a0", "10.1.0.1/24")
	h.Plug("b0", "10.2.0.1/24")
	h.IP("addr", "add", "10.3.0.1/24", "dev", "b0")
	check := func(peer, want string) {
		t.Helper()
		var got netip.Addr
		var err error
		h.Inside(func() { got, err = LocalAddrFor(netip.MustParseAddr(peer)) })
		if want == "" {
			if err == nil {
				t.Errorf("LocalAddrFor(%s) = %v, want an error", peer, got)
			}
			return
		}
		if err != nil || got.String() != want {
			t.Errorf("LocalAddrFor(%s) = %v, %v, want %s", peer, got, err, want)
		}
	}
	check("10.1.0.9", "10.1.0.1")
	check("10.2.0.9", "10.2.0.1")
	check("10.3.0.9", "10.3.0.1")
	check("10.2.0.1", "10.2.0.1") // itself
	check("127.0.0.1", "127.0.0.1")
	check("192.0.2.1", "")
	h.IP("route", "add", "default", "via", "10.1.0.254")
	check("192.0.2.1", "10.1.0.1")
	h.IP("route", "add", "192.0.2.0/24", "via", "10.3.0.254", "src", "10.3.0.1")
	check("192.0.2.1", "10.3.0.1")
}

func TestLocalAddrForIPv6(t *testing.T) {
	a, b := lab.New(t), lab.New(t)
	for _, name := range []string{"eth0", "eth1"} {
		lab.Cable(a, name, b, name)
	}
	a.Plug("eth0", "fd01::1/64")
	b.Plug("eth0", "fd01::2/64")
	a.Plug("eth1", "fd02::1/64")
	b.Plug("eth1", "fd02::2/64")
	ours, theirs := a.LinkLocal("eth1"), b.LinkLocal("eth1")
	for peer, want := range map[string]string{
		"fd01::2":                        "fd01::1",
		"fd02::2":                        "fd02::1",
		"fd02::1":                        "fd02::1", // itself
		"::1":                            "::1",
		theirs.String():                  "%eth1",
		ours.String():                    ours.String(),
		theirs.WithZone("").String():     "", // on which link?
		theirs.WithZone("eth7").String(): "",
		"2001:db8::1":                    "",
	} {
		var got netip.Addr
		var err error
		a.Inside(func() { got, err = LocalAddrFor(netip.MustParseAddr(peer)) })
		if want == "%eth1" {
			want = ours.String()
		}
		if want == "" {
			if err == nil {
				t.Errorf("LocalAddrFor(%s) = %v, want an error", peer, got)
			}
			continue
		}
		if err != nil || got.String() != want {
			t.Errorf("LocalAddrFor(%s) = %v, %v, want %s", peer, got, err, want)
		}
	}
}

// An interface that was made again has another index.
func TestLocalAddrForAZoneThatIsMadeAgain(t *testing.T) {
	a, b := lab.New(t), lab.New(t)
	for range 2 {
		lab.Cable(a, "eth0", b, "eth0")
		for _, h := range []*lab.Host{a, b} {
			h.IP("link", "set", "eth0", "up")
		}
		want, peer := a.LinkLocal("eth0"), b.LinkLocal("eth0")
		var got netip.Addr
		var err error
		a.Inside(func() { got, err = LocalAddrFor(peer) })
		if err != nil || got != want {
			t.Errorf("got %v, %v, want %v", got, err, want)
		}
		a.IP("link", "del", "eth0")
	}
}
