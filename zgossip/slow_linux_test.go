package zgossip

import (
	"fmt"
	"io"
	"net"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/gozre/zre/internal/codec/zgossipmsg"
)

// TestSlowClient has one that reads nothing, while others go on.
func TestSlowClient(t *testing.T) {
	s, addr := startServer(t, ServerConfig{SendQueue: 100, SlowTimeout: 2 * time.Second, IdleTimeout: time.Minute})
	slow := newStuckReader(t, addr)
	good := dialRaw(t, addr, "")
	good.send(&zgossipmsg.Hello{})
	good.fence()
	publisher := dialRaw(t, addr, "")
	publisher.send(&zgossipmsg.Hello{})
	n := 0
	eventually(t, "the slow one is cut off", func() bool {
		for k := range 1000 { // the kernel's buffers take some megabytes before libzmq's queue fills
			publisher.send(&zgossipmsg.Publish{Key: fmt.Sprint("k", k), Value: testEndpoint(n % 10000)})
		}
		n++
		publisher.fence()
		good.fence()
		return s.Stats().CutOff > 0
	})
	publisher.fence()
	good.fence()
	if got := s.Stats().CutOff; got != 1 {
		t.Errorf("%d clients were cut off", got)
	}
	slow.close()
}

// stuckReader is a peer that speaks just enough of ZMTP 3.0 to say HELLO and then
// never reads. libzmq's sockets would go on reading.
type stuckReader struct{ net.Conn }

func newStuckReader(t testing.TB, server string) *stuckReader {
	t.Helper()
	// A small buffer at this end, so that the other end's queue fills the sooner.
	dialer := net.Dialer{Control: func(_, _ string, c syscall.RawConn) error {
		var err error
		if e := c.Control(func(fd uintptr) {
			err = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF, 4096)
		}); e != nil {
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
	hello := "\x00\x04\xaa\xa0\x01\x01"
	for _, step := range []struct {
		send string
		take int // octets of the answer
	}{{string(greeting), 64}, {"\x04" + string(rune(len(ready))) + ready, 2}, {hello, 0}} {
		_, err := conn.Write([]byte(step.send))
		if err == nil {
			_, err = io.ReadFull(conn, make([]byte, step.take))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	// It shows life on the level of ZMTP, lest the server's heartbeat ends it before the
	// server's queue is full.
	pong := []byte("\x04\x05\x04PONG")
	var alive sync.WaitGroup
	alive.Go(func() {
		for err := error(nil); err == nil; time.Sleep(heartbeat / 4) {
			_, err = conn.Write(pong)
		}
	})
	t.Cleanup(alive.Wait)
	t.Cleanup(func() { _ = conn.Close() })
	return &stuckReader{conn}
}

func (s *stuckReader) close() { _ = s.Conn.Close() }
