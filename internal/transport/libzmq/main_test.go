//go:build libzmq

package libzmq_test

import (
	"log/slog"
	"net/netip"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/gozre/zre/internal/transport"
	"github.com/gozre/zre/internal/transport/libzmq"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

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

func (h *handler) Down(_ *transport.Conn, err error) { h.down <- err }

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
func open(
	t testing.TB, identity string, h transport.Handler, tune ...func(*transport.Config),
) transport.Transport {
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
