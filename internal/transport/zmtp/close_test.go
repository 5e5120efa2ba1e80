package zmtp

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/gozre/zre/internal/transport"
)

func TestEndsOfAConnection(t *testing.T) { eachSocket(t, testEndsOfAConnection) }

func testEndsOfAConnection(t *testing.T, socket func(*transport.Config), aborted error) {
	for name, tc := range map[string]struct {
		do           func(c *transport.Conn)
		ours, theirs error
		theirsOrElse error
	}{
		"Close":           {func(c *transport.Conn) { c.Close(0) }, transport.ErrClosed, transport.ErrEnded, nil},
		"Close and drain": {func(c *transport.Conn) { c.Close(patience) }, transport.ErrClosed, transport.ErrEnded, nil},
		"Close twice": {func(c *transport.Conn) {
			c.Close(patience)
			c.Close(time.Millisecond)
			c.Close(0)
		}, transport.ErrClosed, transport.ErrEnded, transport.ErrReset},
		"Abort": {func(c *transport.Conn) { c.Abort(); c.Abort(); c.Close(1) }, transport.ErrClosed, aborted, nil},
	} {
		for _, dialed := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				a, b := newEnd(t, socket), newEnd(t, socket)
				x, y := connected(t, a, b)
				if !dialed {
					x, y = y, x
				}
				tc.do(x.conn)
				if err := got(t, "our end is down", x.down); !errors.Is(err, tc.ours) {
					t.Errorf("our end: %v, want %v", err, tc.ours)
				}
				err := got(t, "the other end is down", y.down)
				if !errors.Is(err, tc.theirs) && (tc.theirsOrElse == nil || !errors.Is(err, tc.theirsOrElse)) {
					t.Errorf("other end: %v, want %v", err, tc.theirs)
				}
				for _, o := range []*owner{x, y} {
					if err := o.conn.Send([]byte("late")); err == nil || !errors.Is(err, o.conn.Err()) {
						t.Errorf("late Send: %v, ended by %v", err, o.conn.Err())
					}
				}
				_ = a.Close(0)
				_ = b.Close(0)
				if len(x.down)+len(y.down) > 0 {
					t.Error("Down was called twice")
				}
			})
		}
	}
}

// What a peer has sent before its end is received first.
func TestDataBeforeTheEnd(t *testing.T) {
	s, o := newEnd(t).shaken()
	s.send(frame(1, "first"), frame(0, "last"), frame(1, "half"))
	_ = s.Close()
	if err := sameMessage(got(t, "a message", o.inbox), message{[]byte("first"), []byte("last")}); err != nil {
		t.Error(err)
	}
	if err := got(t, "down", o.down); !errors.Is(err, transport.ErrEnded) {
		t.Errorf("down: %v", err)
	}
	if len(o.inbox) > 0 {
		t.Error("half a message was received")
	}
}

// When its owner has closed a connection, nothing that arrives is handed over.
func TestNothingIsReceivedAfterClose(t *testing.T) {
	s, o := newEnd(t).shaken()
	o.conn.Close(patience)
	s.expectEnd()
	s.send(frame(0, "late"))
	_ = s.CloseWrite()
	if err := got(t, "down", o.down); !errors.Is(err, transport.ErrClosed) {
		t.Errorf("down: %v", err)
	}
	if len(o.inbox) > 0 {
		t.Error("a message was received")
	}
}

// A drain ends in time, and says what was not sent.
func TestDrainEndsInTime(t *testing.T) {
	a, b := newEnd(t), newEnd(t)
	out, in := connected(t, a, b)
	in.gate.Lock()
	defer in.gate.Unlock()
	for range 400 {
		if err := out.conn.Send([]byte("x"), make([]byte, 100_000)); err != nil {
			t.Fatal(err)
		}
	}
	out.conn.Close(patience)
	out.conn.Close(50 * time.Millisecond)
	if err := got(t, "down", out.down); !errors.Is(err, transport.ErrClosed) || !errors.Is(err, transport.ErrTimeout) {
		t.Errorf("down: %v", err)
	}
}

// A drain that the other end cuts short says so, and that it was closed.
func TestResetWhileDraining(t *testing.T) {
	e := newEnd(t)
	for range 10 {
		s, o := e.shaken()
		for range 200 {
			if err := o.conn.Send([]byte("x"), make([]byte, 100_000)); err != nil {
				t.Fatal(err)
			}
		}
		o.conn.Close(patience)
		s.reset()
		err := got(t, "down", o.down)
		if !errors.Is(err, transport.ErrClosed) || !strings.Contains(err.Error(), "unsent") {
			t.Errorf("down: %v", err)
		}
	}
}

// A connection that is closed while it is dialed still delivers what was sent on it.
func TestDrainWhileDialing(t *testing.T) {
	a, b := newEnd(t), newEnd(t)
	o := newOwner()
	o.conn = a.Dial(transport.Target{Addr: b.addr}, o)
	if err := o.conn.Send([]byte("last words")); err != nil {
		t.Fatal(err)
	}
	o.conn.Close(patience)
	in := got(t, "accepted", b.accepted)
	if err := sameMessage(got(t, "a message", in.inbox), message{[]byte("last words")}); err != nil {
		t.Error(err)
	}
	if err := got(t, "down", o.down); !errors.Is(err, transport.ErrClosed) {
		t.Errorf("down: %v", err)
	}
}

func TestCloseOfTransport(t *testing.T) {
	a, b := newEnd(t), newEnd(t)
	var all []*owner
	for range 20 {
		x, y := connected(t, a, b)
		all = append(all, x, y)
		if err := x.conn.Send([]byte("x"), make([]byte, 300_000)); err != nil {
			t.Fatal(err)
		}
	}
	half := scriptTo(t, a.addr) // An unfinished handshake does not delay it.
	half.send(peerGreeting[:20])
	nowhere := a.dial(netip.MustParseAddrPort("127.0.0.1:1"))
	all = append(all, nowhere)
	if err := a.Close(patience); err != nil {
		t.Error(err)
	}
	for i, o := range all {
		if i%2 == 0 && len(o.down) != 1 {
			t.Errorf("connection %d: Down was called %d times when Close returned", i, len(o.down))
		}
		got(t, "down", o.down)
		if i%2 == 1 && len(o.inbox) != 1 {
			t.Errorf("connection %d: %d messages", i, len(o.inbox))
		}
	}
	if _, err := a.Listen(loopback(0)); !errors.Is(err, transport.ErrClosed) {
		t.Errorf("Listen: %v", err)
	}
	late := a.dial(b.addr)
	if err := got(t, "down", late.down); !errors.Is(err, transport.ErrClosed) {
		t.Errorf("Dial: %v", err)
	}
	if err := a.Close(0); err != nil {
		t.Error(err)
	}
	if c, err := net.Dial("tcp", a.addr.String()); err == nil {
		_ = c.Close()
		t.Error("the address still accepts connections")
	}
}

// What is in the outboxes when a transport is closed with a drain is sent.
func TestCloseOfTransportDrains(t *testing.T) {
	a, b := newEnd(t), newEnd(t)
	const count = 150 // of 100 kB: more than the system holds
	out, in := connected(t, a, b)
	in.gate.Lock()
	for range count {
		if err := out.conn.Send([]byte("x"), make([]byte, 100_000)); err != nil {
			t.Fatal(err)
		}
	}
	closed := make(chan error)
	go func() { closed <- a.Close(patience) }()
	if err := eventuallyRefused(out); !errors.Is(err, transport.ErrClosed) {
		t.Errorf("Send: %v", err)
	}
	in.gate.Unlock()
	for range count {
		got(t, "a message", in.inbox)
	}
	if err := got(t, "Close returns", closed); err != nil {
		t.Error(err)
	}
}

// eventuallyRefused sends until that fails.
func eventuallyRefused(o *owner) error {
	for {
		if err := o.conn.Send([]byte("x")); err != nil {
			return err
		}
		time.Sleep(time.Millisecond)
	}
}

// Peers that reset their connections right after the handshake do no harm.
func TestFortyResets(t *testing.T) {
	e := newEnd(t)
	_, alive := e.shaken()
	for range 40 {
		s := scriptTo(t, e.addr)
		s.send(peerGreeting, dealerReady)
		o := got(t, "accepted", e.accepted)
		s.reset()
		if err := got(t, "down", o.down); !errors.Is(err, transport.ErrReset) {
			t.Errorf("down: %v", err)
		}
	}
	if err := alive.conn.Err(); err != nil {
		t.Errorf("another connection has ended: %v", err)
	}
}

// Descriptors and goroutines are back to where they were when all connections are gone.
func TestNothingStaysBehind(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("descriptors are counted in /proc")
	}
	before, goroutines := descriptors(t), runtime.NumGoroutine()
	a, b := newEnd(t), newEnd(t)
	var dialed []*owner
	for range 50 {
		o := a.dial(b.addr)
		if err := o.conn.Send([]byte("x")); err != nil {
			t.Fatal(err)
		}
		dialed = append(dialed, o)
	}
	for range dialed {
		in := got(t, "accepted", b.accepted)
		got(t, "a message", in.inbox)
	}
	for _, o := range dialed {
		o.conn.Close(0)
		got(t, "down", o.down)
	}
	for range 20 {
		s := scriptTo(t, b.addr)
		s.send([]byte("garbage"))
		s.expectEnd()
		_ = s.Close()
	}
	eventually(t, "the listeners' descriptors are all that is left", func() bool { return descriptors(t) <= before+4 })
	_ = a.Close(0)
	_ = b.Close(0)
	if n := descriptors(t); n > before {
		t.Errorf("%d descriptors, %d before", n, before)
	}
	eventually(t, "all goroutines are gone", func() bool { return runtime.NumGoroutine() <= goroutines })
}

// descriptors counts the open descriptors of this process.
func descriptors(t testing.TB) int {
	t.Helper()
	all, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(all)
}
