//go:build libzmq

package libzmq_test

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/gozre/zre/internal/transport"
)

// TestDrainIsLibzmqs: a connection is down when libzmq has everything, which goes on.
func TestDrainIsLibzmqs(t *testing.T) {
	h := newBlocked()
	a, d := open(t, "a", nil), newHandler()
	c := a.Dial(listen(t, open(t, "b", h)), d)
	fillLibzmq(t, c, h)
	c.Close(limit)
	if err := get(t, "Down", d.down); err != transport.ErrClosed {
		t.Fatalf("down with %v, want %v", err, transport.ErrClosed)
	}
	<-time.After(3 * 100 * time.Millisecond) // longer than a socket lingers at least
	h.takeAll(t)
}

// TestDrainOfAccepted is the same in the other direction.
func TestDrainOfAccepted(t *testing.T) {
	accepted, h := newHandler(), newBlocked()
	b := open(t, "b", accepted)
	send(t, open(t, "a", nil).Dial(listen(t, b), h), "hello")
	fillLibzmq(t, get(t, "a connection", accepted.messages), h)
	closed := make(chan error, 1)
	go func() { closed <- b.Close(limit) }()
	get(t, "Down", accepted.down)
	<-time.After(3 * 100 * time.Millisecond)
	h.takeAll(t)
	if err := get(t, "the end", closed); err != nil {
		t.Error(err)
	}
}

// inLibzmq is how many messages of 20 KB fillLibzmq sends: more than a receiver that is
// blocked and the buffers of TCP take, and few enough for libzmq to have the others.
const inLibzmq = 2000

// fillLibzmq sends so much that libzmq has a part of it, and the outbox none.
func fillLibzmq(t *testing.T, c *transport.Conn, h *blocked) {
	t.Helper()
	for range inLibzmq {
		if err := c.Send(nil, make([]byte, 20_000)); err != nil {
			t.Fatal(err)
		}
	}
	get(t, "a message", h.begun)
	for end := time.Now().Add(limit); c.Queued() > 0; <-time.After(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("after %v %d octets are queued", limit, c.Queued())
		}
	}
}

// blocked is a Handler whose Receive waits.
type blocked struct {
	begun chan struct{}
	end   chan struct{}
	taken atomic.Int64
}

func newBlocked() *blocked {
	return &blocked{begun: make(chan struct{}, 1), end: make(chan struct{})}
}

func (h *blocked) Up(*transport.Conn) {}

func (h *blocked) Retry(*transport.Conn, error) {}

func (h *blocked) Down(*transport.Conn, error) {}

func (h *blocked) Receive(_ *transport.Conn, m []transport.Message) {
	defer h.taken.Add(int64(len(m)))
	select {
	case h.begun <- struct{}{}:
	default:
	}
	<-h.end
}

// takeAll waits for all that fillLibzmq has sent.
func (h *blocked) takeAll(t *testing.T) {
	t.Helper()
	close(h.end)
	for end := time.Now().Add(limit); h.taken.Load() < inLibzmq; <-time.After(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("after %v %d messages of %d", limit, h.taken.Load(), inLibzmq)
		}
	}
}
