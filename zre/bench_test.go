package zre

import (
	"context"
	"fmt"
	"testing"
)

// BenchmarkWhisper is one message from application to application, between two
// nodes of this process, over TCP and within the process. cmd/zrebench measures
// between processes, in comparison with raw libzmq.
func BenchmarkWhisper(b *testing.B) {
	for _, way := range []string{"tcp", "inproc"} {
		for _, size := range []int{16, 1 << 10, 64 << 10} {
			b.Run(fmt.Sprintf("%s/%d", way, size), func(b *testing.B) {
				ctx := context.Background()
				from, to := benchPair(b, way == "tcp")
				payload := make([]byte, size)
				b.SetBytes(int64(size))
				b.ReportAllocs()
				b.ResetTimer()
				done := make(chan error)
				go func() {
					for range b.N {
						if _, err := to.Next(ctx); err != nil {
							done <- err
							return
						}
					}
					done <- nil
				}()
				for range b.N {
					if err := from.Whisper(ctx, to.ID(), payload); err != nil {
						b.Fatal(err)
					}
				}
				if err := <-done; err != nil {
					b.Fatal(err)
				}
			})
		}
	}
}

// benchPair starts two nodes that know each other, with nothing left to read.
func benchPair(b *testing.B, tcp bool) (from, to *Node) {
	ctx := context.Background()
	nextPort.Lock()
	nextPort.port++
	port := nextPort.port
	nextPort.Unlock()
	for _, n := range []**Node{&from, &to} {
		node, err := Start(ctx, Config{Transport: testTransport(), Discovery: Discovery{Interfaces: []string{"lo"}, BeaconPort: port}, apart: tcp})
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { node.Close() })
		*n = node
	}
	for _, n := range []*Node{from, to} {
		if _, err := n.Next(ctx); err != nil {
			b.Fatal(err)
		}
	}
	return from, to
}
