package zmtp

import (
	"runtime"
	"testing"
	"time"

	"github.com/gozre/zre/internal/transport"
)

// inUse is the memory of heap and stacks.
func inUse() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapInuse + m.StackInuse)
}

// An idle connection takes at most 16 KiB, both ends together.
func TestMemoryOfIdleConnection(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector needs memory of its own")
	}
	const count, most = 500, 16 << 10
	quiet := func(cfg *transport.Config) {
		cfg.Limits.MaxPerHost = 2 * count
		cfg.Accept = func(*transport.Conn) transport.Handler { return idle{} }
	}
	a, b := newEnd(t), newEnd(t, quiet)
	before := inUse()
	conns := make([]*transport.Conn, count)
	for i := range conns {
		conns[i] = a.Dial(transport.Target{Addr: b.addr}, idle{})
	}
	eventually(t, "all are up", func() bool {
		for _, c := range conns {
			l := c.Driver().(*link)
			l.mu.Lock()
			isUp := l.state == up
			l.mu.Unlock()
			if !isUp {
				return false
			}
		}
		return true
	})
	for _, c := range conns {
		if err := c.Send([]byte("first"), make([]byte, 100)); err != nil {
			t.Fatal(err)
		}
	}
	deadline := time.Now().Add(patience)
	var each int64
	for { // Stacks shrink when memory is collected while their goroutines wait.
		if each = (inUse() - before) / count; each <= most || time.Now().After(deadline) {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Logf("%d octets for each connection", each)
	if each > most {
		t.Errorf("%d octets for each connection, want at most %d", each, most)
	}
	runtime.KeepAlive(conns)
}

// idle does nothing.
type idle struct{}

func (idle) Up(*transport.Conn)                           {}
func (idle) Receive(*transport.Conn, []transport.Message) {}
func (idle) Retry(*transport.Conn, error)                 {}
func (idle) Down(*transport.Conn, error)                  {}
