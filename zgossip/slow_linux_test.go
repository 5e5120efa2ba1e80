package zgossip

import (
	"fmt"
	"io"
	"net"
	"syscall"
	"testing"
	"time"

	"github.com/gozre/zre/internal/codec/zgossipmsg"
)

// TestSlowClient has a client that reads nothing, while others go on.
func TestSlowClient(t *testing.T) {
	t.Parallel()
	p := overTCP(t)
	s, addr := p.server(ServerConfig{SendQueue: 8 << 10, SlowTimeout: 2 * time.Second, IdleTimeout: time.Minute})
	slow := newStuckReader(t, addr)
	good := p.raw(addr, "")
	good.send(&zgossipmsg.Hello{})
	good.fence()
	publisher := p.raw(addr, "")
	publisher.send(&zgossipmsg.Hello{})
	publish := 0
	eventually(t, "the slow one is closed", func() bool {
		for k := range 1000 { // The kernel's buffers take some megabytes before the queue is full.
			publisher.send(&zgossipmsg.Publish{Key: fmt.Sprint("k", k), Value: testEndpoint(publish % 10000)})
		}
		publish++
		publisher.fence()
		good.fence()
		return s.Stats().CutOff > 0
	})
	publisher.fence()
	good.fence()
	if got := s.Stats().CutOff; got != 1 {
		t.Errorf("%d clients were closed", got)
	}
	if !p.exact() {
		return
	}
	if err := slow.SetReadDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, slow); isTimeout(err) {
		t.Error("its connection is still open")
	}
	if got := s.Stats().Clients["czmq"]; got != 2 {
		t.Errorf("%d clients, want the two that read", got)
	}
}

func isTimeout(err error) bool {
	e, ok := err.(net.Error)
	return ok && e.Timeout()
}

// newStuckReader connects a client that speaks just enough of ZMTP 3.0 to say HELLO, and then
// never reads. Sockets of a transport would go on reading.
func newStuckReader(t testing.TB, server string) net.Conn {
	t.Helper()
	// A small buffer at this end, so that the other end's queue is soon full.
	conn := dialGossip(t, server, func(fd uintptr) error {
		return syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF, 4096)
	})
	if _, err := io.WriteString(conn, "\x00\x04\xaa\xa0\x01\x01"); err != nil { // HELLO
		t.Fatal(err)
	}
	return conn
}

// dialGossip connects without a transport, and does the handshake of ZMTP 3.0.
func dialGossip(t testing.TB, server string, tune func(fd uintptr) error) net.Conn {
	t.Helper()
	dialer := net.Dialer{Control: func(_, _ string, c syscall.RawConn) error {
		var err error
		if e := c.Control(func(fd uintptr) { err = tune(fd) }); e != nil {
			return e
		}
		return err
	}}
	conn, err := dialer.Dial("tcp", server)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	greeting := make([]byte, 64) // signature, version 3.0, mechanism NULL, not the server
	greeting[0], greeting[9], greeting[10] = 0xff, 0x7f, 3
	copy(greeting[12:], "NULL")
	ready := "\x05READY\x0bSocket-Type\x00\x00\x00\x06DEALER"
	for _, step := range []struct {
		send string
		take int // octets of the answer
	}{{string(greeting), 64}, {"\x04" + string(rune(len(ready))) + ready, 2}} {
		_, err := io.WriteString(conn, step.send)
		if err == nil {
			_, err = io.ReadFull(conn, make([]byte, step.take))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return conn
}
