package mem_test

import (
	"errors"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/gozre/zre/internal/curve"
	"github.com/gozre/zre/internal/transport"
	"github.com/gozre/zre/internal/transport/mem"
)

// anywhere is where the listeners of these tests are.
var anywhere = netip.MustParseAddrPort("10.0.0.1:0")

// secure adds keys, which are only compared.
func secure(
	cfg transport.Config, key byte, allow func(curve.Key, netip.AddrPort) error,
) transport.Config {
	cfg.Security = &transport.Security{Public: curve.Key{key}, Secret: curve.Key{key}, Allow: allow}
	return cfg
}

// TestNoAllow: who says nothing about trust trusts nobody.
func TestNoAllow(t *testing.T) {
	reg := mem.NewRegistry()
	to := newMem(t, secure(config("to", nil), 1, nil), reg)
	from := newMem(t, secure(config("from", nil), 2, nil), reg)
	closed(t, to)
	closed(t, from)
	addr, err := to.Listen(anywhere)
	if err != nil {
		t.Fatal(err)
	}
	h := newHandler()
	from.Dial(transport.Target{Addr: addr, Key: curve.Key{1}}, h)
	if err := get(t, "Retry", h.retry); !errors.Is(err, transport.ErrUntrusted) {
		t.Errorf("Retry with %v, want %v", err, transport.ErrUntrusted)
	}
	noKey := newHandler()
	from.Dial(transport.Target{Addr: addr}, noKey)
	if err := get(t, "Retry", noKey.retry); !errors.Is(err, transport.ErrWrongKey) {
		t.Errorf("Retry with %v, want %v", err, transport.ErrWrongKey)
	}
}

// TestListenerGoesWithinHandshake closes a listener after a connection was allowed.
func TestListenerGoesWithinHandshake(t *testing.T) {
	reg := mem.NewRegistry()
	var to transport.Transport
	failed := make(chan error, 1)
	accepted := newHandler()
	to = newMem(t, secure(config("to", accepted), 1, func(curve.Key, netip.AddrPort) error {
		failed <- to.Close(0)
		return nil
	}), reg)
	from := newMem(t, secure(config("from", nil), 2, nil), reg)
	closed(t, from)
	addr, err := to.Listen(anywhere)
	if err != nil {
		t.Fatal(err)
	}
	h := newHandler()
	from.Dial(transport.Target{Addr: addr, Key: curve.Key{1}}, h)
	if err := get(t, "the end of the listener", failed); err != nil {
		t.Error(err)
	}
	for range 2 {
		if err := get(t, "Retry", h.retry); !errors.Is(err, transport.ErrRefused) {
			t.Errorf("Retry with %v, want %v", err, transport.ErrRefused)
		}
	}
	if len(h.up)+len(accepted.down) > 0 {
		t.Error("a connection to a listener that is closed")
	}
}

// TestNameWithoutListener has a transport that tried to listen.
func TestNameWithoutListener(t *testing.T) {
	reg := mem.NewRegistry()
	to, from := newMem(t, config("to", newHandler()), reg), newMem(t, config("from", nil), reg)
	closed(t, to)
	closed(t, from)
	if _, err := to.Listen(netip.MustParseAddrPort("224.0.0.1:1")); err == nil {
		t.Fatal("a multicast address is available")
	}
	h := newHandler()
	from.Dial(transport.Target{Addr: anywhere, Name: "to"}, h)
	if err := get(t, "Retry", h.retry); !errors.Is(err, transport.ErrRefused) {
		t.Errorf("Retry with %v, want %v", err, transport.ErrRefused)
	}
}

// TestCloseStopsReceiving closes a connection in Receive while there are more messages.
func TestCloseStopsReceiving(t *testing.T) {
	const n = 5000
	reg := mem.NewRegistry()
	taken, down := 0, make(chan struct{})
	h := &closer{taken: &taken, down: down}
	to, from := newMem(t, config("to", h), reg), newMem(t, config("from", nil), reg)
	closed(t, to)
	closed(t, from)
	c := from.Dial(transport.Target{Name: "to"}, newHandler())
	for range n {
		if err := c.Send([]byte("m")); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := to.Listen(anywhere); err != nil {
		t.Fatal(err)
	}
	get(t, "Down", down)
	if taken == 0 || taken == n {
		t.Errorf("%d messages, want those of one call of Receive", taken)
	}
}

// closer closes the connection at the first messages.
type closer struct {
	counter
	taken *int
	down  chan struct{}
}

func (h *closer) Receive(c *transport.Conn, m []transport.Message) {
	*h.taken += len(m)
	c.Close(0)
}

func (h *closer) Down(*transport.Conn, error) { close(h.down) }

// TestSendThenClose closes at any time of a delivery.
func TestSendThenClose(t *testing.T) {
	const n = 3000
	reg := mem.NewRegistry()
	h := newHandler()
	to, from := newMem(t, config("to", h), reg), newMem(t, config("from", nil), reg)
	closed(t, to)
	closed(t, from)
	addr, err := to.Listen(anywhere)
	if err != nil {
		t.Fatal(err)
	}
	for i := range n {
		d := newHandler()
		c := from.Dial(transport.Target{Addr: addr}, d)
		get(t, "Up", d.up)
		for k := range 3 {
			if err := c.Send(fmt.Append(nil, i, k)); err != nil {
				t.Fatal(err)
			}
		}
		c.Close(time.Hour)
		for range 3 {
			get(t, "a message", h.messages)
		}
		get(t, "Down", d.down)
		get(t, "Down", h.down)
	}
}

// TestBeforeLimit: what comes before a message that is too large is received.
func TestBeforeLimit(t *testing.T) {
	reg := mem.NewRegistry()
	h := newHandler()
	cfg := config("to", h)
	cfg.Limits.MaxFrame, cfg.Limits.MaxMessage = 10, 1000
	to, from := newMem(t, cfg, reg), newMem(t, config("from", nil), reg)
	closed(t, to)
	closed(t, from)
	c := from.Dial(transport.Target{Name: "to"}, newHandler())
	for _, size := range []int{1, 1, 11, 1} { // They are received at once.
		if err := c.Send(make([]byte, size)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := to.Listen(anywhere); err != nil {
		t.Fatal(err)
	}
	if err := get(t, "Down", h.down); !errors.Is(err, transport.ErrTooLarge) {
		t.Errorf("down with %v, want %v", err, transport.ErrTooLarge)
	}
	if n := len(h.messages); n != 2 {
		t.Errorf("%d messages, want 2", n)
	}
}

// TestNoUpAfterClose closes a connection with a drain before there is a listener.
func TestNoUpAfterClose(t *testing.T) {
	reg := mem.NewRegistry()
	h, d := newHandler(), newHandler()
	to, from := newMem(t, config("to", h), reg), newMem(t, config("from", nil), reg)
	closed(t, to)
	closed(t, from)
	c := from.Dial(transport.Target{Name: "to"}, d)
	if err := c.Send([]byte("m")); err != nil {
		t.Fatal(err)
	}
	c.Close(limit)
	if _, err := to.Listen(anywhere); err != nil {
		t.Fatal(err)
	}
	get(t, "a message", h.messages)
	if err := get(t, "Down", d.down); err != transport.ErrClosed {
		t.Errorf("down with %v, want %v", err, transport.ErrClosed)
	}
	if len(d.up) > 0 {
		t.Error("Up after Close")
	}
}
