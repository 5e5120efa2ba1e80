//go:build libzmq

package libzmq_test

import (
	"net/netip"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gozre/zre/internal/curve"
	"github.com/gozre/zre/internal/transport"
)

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
	for end := time.Now().Add(limit); accepted.Send([]byte("m")) == nil; {
		if time.Now().After(end) {
			t.Fatalf("after %v something can still be sent", limit)
		}
		<-time.After(time.Millisecond)
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
				<-time.After(50 * time.Millisecond) // More messages come than are held.
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
