package netif

import (
	"context"
	"errors"
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

func TestOnlyUpWithIPv4IsUsable(t *testing.T) {
	h := lab.New(t)
	lab.Cable(h, "down0", h, "bare0")
	h.IP("addr", "add", "10.1.0.1/24", "dev", "down0")
	h.IP("link", "set", "bare0", "up")
	lab.Cable(h, "good0", h, "good1")
	h.Plug("good0", "10.2.0.1/24")
	h.IP("addr", "add", "10.3.0.1/16", "dev", "good0")

	got := listIn(t, h)
	if len(got) != 2 || got[0].String() != "lo (127.0.0.1/8)" || got[1].String() != "good0 (10.2.0.1/24, 10.3.0.1/16)" {
		t.Errorf("got %v", got)
	}
	for name, want := range map[string]error{"down0": ErrDown, "bare0": ErrNoIPv4, "good2": ErrNoInterface, "good0": nil} {
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

func TestWatchTellsOfEachKindOfChange(t *testing.T) {
	h := lab.New(t)
	lab.Cable(h, "a0", h, "b0")
	ctx, cancel := context.WithCancel(t.Context())
	var changed <-chan struct{}
	var err error
	h.Inside(func() { changed, err = Watch(ctx) })
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		cancel()
		for range changed {
		}
	}()
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
	ctx, cancel := context.WithCancel(t.Context())
	var changed <-chan struct{}
	var err error
	a.Inside(func() { changed, err = Watch(ctx) })
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		cancel()
		for range changed {
		}
	}()
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
