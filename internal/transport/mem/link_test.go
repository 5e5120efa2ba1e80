package mem

import (
	"log/slog"
	"net/netip"
	"testing"
	"time"

	"github.com/gozre/zre/internal/transport"
)

// waiting is a Handler whose Receive waits.
type waiting struct{ begun, end chan struct{} }

func (h *waiting) Up(*transport.Conn)           {}
func (h *waiting) Retry(*transport.Conn, error) {}
func (h *waiting) Down(*transport.Conn, error)  {}
func (h *waiting) Receive(*transport.Conn, []transport.Message) {
	h.begun <- struct{}{}
	<-h.end
}

// TestDrainedLooksAgain: the receiver has found the outbox empty, and before it says so
// something is sent and the connection is closed.
func TestDrainedLooksAgain(t *testing.T) {
	reg := NewRegistry()
	h := &waiting{make(chan struct{}), make(chan struct{})}
	cfg := transport.Config{
		Accept: func(*transport.Conn) transport.Handler { return h },
		Logger: slog.New(slog.DiscardHandler),
	}
	to, from := newTransport(cfg, reg), newTransport(cfg, reg)
	addr, err := to.Listen(netip.MustParseAddrPort("10.0.0.1:0"))
	if err != nil {
		t.Fatal(err)
	}
	e := dial(from, transport.Target{Addr: addr}, h)
	if err := e.conn.Send([]byte("m")); err != nil {
		t.Fatal(err)
	}
	<-h.begun
	e.conn.Close(time.Hour)
	e.drained()
	if e.conn.Err() != nil {
		t.Error("it has ended before its outbox was empty")
	}
	close(h.end)
	for _, tr := range []*Transport{from, to} {
		if err := tr.Close(time.Minute); err != nil {
			t.Error(err)
		}
	}
}
