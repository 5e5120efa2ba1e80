package mem_test

import (
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"testing"
	"time"

	"github.com/gozre/zre/internal/transport"
	"github.com/gozre/zre/internal/transport/mem"
)

// limit bounds every wait.
const limit = time.Minute

// handler tells of what happens to a connection.
type handler struct {
	up, messages chan *transport.Conn
	retry, down  chan error
}

func newHandler() *handler {
	return &handler{
		up: make(chan *transport.Conn, 100), messages: make(chan *transport.Conn, 100),
		retry: make(chan error, 100), down: make(chan error, 100),
	}
}

func (h *handler) Up(c *transport.Conn)               { h.up <- c }
func (h *handler) Retry(_ *transport.Conn, err error) { h.retry <- err }
func (h *handler) Down(_ *transport.Conn, err error)  { h.down <- err }
func (h *handler) Receive(c *transport.Conn, m []transport.Message) {
	for range m {
		h.messages <- c
	}
}

// get waits for a value.
func get[T any](t testing.TB, what string, ch <-chan T) T {
	t.Helper()
	select {
	case v := <-ch:
		return v
	case <-time.After(limit):
		t.Fatalf("after %v there is still not: %s", limit, what)
		panic("unreachable")
	}
}

// config makes one whose accepted connections go to h.
func config(name string, h transport.Handler) transport.Config {
	return transport.Config{
		Identity: []byte(name),
		Name:     name,
		Accept:   func(*transport.Conn) transport.Handler { return h },
		Logger:   slog.New(slog.DiscardHandler),
		Limits:   transport.Limits{RetryFirst: time.Millisecond, RetryMost: 10 * time.Millisecond},
	}
}

func closed(t testing.TB, tr transport.Transport) {
	t.Helper()
	t.Cleanup(func() {
		if err := tr.Close(0); err != nil {
			t.Error(err)
		}
	})
}

func TestAddresses(t *testing.T) {
	for _, c := range []struct {
		listen, second string
		want           error // of the second one
		dial           string
		reached        bool // by the first one
	}{
		{"10.0.0.1:1", "10.0.0.1:1", transport.ErrAddrInUse, "10.0.0.1:1", true},
		{"10.0.0.1:1", "10.0.0.1:2", nil, "10.0.0.1:1", true},
		{"10.0.0.1:1", "10.0.0.2:1", nil, "10.0.0.3:1", false},
		{"10.0.0.1:1", "[::ffff:10.0.0.1]:1", transport.ErrAddrInUse, "[::ffff:10.0.0.1]:1", true},
		{"0.0.0.0:1", "0.0.0.0:1", transport.ErrAddrInUse, "10.0.0.1:1", true},
		{"0.0.0.0:1", "10.0.0.1:1", transport.ErrAddrInUse, "[fe80::1]:1", false},
		{"10.0.0.1:1", "0.0.0.0:1", transport.ErrAddrInUse, "10.0.0.1:1", true},
		{"10.0.0.1:1", "[::]:1", transport.ErrAddrInUse, "10.0.0.1:1", true},
		{"[::1]:1", "0.0.0.0:1", nil, "[::1]:1", true},
		{"[::]:1", "10.0.0.1:1", transport.ErrAddrInUse, "10.0.0.1:1", true},
		{"[fe80::1%a]:1", "[fe80::1%b]:1", nil, "[fe80::1%a]:1", true},
		{"10.0.0.1:1", "224.0.0.1:1", transport.ErrAddrNotAvailable, "10.0.0.1:1", true},
	} {
		t.Run(c.listen+" "+c.second, func(t *testing.T) {
			reg := mem.NewRegistry()
			first, dialed := newHandler(), newHandler()
			a, b := newMem(t, config("a", first), reg), newMem(t, config("b", newHandler()), reg)
			closed(t, a)
			closed(t, b)
			if _, err := a.Listen(netip.MustParseAddrPort(c.listen)); err != nil {
				t.Fatal(err)
			}
			if _, err := b.Listen(netip.MustParseAddrPort(c.second)); !errors.Is(err, c.want) {
				t.Errorf("the second listener: %v, want %v", err, c.want)
			}
			to := transport.Target{Addr: netip.MustParseAddrPort(c.dial)}
			conn := newMem(t, config("c", nil), reg)
			closed(t, conn)
			d := conn.Dial(to, dialed)
			if !c.reached {
				if err := get(t, "Retry", dialed.retry); !errors.Is(err, transport.ErrRefused) {
					t.Errorf("Retry with %v, want %v", err, transport.ErrRefused)
				}
				return
			}
			if err := d.Send([]byte("m")); err != nil {
				t.Fatal(err)
			}
			get(t, "a message", first.messages)
		})
	}
}

func TestListenWithoutAddress(t *testing.T) {
	tr := newMem(t, config("a", nil), mem.NewRegistry())
	closed(t, tr)
	if _, err := tr.Listen(netip.AddrPort{}); !errors.Is(err, transport.ErrAddrNotAvailable) {
		t.Errorf("%v, want %v", err, transport.ErrAddrNotAvailable)
	}
}

// TestAllPorts takes every port that there is for port 0, and finds one that is free again.
func TestAllPorts(t *testing.T) {
	reg := mem.NewRegistry()
	any := netip.MustParseAddrPort("10.0.0.1:0")
	tr, other := newMem(t, config("a", nil), reg), newMem(t, config("b", nil), reg)
	closed(t, tr)
	given, err := other.Listen(any)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[netip.AddrPort]bool{given: true}
	for {
		addr, err := tr.Listen(any)
		if errors.Is(err, transport.ErrAddrInUse) {
			break
		}
		if err != nil || seen[addr] {
			t.Fatalf("%v, %v: given twice, or an error", addr, err)
		}
		seen[addr] = true
	}
	if len(seen) != 1<<16-49152 {
		t.Errorf("%d ports, want %d", len(seen), 1<<16-49152)
	}
	if err := other.Close(0); err != nil {
		t.Fatal(err)
	}
	if addr, err := tr.Listen(any); err != nil || addr != given {
		t.Errorf("%v, %v: want %v, which is free again", addr, err, given)
	}
}

func TestLongIdentity(t *testing.T) {
	cfg := config("a", nil)
	cfg.Identity = make([]byte, 256)
	if _, err := mem.New(cfg, mem.NewRegistry()); err == nil {
		t.Error("an identity of 256 octets is taken")
	}
}

func TestNameOfAnother(t *testing.T) {
	reg := mem.NewRegistry()
	a, b := newMem(t, config("a", nil), reg), newMem(t, config("a", nil), reg)
	closed(t, a)
	closed(t, b)
	at := netip.MustParseAddrPort("10.0.0.1:0")
	for range 2 { // The name stays the same transport's.
		if _, err := a.Listen(at); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := b.Listen(at); !errors.Is(err, transport.ErrAddrInUse) {
		t.Errorf("%v, want %v", err, transport.ErrAddrInUse)
	}
	if err := a.Close(0); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Listen(at); err != nil {
		t.Errorf("the name is free again: %v", err)
	}
}

func TestCut(t *testing.T) {
	reg := mem.NewRegistry()
	var trs []transport.Transport
	var at []netip.AddrPort
	var accepted []*handler
	for i := range 3 {
		h := newHandler()
		tr := newMem(t, config(fmt.Sprint(i), h), reg)
		closed(t, tr)
		addr, err := tr.Listen(netip.MustParseAddrPort(fmt.Sprintf("10.0.0.%d:1", i+1)))
		if err != nil {
			t.Fatal(err)
		}
		trs, at, accepted = append(trs, tr), append(at, addr), append(accepted, h)
	}
	dial := func(from, to int) *handler {
		h := newHandler()
		trs[from].Dial(transport.Target{Addr: at[to], Name: fmt.Sprint(to)}, h)
		return h
	}
	a, b, other := dial(0, 1), dial(1, 0), dial(0, 2)
	for _, h := range []*handler{a, b, other} {
		get(t, "Up", h.up)
	}
	reg.Cut(at[0], at[1])
	for _, h := range []*handler{a, b, accepted[0], accepted[1]} {
		if err := get(t, "Down", h.down); !errors.Is(err, transport.ErrReset) {
			t.Errorf("down with %v, want %v", err, transport.ErrReset)
		}
	}
	again := dial(1, 0)
	if err := get(t, "Retry", again.retry); !errors.Is(err, transport.ErrUnreachable) {
		t.Errorf("Retry with %v, want %v", err, transport.ErrUnreachable)
	}
	get(t, "Up", dial(2, 1).up)
	reg.Heal(at[1], at[0])
	get(t, "Up", again.up)
	if len(other.down) != 0 || len(accepted[2].down) != 0 {
		t.Error("a connection that was not cut has ended")
	}
}

func TestBeside(t *testing.T) {
	reg, outside := mem.NewRegistry(), mem.NewRegistry()
	addr := netip.MustParseAddrPort("10.0.0.1:1")
	inner, outer, dialed := newHandler(), newHandler(), newHandler()

	// Its outer transport has another Accept, so that one sees which way was taken.
	a := mem.Beside(config("a", inner), reg, newMem(t, config("a", outer), outside))
	b := mem.Beside(config("b", nil), reg, newMem(t, config("b", nil), outside))
	closed(t, a)
	closed(t, b)
	send := func(name string) {
		t.Helper()
		c := b.Dial(transport.Target{Addr: addr, Name: name}, dialed)
		if err := c.Send([]byte("m")); err != nil {
			t.Fatal(err)
		}
	}
	send("a") // Nobody listens by that name yet.
	if err := get(t, "Retry", dialed.retry); !errors.Is(err, transport.ErrRefused) {
		t.Errorf("Retry with %v, want %v", err, transport.ErrRefused)
	}
	if _, err := a.Listen(netip.MustParseAddrPort("224.0.0.1:1")); err == nil {
		t.Fatal("a multicast address is available")
	}
	send("a") // Nor after a failure.
	if _, err := a.Listen(addr); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		get(t, "a message through the outer transport", outer.messages)
	}
	send("a")
	get(t, "a message through memory", inner.messages)
	send("unknown")
	send("")
	for range 2 {
		get(t, "a message through the outer transport", outer.messages)
	}
	if err := a.Close(0); err != nil {
		t.Fatal(err)
	}
	for range 5 {
		if err := get(t, "Down", dialed.down); !errors.Is(err, transport.ErrEnded) {
			t.Errorf("down with %v, want %v", err, transport.ErrEnded)
		}
	}
}
