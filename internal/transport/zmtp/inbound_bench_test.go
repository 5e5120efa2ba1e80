package zmtp

import (
	"fmt"
	"testing"

	"github.com/gozre/zre/internal/transport"
)

// counting is a sink.

type countingSink struct{ n int }

func (c *countingSink) messages(b []transport.Message) { c.n += len(b) }
func (c *countingSink) command([]byte) error           { return nil }

// BenchmarkInbound parses a stream without a socket.
func BenchmarkInbound(b *testing.B) {
	for _, size := range []int{16, 100, 1024} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			wire := transport.AppendFrame(nil, transport.FlagMore, make([]byte, 6))
			wire = transport.AppendFrame(wire, 0, make([]byte, size))
			one := len(wire)
			for len(wire) < readSize-one {
				wire = append(wire, wire[:one]...)
			}
			m := newLimits(transport.Limits{}.WithDefaults())
			sink := &countingSink{}
			in := &inbound{limits: &m, sink: sink}
			b.ReportAllocs()
			for sink.n < b.N {
				_, next := in.target()
				if err := in.arrived(copy(next, wire)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
