package zmtp

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"runtime"
	"testing"
	"time"

	"github.com/gozre/zre/internal/transport"
)

// unused is an address where nobody listens.
func unused(t testing.TB) netip.AddrPort {
	t.Helper()
	l := newScriptListener(t)
	_ = l.Close()
	return l.addr()
}

func TestDialRefused(t *testing.T) {
	o := newEnd(t).dial(unused(t))
	err := got(t, "a failed attempt", o.retries)
	if !errors.Is(err, transport.ErrRefused) || err.Error() != transport.ErrRefused.Error() {
		t.Errorf("%v, want %v", err, transport.ErrRefused)
	}
}

// A dialed peer that does not answer is given up, and tried again.
func TestDialTimeout(t *testing.T) {
	l := newScriptListener(t)
	o := newEnd(t, impatient).dial(l.addr())
	for range 2 {
		l.next()
		err := got(t, "a failed attempt", o.retries)
		if !errors.Is(err, transport.ErrTimeout) { // On a busy machine, even that of TCP's handshake.
			t.Errorf("%v", err)
		}
	}
}

// Pauses double up to the most, each shortened by a quarter at most.
func TestRetryPauses(t *testing.T) {
	e := newEnd(t, func(cfg *transport.Config) {
		cfg.Limits.RetryFirst, cfg.Limits.RetryMost = 20*time.Millisecond, 80*time.Millisecond
	})
	o := e.dial(unused(t))
	var last time.Time
	for i, want := range []time.Duration{0, 15, 30, 60, 60, 60} {
		got(t, "a failed attempt", o.retries)
		if now := time.Now(); i > 0 && now.Sub(last) < want*time.Millisecond {
			t.Errorf("attempt %d came after %v, want at least %v", i, now.Sub(last), want*time.Millisecond)
		}
		last = time.Now()
	}
}

// A connection that is dialed before the peer listens comes up when it does, with what was
// sent meanwhile.
func TestDialBeforeListen(t *testing.T) {
	addr := unused(t)
	a := newEnd(t)
	o := a.dial(addr)
	got(t, "a failed attempt", o.retries)
	if err := o.conn.Send([]byte("early")); err != nil {
		t.Fatal(err)
	}
	b := newEnd(t)
	if _, err := b.Listen(addr); err != nil {
		t.Skipf("the address was taken by somebody else: %v", err)
	}
	got(t, "up", o.up)
	in := got(t, "accepted", b.accepted)
	if err := sameMessage(got(t, "a message", in.inbox), message{[]byte("early")}); err != nil {
		t.Error(err)
	}
	in.conn.Close(0)
	if err := got(t, "down", o.down); !errors.Is(err, transport.ErrEnded) {
		t.Errorf("down: %v", err)
	}
	if len(b.accepted) > 0 || len(o.up) > 0 {
		t.Error("a connection that has ended was dialed again")
	}
}

// TCP connects a socket to itself if it dials the port that the system gave it. That is
// nobody who listens.
func TestConnectionToItself(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("not every system lets a socket connect to itself")
	}
	e := newEnd(t)
	to := unused(t)
	e.Transport.(*engine).dial = func(ctx context.Context, to netip.AddrPort, _ time.Duration) (socket, error) {
		var d net.Dialer
		return d.DialTCP(ctx, "tcp", to, to)
	}
	o := e.dial(to)
	if err := got(t, "a failed attempt", o.retries); !errors.Is(err, transport.ErrRefused) {
		t.Errorf("%v, want %v", err, transport.ErrRefused)
	}
}

func TestListenErrors(t *testing.T) {
	e := newEnd(t)
	if _, err := e.Listen(e.addr); !errors.Is(err, transport.ErrAddrInUse) {
		t.Errorf("address in use: %v", err)
	}
	if _, err := e.Listen(netip.MustParseAddrPort("192.0.2.1:0")); !errors.Is(err, transport.ErrAddrNotAvailable) {
		t.Errorf("address of another host: %v", err)
	}
}

func TestAddresses(t *testing.T) {
	a, b := newEnd(t), newEnd(t)
	for _, addr := range []string{"127.0.0.1:0", "0.0.0.0:0", "[::1]:0", "[::]:0"} {
		t.Run(addr, func(t *testing.T) {
			bound, err := b.Listen(netip.MustParseAddrPort(addr))
			if err != nil {
				t.Skipf("this host does not have it: %v", err)
			}
			to := bound
			if bound.Addr().IsUnspecified() {
				to = loopback(bound.Port()) // "::" gets IPv4 as well.
			}
			o := a.dial(to)
			got(t, "up", o.up)
			in := got(t, "accepted", b.accepted)
			if r := in.conn.Remote.Addr(); r != to.Addr() {
				t.Errorf("remote %v, want %v", r, to.Addr())
			}
		})
	}
}
