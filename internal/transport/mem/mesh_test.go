package mem_test

import (
	"fmt"
	"net/netip"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/gozre/zre/internal/transport"
	"github.com/gozre/zre/internal/transport/mem"
)

// mesh connects all pairs of n nodes both ways, and returns when each has heard of all.
func mesh(t testing.TB, n int) []transport.Transport {
	t.Helper()
	reg := mem.NewRegistry()
	var trs []transport.Transport
	var at []netip.AddrPort
	var all sync.WaitGroup
	for i := range n {
		tr := newMem(t, config(fmt.Sprint(i), &counter{&all}), reg)
		addr, err := tr.Listen(netip.MustParseAddrPort("127.0.0.1:0"))
		if err != nil {
			t.Fatal(err)
		}
		trs, at = append(trs, tr), append(at, addr)
	}
	all.Add(n * (n - 1))
	hello := make([]byte, 100)
	for i, tr := range trs {
		for k, addr := range at {
			if k == i {
				continue
			}
			c := tr.Dial(transport.Target{Addr: addr}, &counter{&all})
			if err := c.Send(hello); err != nil {
				t.Fatal(err)
			}
		}
	}
	done := make(chan struct{})
	go func() { all.Wait(); close(done) }()
	get(t, "a message of each to each", done)
	return trs
}

// counter counts messages.
type counter struct{ all *sync.WaitGroup }

func (h *counter) Up(*transport.Conn)           {}
func (h *counter) Retry(*transport.Conn, error) {}
func (h *counter) Down(*transport.Conn, error)  {}
func (h *counter) Receive(_ *transport.Conn, m []transport.Message) {
	h.all.Add(-len(m))
}

func closeAll(t testing.TB, trs []transport.Transport) {
	t.Helper()
	for _, tr := range trs {
		if err := tr.Close(0); err != nil {
			t.Error(err)
		}
	}
}

// TestIdleConnectionsCostLittle: no goroutine, and at most 1.5 KiB for both ends.
func TestIdleConnectionsCostLittle(t *testing.T) {
	const n = 60
	before := runtime.NumGoroutine()
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	heap := int64(m.HeapAlloc)
	trs := mesh(t, n)
	defer closeAll(t, trs)
	for end := time.Now().Add(limit); runtime.NumGoroutine() > before; runtime.Gosched() {
		if time.Now().After(end) {
			t.Fatalf("%d goroutines, and there were %d", runtime.NumGoroutine(), before)
		}
	}
	for range 3 { // Pools are emptied by the second one.
		runtime.GC()
	}
	runtime.ReadMemStats(&m)
	each := (int64(m.HeapAlloc) - heap) / (n * (n - 1))
	t.Logf("%d octets for a connection, both ends", each)
	if each > 1536 {
		t.Errorf("%d octets for a connection, want at most 1536", each)
	}
}
