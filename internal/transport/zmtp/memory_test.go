package zmtp

import (
	"bytes"
	"io"
	"sync"
	"time"
)

// memoryPair is a connection in memory for two handshakes. When both ends wait for the other
// one, or one waits that the other has left, they get the end of the stream.
type memoryPair struct {
	mu      sync.Mutex
	changed sync.Cond
	to      [2]bytes.Buffer // what each end can read
	waits   [2]bool
	left    [2]bool
	stuck   bool
}

func newMemoryPair() *memoryPair {
	p := &memoryPair{}
	p.changed.L = &p.mu
	return p
}

// leave says that an end neither reads nor writes any more.
func (p *memoryPair) leave(i int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.left[i] = true
	p.changed.Broadcast()
}

// memoryEnd is one end. What it writes goes through change.
type memoryEnd struct {
	pair   *memoryPair
	i      int
	change func([]byte) []byte
}

func (e *memoryEnd) SetReadDeadline(time.Time) error { return nil }

func (e *memoryEnd) Read(b []byte) (int, error) {
	p, other := e.pair, 1-e.i
	p.mu.Lock()
	defer p.mu.Unlock()
	p.waits[e.i] = true
	for p.to[e.i].Len() == 0 {
		if p.waits[other] && p.to[other].Len() == 0 {
			p.stuck = true
			p.changed.Broadcast()
		}
		if p.stuck || p.left[other] {
			return 0, io.EOF
		}
		p.changed.Wait()
	}
	p.waits[e.i] = false
	return p.to[e.i].Read(b)
}

func (e *memoryEnd) Write(b []byte) (int, error) {
	out := bytes.Clone(b)
	if e.change != nil {
		out = e.change(out)
	}
	p := e.pair
	p.mu.Lock()
	defer p.mu.Unlock()
	p.to[1-e.i].Write(out)
	p.changed.Broadcast()
	return len(b), nil
}
