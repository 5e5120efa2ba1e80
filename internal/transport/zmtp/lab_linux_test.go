package zmtp

import (
	"context"
	"encoding/binary"
	"errors"
	"net/netip"
	"os"
	"testing"
	"time"

	"github.com/gozre/zre/internal/lab"
	"github.com/gozre/zre/internal/transport"
)

// These tests give each end a host of its own.

// endOn makes a transport on a host, which listens at the address.
func endOn(t testing.TB, h *lab.Host, addr netip.AddrPort, change ...func(*transport.Config)) *end {
	t.Helper()
	e := newEnd(t, change...)
	engine := e.Transport.(*engine)
	ordinary := engine.dial
	engine.dial = func(ctx context.Context, to netip.AddrPort, within time.Duration) (c socket, err error) {
		h.Inside(func() { c, err = ordinary(ctx, to, within) })
		return c, err
	}
	var err error
	h.Inside(func() { e.addr, err = e.Listen(addr) })
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// keepAlive returns an option, and the time. It is short unless all is tested at full size.
func keepAlive() (func(*transport.Config), time.Duration) {
	d := time.Second
	if os.Getenv("ZRE_LAB") == "full" {
		d = 10 * time.Second
	}
	return func(cfg *transport.Config) { cfg.Limits.KeepAlive = d }, d
}

// twoHosts are on a switch, each with a transport.
func twoHosts(t *testing.T, option func(*transport.Config)) (a, b *end, wire *lab.Port) {
	s := lab.NewSwitch(t, "10.99.0.0/24", lab.Line{Delay: time.Millisecond})
	ha, hb := lab.New(t), lab.New(t)
	pa, pb := s.Plug(ha, "eth0"), s.Plug(hb, "eth0")
	return endOn(t, ha, netip.AddrPortFrom(pa.Addr, 0), option), endOn(t, hb, netip.AddrPortFrom(pb.Addr, 0), option), pb
}

// expectCount receives messages that are numbered.
func expectCount(t *testing.T, o *owner, from, to int) {
	t.Helper()
	for i := from; i < to; i++ {
		deadline := time.NewTimer(2 * time.Minute) // TCP may pause long after a cut.
		select {
		case m := <-o.inbox:
			if n := binary.BigEndian.Uint32(m[0]); int(n) != i {
				t.Fatalf("message %d, want %d", n, i)
			}
		case err := <-o.down:
			t.Fatalf("down before message %d: %v", i, err)
		case <-deadline.C:
			t.Fatalf("waited long for message %d", i)
		}
		deadline.Stop()
	}
}

// A cut of two and a half KeepAlive ends no connection, and loses nothing. Both when messages
// are in flight and when all is quiet.
func TestCutIsSurvived(t *testing.T) {
	for _, quiet := range []bool{false, true} {
		t.Run(map[bool]string{false: "busy", true: "quiet"}[quiet], func(t *testing.T) {
			t.Parallel()
			option, d := keepAlive()
			a, b, wire := twoHosts(t, option)
			out, in := connected(t, a, b)
			n := 0
			send := func(count int) {
				for range count {
					if err := out.conn.Send(binary.BigEndian.AppendUint32(nil, uint32(n)), make([]byte, 500)); err != nil {
						t.Fatal(err)
					}
					n++
				}
			}
			send(100)
			expectCount(t, in, 0, 100)
			if !quiet {
				send(500)
			}
			wire.Cut()
			for range 5 {
				time.Sleep(d / 2)
				if !quiet {
					send(100)
				}
			}
			wire.Mend()
			before := 100
			send(100)
			expectCount(t, in, before, n)
			for _, o := range []*owner{out, in} {
				if err := o.conn.Err(); err != nil {
					t.Errorf("ended: %v", err)
				}
			}
		})
	}
}

// When a host is gone, both ends know after five KeepAlive and a round, or TCP's own
// keep-alive tells it; also when the peer speaks ZMTP 3.0 and is not asked.
func TestVanishedHostIsGivenUp(t *testing.T) {
	for _, tc := range []struct {
		name          string
		old, inFlight bool
	}{{"quiet", false, false}, {"in flight", false, true}, {"ZMTP 3.0, quiet", true, false}, {"ZMTP 3.0, in flight", true, true}} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			option, d := keepAlive()
			a, b, wire := twoHosts(t, option)
			out, in := connected(t, a, b)
			if tc.old {
				for _, o := range []*owner{out, in} {
					l := o.conn.Driver().(*link)
					l.mu.Lock()
					l.minor = 0
					l.mu.Unlock()
				}
			}
			wire.Cut()
			begin := time.Now()
			if tc.inFlight {
				for _, o := range []*owner{out, in} {
					if err := o.conn.Send([]byte("x")); err != nil {
						t.Fatal(err)
					}
				}
			}
			for _, o := range []*owner{out, in} {
				select {
				case err := <-o.down:
					if !errors.Is(err, transport.ErrTimeout) && !errors.Is(err, transport.ErrUnreachable) {
						t.Errorf("down: %v", err)
					}
				case <-time.After(12 * d):
					t.Errorf("not given up after %v", time.Since(begin))
				}
			}
			t.Logf("given up after %v", time.Since(begin))
			out.conn.Close(0)
			in.conn.Close(0)
		})
	}
}

// A host that comes back is found soon, though TCP has doubled its pauses meanwhile.
func TestHostComesBack(t *testing.T) {
	option, _ := keepAlive()
	a, b, wire := twoHosts(t, option)
	wire.Cut()
	o := a.dial(b.addr)
	err := got(t, "a failed attempt", o.retries)
	if !errors.Is(err, transport.ErrTimeout) && !errors.Is(err, transport.ErrUnreachable) {
		t.Errorf("%v", err)
	}
	got(t, "another one", o.retries)
	wire.Mend()
	got(t, "up", o.up)
}

func TestNoRoute(t *testing.T) {
	h := lab.New(t)
	e := endOn(t, h, loopback(0))
	o := e.dial(netip.MustParseAddrPort("10.99.0.1:1"))
	if err := got(t, "a failed attempt", o.retries); !errors.Is(err, transport.ErrUnreachable) {
		t.Errorf("%v, want %v", err, transport.ErrUnreachable)
	}
}

// A link-local address needs its zone, and keeps it.
func TestLinkLocal(t *testing.T) {
	a, b := lab.New(t), lab.New(t)
	lab.Cable(a, "eth0", b, "eth0")
	for h, addr := range map[*lab.Host]string{a: "fe80::a/64", b: "fe80::b/64"} {
		h.IP("addr", "add", addr, "dev", "eth0", "nodad")
	}
	a.IP("link", "set", "eth0", "up")
	b.IP("link", "set", "eth0", "up")
	from := endOn(t, a, netip.MustParseAddrPort("[fe80::a%eth0]:0"))
	to := endOn(t, b, netip.MustParseAddrPort("[fe80::b%eth0]:0"))
	o := from.dial(to.addr)
	got(t, "up", o.up)
	// The system may send from another link-local address of the same interface.
	in := got(t, "accepted", to.accepted)
	if remote := in.conn.Remote.Addr(); !remote.IsLinkLocalUnicast() || remote.Zone() != "eth0" {
		t.Errorf("remote %v", in.conn.Remote)
	}
}
