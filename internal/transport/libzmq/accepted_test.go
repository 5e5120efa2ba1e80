//go:build libzmq

package libzmq_test

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gozre/zre/internal/curve"
	"github.com/gozre/zre/internal/transport"
	"github.com/gozre/zre/internal/transport/libzmq"
)

// limit bounds every wait.
const limit = time.Minute

var loopback = netip.MustParseAddrPort("127.0.0.1:0")

// handler tells of what happens to a connection.
type handler struct {
	up, messages chan *transport.Conn
	retry, down  chan error
	first        chan string
}

func newHandler() *handler {
	const n = 1000
	return &handler{
		up: make(chan *transport.Conn, n), messages: make(chan *transport.Conn, n),
		retry: make(chan error, n), down: make(chan error, n), first: make(chan string, n),
	}
}

func (h *handler) Up(c *transport.Conn)               { h.up <- c }
func (h *handler) Retry(_ *transport.Conn, err error) { h.retry <- err }
func (h *handler) Down(_ *transport.Conn, err error)  { h.down <- err }
func (h *handler) Receive(c *transport.Conn, messages []transport.Message) {
	for _, m := range messages {
		h.first <- string(m.First)
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

// open makes a transport whose accepted connections go to h.
func open(t testing.TB, identity string, h transport.Handler, tune ...func(*transport.Config)) transport.Transport {
	t.Helper()
	cfg := transport.Config{
		Identity: []byte(identity),
		Accept:   func(*transport.Conn) transport.Handler { return h },
		Logger:   slog.New(slog.DiscardHandler),
	}
	for _, f := range tune {
		f(&cfg)
	}
	tr, err := libzmq.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := tr.Close(0); err != nil {
			t.Error(err)
		}
	})
	return tr
}

func listen(t testing.TB, tr transport.Transport) transport.Target {
	t.Helper()
	addr, err := tr.Listen(loopback)
	if err != nil {
		t.Fatal(err)
	}
	return transport.Target{Addr: addr}
}

func send(t testing.TB, c *transport.Conn, first string) {
	t.Helper()
	if err := c.Send([]byte(first)); err != nil {
		t.Fatal(err)
	}
}

// TestAcceptedConn: the Conn of an identity goes on when it connects again, and ends
// when something is sent and nobody is there.
func TestAcceptedConn(t *testing.T) {
	lost := make(chan struct{}, 100)
	h := newHandler()
	b := open(t, "b", h, func(c *transport.Config) { c.Lost = func() { lost <- struct{}{} } })
	to := listen(t, b)
	var accepted *transport.Conn
	for i := range 3 {
		a := open(t, "a", nil)
		d := newHandler()
		send(t, a.Dial(to, d), "hello")
		c := get(t, "a message", h.messages)
		if accepted == nil {
			accepted = c
		}
		if c != accepted {
			t.Errorf("connection %d has another Conn", i)
		}
		send(t, accepted, "answer")
		if got := get(t, "an answer", d.first); got != "answer" {
			t.Errorf("answer %q", got)
		}
		if err := a.Close(0); err != nil {
			t.Fatal(err)
		}
		get(t, "a call of Lost", lost)
	}
	if len(h.down) > 0 {
		t.Error("an accepted connection has ended")
	}
	// libzmq may take some messages before it forgets the connection.
	for end := time.Now().Add(limit); accepted.Send([]byte("m")) == nil; <-time.After(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("after %v something can still be sent", limit)
		}
	}
	if err := get(t, "Down", h.down); err == nil || err.Error() != transport.ErrReset.Error() {
		t.Errorf("down with %v, want %v", err, transport.ErrReset)
	}
	send(t, open(t, "a", nil).Dial(to, newHandler()), "hello")
	if get(t, "a message", h.messages) == accepted {
		t.Error("a connection that has ended is used again")
	}
}

// TestCloseAccepted: the next message begins another Conn.
func TestCloseAccepted(t *testing.T) {
	h := newHandler()
	to := listen(t, open(t, "b", h))
	c := open(t, "a", nil).Dial(to, newHandler())
	send(t, c, "hello")
	first := get(t, "a message", h.messages)
	first.Close(0)
	if err := get(t, "Down", h.down); err != transport.ErrClosed {
		t.Errorf("down with %v, want %v", err, transport.ErrClosed)
	}
	send(t, c, "hello")
	if get(t, "a message", h.messages) == first {
		t.Error("a Conn that was closed is used again")
	}
}

// TestIdentityWithAnotherKey: who takes over an identity gets a Conn of its own.
func TestIdentityWithAnotherKey(t *testing.T) {
	h := newHandler()
	keys := func() func(*transport.Config) {
		public, secret, err := curve.NewPair()
		if err != nil {
			t.Fatal(err)
		}
		s := &transport.Security{Allow: func(curve.Key, netip.AddrPort) error { return nil }}
		if s.Public, err = curve.Parse(public); err == nil {
			s.Secret, err = curve.Parse(secret)
		}
		if err != nil {
			t.Fatal(err)
		}
		return func(c *transport.Config) { c.Security = s }
	}
	var key curve.Key
	b := open(t, "b", h, keys(), func(c *transport.Config) { key = c.Security.Public })
	to := listen(t, b)
	to.Key = key
	var seen []*transport.Conn
	for range 2 {
		a := open(t, "the same", nil, keys())
		send(t, a.Dial(to, newHandler()), "hello")
		seen = append(seen, get(t, "a message", h.messages))
	}
	if seen[0] == seen[1] || seen[0].Key == seen[1].Key {
		t.Errorf("one Conn for two keys, %v and %v", seen[0].Key, seen[1].Key)
	}
	if err := get(t, "Down", h.down); err != transport.ErrReset {
		t.Errorf("down with %v, want %v", err, transport.ErrReset)
	}
}

// TestRefusedIdentity: Accept is asked again after a while.
func TestRefusedIdentity(t *testing.T) {
	h := newHandler()
	var asked atomic.Int64
	b := open(t, "b", nil, func(c *transport.Config) {
		c.Accept = func(c *transport.Conn) transport.Handler {
			if string(c.Identity) == "refused" && asked.Add(1) == 1 {
				return nil
			}
			return h
		}
	})
	to := listen(t, b)
	c := open(t, "refused", nil).Dial(to, newHandler())
	for range 300 { // more than is held for a Handler
		if err := c.Send([]byte("refused"), make([]byte, 10_000)); err != nil {
			t.Fatal(err)
		}
	}
	other := open(t, "other", nil).Dial(to, newHandler())
	send(t, other, "accepted")
	if got := get(t, "a message", h.first); got != "accepted" {
		t.Errorf("received %q", got)
	}
	for end, got := time.Now().Add(limit), ""; got != "now"; {
		send(t, c, "now")
		select {
		case got = <-h.first:
		case <-time.After(10 * time.Millisecond):
		}
		if time.Now().After(end) {
			t.Fatalf("after %v there is still not: a message", limit)
		}
	}
	if n := asked.Load(); n != 2 {
		t.Errorf("Accept was called %d times for the identity, want 2", n)
	}
}

// TestBeyondLimits: what an accepted connection sends beyond them is dropped, what a
// dialed one receives ends it.
func TestBeyondLimits(t *testing.T) {
	small := func(c *transport.Config) {
		c.Limits.MaxMessage, c.Limits.MaxFrames, c.Limits.MaxFirst = 1000, 4, 100
	}
	h := newHandler()
	to := listen(t, open(t, "b", h, small))
	d := newHandler()
	c := open(t, "a", nil, small).Dial(to, d)
	for _, rest := range [][][]byte{{nil, nil, nil, nil}, {make([]byte, 1000)}} {
		if err := c.Send([]byte("large"), rest...); err != nil {
			t.Fatal(err)
		}
	}
	send(t, c, string(make([]byte, 101)))
	send(t, c, "small")
	if got := get(t, "a message", h.first); got != "small" {
		t.Errorf("received %q", got)
	}
	accepted := get(t, "a connection", h.messages)
	if err := accepted.Send(nil, make([]byte, 1000)); err != nil {
		t.Fatal(err)
	}
	if err := get(t, "Down", d.down); err != transport.ErrTooLarge {
		t.Errorf("down with %v, want %v", err, transport.ErrTooLarge)
	}
}

// TestResetsAfterHandshake has clients that reset their connections when the handshake
// is complete, which ended a process whose sockets have heartbeats.
func TestResetsAfterHandshake(t *testing.T) {
	h := newHandler()
	to := listen(t, open(t, "b", h))
	greeting := append([]byte{0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0x7f, 3, 0, 'N', 'U', 'L', 'L'}, make([]byte, 48)...)
	ready := append([]byte{4, 26, 5}, "READY\x0bSocket-Type\x00\x00\x00\x06DEALER"...)
	ready[1] = byte(len(ready) - 2)
	for i := range 100 {
		c, err := net.Dial("tcp", to.Addr.String())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Write(append(greeting, ready...)); err != nil {
			t.Fatal(err)
		}
		answer := make([]byte, 64+len(ready))
		if err := c.SetReadDeadline(time.Now().Add(limit)); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Read(answer); err != nil {
			t.Fatalf("client %d: %v", i, err)
		}
		_ = c.(*net.TCPConn).SetLinger(0)
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
	}
	send(t, open(t, "a", nil).Dial(to, newHandler()), "hello")
	get(t, "a message", h.messages)
}

// TestDescriptorsAreFreed counts what dialed connections leave behind.
func TestDescriptorsAreFreed(t *testing.T) {
	count := func() int {
		all, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Skipf("this system does not tell what is open: %v", err)
		}
		return len(all)
	}
	h := newHandler()
	to := listen(t, open(t, "b", h))
	a := open(t, "a", nil)
	round := func(i int) {
		d := newHandler()
		c := a.Dial(to, d)
		send(t, c, fmt.Sprint(i))
		get(t, "a message", h.first)
		get(t, "a connection", h.messages)
		c.Close(0)
		get(t, "Down", d.down)
	}
	for i := range 20 {
		round(i)
	}
	before := count()
	for i := range 100 {
		round(i)
	}
	// What lingers is closed in the background.
	for end := time.Now().Add(limit); count() > before+10; <-time.After(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%d descriptors are open, and there were %d", count(), before)
		}
	}
}

// TestDrainIsLibzmqs: a connection is down when libzmq has everything, which goes on.
func TestDrainIsLibzmqs(t *testing.T) {
	const n = 1500
	h := &blocked{begun: make(chan struct{}, 1), end: make(chan struct{})}
	b, a := open(t, "b", h), open(t, "a", nil)
	d := newHandler()
	c := a.Dial(listen(t, b), d)
	for range n {
		if err := c.Send(nil, make([]byte, 10_000)); err != nil {
			t.Fatal(err)
		}
	}
	get(t, "a message", h.begun)
	c.Close(limit)
	if err := get(t, "Down", d.down); err != transport.ErrClosed {
		t.Fatalf("down with %v, want %v", err, transport.ErrClosed)
	}
	<-time.After(3 * 100 * time.Millisecond) // longer than a socket lingers at least
	close(h.end)
	for end := time.Now().Add(limit); h.taken.Load() < n; <-time.After(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("after %v %d messages of %d", limit, h.taken.Load(), n)
		}
	}
}

// TestFailedHandshakeIsNotLost: Lost is about connections that were accepted.
func TestFailedHandshakeIsNotLost(t *testing.T) {
	lost := make(chan struct{}, 100)
	h := newHandler()
	b := open(t, "b", h, func(c *transport.Config) { c.Lost = func() { lost <- struct{}{} } })
	to := listen(t, b)
	for range 3 {
		c, err := net.Dial("tcp", to.Addr.String())
		if err != nil {
			t.Fatal(err)
		}
		greeting := append([]byte{0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0x7f, 3, 0}, "PLAIN"...)
		if _, err := c.Write(append(greeting, make([]byte, 64-len(greeting))...)); err != nil {
			t.Fatal(err)
		}
		if err := c.SetReadDeadline(time.Now().Add(limit)); err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, c); errors.Is(err, os.ErrDeadlineExceeded) {
			t.Fatal("the other end does not close the connection")
		}
		_ = c.Close()
	}
	a := open(t, "a", nil)
	send(t, a.Dial(to, newHandler()), "hello")
	get(t, "a message", h.messages)
	if len(lost) > 0 {
		t.Error("Lost was called for a failed handshake")
	}
	if err := a.Close(0); err != nil {
		t.Fatal(err)
	}
	get(t, "a call of Lost", lost)
}

// blocked is a Handler whose Receive waits.
type blocked struct {
	handler
	begun chan struct{}
	end   chan struct{}
	taken atomic.Int64
}

func (h *blocked) Down(*transport.Conn, error) {}
func (h *blocked) Receive(_ *transport.Conn, m []transport.Message) {
	defer h.taken.Add(int64(len(m)))
	select {
	case h.begun <- struct{}{}:
	default:
	}
	<-h.end
}
