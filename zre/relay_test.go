package zre

import (
	"io"
	"net"
	"strings"
	"sync"
	"testing"
)

// relay passes on the octets of TCP connections to a peer, in both directions, until it is cut.
// What is sent meanwhile, also the end of a connection, is passed on when it is mended.
type relay struct {
	l    net.Listener
	to   string
	done sync.WaitGroup

	mu    sync.Mutex // guards what follows
	mends *sync.Cond
	isCut bool
	ended bool
	lines []*line // the oldest first
}

// line is one connection through a relay.
type line struct {
	in  net.Conn
	cut bool // guarded by relay.mu
}

func newRelay(t *testing.T, to string) *relay {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	r := &relay{l: l, to: strings.TrimPrefix(to, "tcp://")}
	r.mends = sync.NewCond(&r.mu)
	r.done.Go(r.accept)
	t.Cleanup(r.close)
	return r
}

func (r *relay) endpoint() string { return "tcp://" + r.l.Addr().String() }

func (r *relay) accept() {
	for {
		in, err := r.l.Accept()
		if err != nil {
			return
		}
		r.mu.Lock()
		ln := &line{in: in, cut: r.isCut}
		r.lines = append(r.lines, ln)
		r.done.Go(func() { r.serve(ln) })
		r.mu.Unlock()
	}
}

// dialed returns how many connections there have been.
func (r *relay) dialed() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.lines)
}

// serve connects when octets may pass for the first time, as a SYN does not pass before.
func (r *relay) serve(ln *line) {
	defer ln.in.Close()
	if !r.passes(ln) {
		return
	}
	out, err := net.Dial("tcp", r.to)
	if err != nil {
		return
	}
	var back sync.WaitGroup
	back.Go(func() {
		r.copy(ln, ln.in, out)
		_ = ln.in.Close()
	})
	r.copy(ln, out, ln.in)
	_ = out.Close()
	back.Wait()
}

// copy passes octets on, one way, and returns at the end of the stream.
func (r *relay) copy(ln *line, to io.Writer, from io.Reader) {
	buf := make([]byte, 64<<10)
	for {
		n, err := from.Read(buf)
		if !r.passes(ln) {
			return
		}
		if _, failed := to.Write(buf[:n]); failed != nil || err != nil {
			return
		}
	}
}

// passes waits until octets may pass. It reports false when the relay is closed.
func (r *relay) passes(ln *line) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for ln.cut && !r.ended {
		r.mends.Wait()
	}
	return !r.ended
}

// cut stops all octets.
func (r *relay) cut() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.isCut = true
	for _, ln := range r.lines {
		ln.cut = true
	}
}

// mendLast lets octets pass again, but not on the older connections: each comes back when TCP
// sends again, which may be later.
func (r *relay) mendLast() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.isCut = false
	r.lines[len(r.lines)-1].cut = false
	r.mends.Broadcast()
}

// mendAll lets octets pass on all connections.
func (r *relay) mendAll() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.isCut = false
	for _, ln := range r.lines {
		ln.cut = false
	}
	r.mends.Broadcast()
}

func (r *relay) close() {
	_ = r.l.Close()
	r.mu.Lock()
	r.ended = true
	for _, ln := range r.lines {
		_ = ln.in.Close()
	}
	r.mends.Broadcast()
	r.mu.Unlock()
	r.done.Wait()
}
