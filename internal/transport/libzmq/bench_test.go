//go:build libzmq

package libzmq_test

import (
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/gozre/zre/internal/transport"
)

// sink counts messages and lets the sender go on.
type sink struct {
	taken atomic.Int64
	more  chan struct{}
}

func (h *sink) Up(*transport.Conn)           {}
func (h *sink) Retry(*transport.Conn, error) {}
func (h *sink) Down(*transport.Conn, error)  {}
func (h *sink) Receive(_ *transport.Conn, m []transport.Message) {
	h.taken.Add(int64(len(m)))
	select {
	case h.more <- struct{}{}:
	default:
	}
}

// wait waits until fewer than most of sent messages are not taken.
func (h *sink) wait(sent, most int) {
	for int64(sent)-h.taken.Load() >= int64(most) {
		<-h.more
	}
}

// BenchmarkStream sends messages one way, with at most 1 MiB or 8 messages in flight.
func BenchmarkStream(b *testing.B) {
	for _, size := range []int{16, 1 << 10, 64 << 10} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			h := &sink{more: make(chan struct{}, 1)}
			c := open(b, "a", nil).Dial(listen(b, open(b, "b", h)), newHandler())
			first, rest := make([]byte, 8), make([]byte, size)
			window := max(8, 1<<20/size)
			b.SetBytes(int64(size))
			b.ReportAllocs()
			b.ResetTimer()
			for i := range b.N {
				if err := c.Send(first, rest); err != nil {
					b.Fatal(err)
				}
				h.wait(i+1, window)
			}
			h.wait(b.N, 1)
		})
	}
}

func BenchmarkRoundTrip(b *testing.B) {
	accepted, h := newHandler(), newHandler()
	c := open(b, "a", nil).Dial(listen(b, open(b, "b", accepted)), h)
	rest := make([]byte, 1<<10)
	for b.Loop() {
		if err := c.Send([]byte("m"), rest); err != nil {
			b.Fatal(err)
		}
		<-accepted.first
		if err := (<-accepted.messages).Send([]byte("m"), rest); err != nil {
			b.Fatal(err)
		}
		<-h.first
		<-h.messages
	}
}
