//go:build libzmq

package libzmq_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"testing"
	"time"

	"github.com/gozre/zre/internal/transport"
)

// TestResetsAfterHandshake has clients that reset their connections when the handshake
// is complete, which ended a process whose sockets have heartbeats.
func TestResetsAfterHandshake(t *testing.T) {
	h := newHandler()
	to := listen(t, open(t, "b", h))
	greeting := append([]byte{0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0x7f, 3, 0}, "NULL"...)
	greeting = append(greeting, make([]byte, 64-len(greeting))...)
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
