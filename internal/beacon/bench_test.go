package beacon

import (
	"fmt"
	"net/netip"
	"sync/atomic"
	"testing"
	"time"
)

// BenchmarkDispatch is what one datagram that has arrived costs until it has
// been handed to all Conns.
func BenchmarkDispatch(b *testing.B) {
	for _, n := range []int{1, 75} {
		b.Run(fmt.Sprintf("conns=%d", n), func(b *testing.B) {
			tr := &transport{}
			conns := make([]*Conn, n)
			var heard int
			for i := range conns {
				conns[i] = &Conn{handler: func([]byte, netip.AddrPort, int) { heard++ }}
			}
			tr.setConns(conns)
			payload, from := make([]byte, 22), netip.MustParseAddrPort("127.0.0.1:5670")
			b.ReportAllocs()
			for b.Loop() {
				tr.dispatch(payload, from, 1)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(heard), "ns/handler")
		})
	}
}

// BenchmarkBeacon is what one beacon costs in all: sent by one of the Conns on
// loopback, by broadcast and to two groups, and heard by all of them.
func BenchmarkBeacon(b *testing.B) {
	for _, n := range []int{1, 75} {
		b.Run(fmt.Sprintf("conns=%d", n), func(b *testing.B) {
			port := freePort(b)
			var heard atomic.Int64
			done := make(chan struct{}, 1)
			conns := make([]*Conn, n)
			for i := range conns {
				conns[i] = open(b, &shared, Config{Port: port, Handler: func([]byte, netip.AddrPort, int) {
					if heard.Add(1)%int64(3*n) == 0 {
						done <- struct{}{}
					}
				}})
			}
			payload := make([]byte, 22)
			b.ReportAllocs()
			before := cpuTime()
			for i := 0; b.Loop(); i++ {
				if err := conns[i%n].Send(payload); err != nil {
					b.Fatal(err)
				}
				<-done
			}
			b.ReportMetric(float64((cpuTime()-before).Nanoseconds())/float64(b.N), "cpu-ns/op")
		})
	}
}

// BenchmarkSecond is what one second of 75 nodes in one process costs on
// loopback: each announces its beacon once, and hears all. Run it with
// -benchtime 10x, for ten seconds.
func BenchmarkSecond(b *testing.B) {
	port := freePort(b)
	var heard atomic.Int64
	for i := range 75 {
		c := open(b, &shared, Config{Port: port, Handler: func([]byte, netip.AddrPort, int) { heard.Add(1) }})
		time.Sleep(time.Second / 75) // nodes are started at any time
		if err := c.Announce(make([]byte, 22), time.Second); err != nil {
			b.Fatal(i, err)
		}
	}
	b.ResetTimer()
	before := cpuTime()
	heard.Store(0)
	for range b.N {
		time.Sleep(time.Second)
	}
	b.ReportMetric(100*float64(cpuTime()-before)/float64(b.Elapsed()), "%core")
	b.ReportMetric(float64(heard.Load())/float64(b.N), "heard/op")
}
