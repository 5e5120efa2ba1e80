package mem_test

import (
	"fmt"
	"net/netip"
	"sync/atomic"
	"testing"

	"github.com/gozre/zre/internal/transport"
	"github.com/gozre/zre/internal/transport/mem"
)

// sink counts messages and lets the sender go on.
type sink struct {
	counter
	taken atomic.Int64
	more  chan struct{}
}

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
	for _, size := range []int{16, 1 << 10, 64 << 10, 1 << 20} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			reg := mem.NewRegistry()
			h := &sink{more: make(chan struct{}, 1)}
			to, from := newMem(b, config("to", h), reg), newMem(b, config("from", nil), reg)
			closed(b, to)
			closed(b, from)
			addr, err := to.Listen(netip.MustParseAddrPort("127.0.0.1:0"))
			if err != nil {
				b.Fatal(err)
			}
			c := from.Dial(transport.Target{Addr: addr}, &counter{})
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

// answerer sends back what it receives.
type answerer struct{ counter }

func (h *answerer) Receive(c *transport.Conn, messages []transport.Message) {
	for _, m := range messages {
		_ = c.Send(m.First, m.Rest...) // The test waits for it.
	}
}

func BenchmarkRoundTrip(b *testing.B) {
	reg := mem.NewRegistry()
	to, from := newMem(b, config("to", &answerer{}), reg), newMem(b, config("from", nil), reg)
	closed(b, to)
	closed(b, from)
	addr, err := to.Listen(netip.MustParseAddrPort("127.0.0.1:0"))
	if err != nil {
		b.Fatal(err)
	}
	h := newHandler()
	c := from.Dial(transport.Target{Addr: addr}, h)
	rest := make([]byte, 1<<10)
	b.ReportAllocs()
	for b.Loop() {
		if err := c.Send([]byte("m"), rest); err != nil {
			b.Fatal(err)
		}
		<-h.messages
	}
}

// BenchmarkMesh100 is what 100 nodes of one process need to meet: 9,900 connections
// with a message each.
func BenchmarkMesh100(b *testing.B) {
	for b.Loop() {
		trs := mesh(b, 100)
		b.StopTimer()
		closeAll(b, trs)
		b.StartTimer()
	}
}
