package zmtp

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/gozre/zre/internal/transport"
)

// state is what a link is doing; doc.go has the drawing.
type state uint8

const (
	connecting state = iota // dialing, or in the handshake
	lastTry                 // connecting, closed by its owner with something to send
	up
	draining // up, closed by its owner, still sending
	down
)

// link is one connection. It is the driver of its transport.Conn.
type link struct {
	engine  *engine
	conn    *transport.Conn
	handler transport.Handler
	target  transport.Target // of a dialed one

	mu       sync.Mutex
	state    state
	sock     socket             // nil between two attempts to connect
	cancel   context.CancelFunc // ends dialing; nil if accepted
	timer    *time.Timer        // runs while Close drains
	deadline time.Time          // when timer fires

	raw     syscall.RawConn // of sock, from the end of the handshake on
	local   bool            // sock is a Unix domain socket; likewise
	written atomic.Uint64   // octets that sock has taken, if it is local
	leaving atomic.Bool     // Close was called: nothing is handed to the owner any more
	minor   byte            // of the other end's ZMTP version
	heard   atomic.Uint32   // engine.beat when something was received last
	acked   uint64          // octets that the other end has acknowledged; of engine.watch
	busy    atomic.Bool     // the handler has a batch: nothing is being read
	waits   atomic.Bool     // for memory: nothing is being read
	share   atomic.Int64    // what its message in progress takes; see memory.go
	got     atomic.Int64    // octets received while it had a share

	delivered bool         // a message was handed over; of the goroutine that reads
	greeted   bool         // likewise, at some time; see rest.go
	gotBefore atomic.Int64 // got, when memory.largestIdle looked last

	rests      bool          // it has no goroutine; under mu
	restNumber uint64        // while it rests
	lively     time.Duration // until then it keeps its goroutine when it is woken; see engine.now

	sealer  *sealer        // with CURVE
	out     *writer        // nil while nothing is being written
	writers sync.WaitGroup // goroutines that write
	in      inbound
}

func (e *engine) newLink(h transport.Handler) *link {
	l := &link{engine: e, handler: h}
	l.conn = transport.NewConn(l)
	return l
}

// attach gives the link a socket. It closes the socket and reports false if the
// link is down.
func (l *link) attach(sock socket) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.state == down {
		_ = sock.Close()
		return false
	}
	l.sock = sock
	return true
}

// detach closes the socket after a failed attempt. It reports false if the link is
// down.
func (l *link) detach() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.sock != nil {
		_ = l.sock.Close()
		l.sock = nil
	}
	return l.state != down
}

// establish ends the handshake. It reports false if the link is down.
func (l *link) establish(p *peer) bool {
	raw, err := l.sock.SyscallConn()
	if err != nil {
		l.end(classify(err))
		return false
	}
	l.raw, l.local = raw, isLocal(l.sock)
	if !l.local {
		limitPauses(raw, l.engine.longestPause())
	}
	l.minor = p.minor
	l.heard.Store(l.engine.beat.Load())
	l.conn.Identity, l.conn.Key = p.identity, p.key
	l.in.cipher, l.sealer = p.opener, p.sealer
	l.prepareIO()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.cancel = nil // Dialing has ended.
	switch l.state {
	case connecting:
		l.state = up
	case lastTry:
		l.state = draining
	default:
		return false
	}
	return true
}

// end ends the link for this reason, if it has not ended. What runs for the link
// notices that its socket is closed.
func (l *link) end(cause error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.endLocked(cause)
}

func (l *link) endLocked(cause error) {
	switch l.state {
	case down:
		return
	case lastTry, draining:
		cause = closedEarly(l.conn.Queued(), cause)
	}
	l.state = down
	l.conn.Fail(cause)
	if l.cancel != nil {
		l.cancel()
	}
	if l.timer != nil {
		l.timer.Stop()
	}
	if l.sock != nil {
		_ = l.sock.Close()
	}
	l.wakeLocked()
	l.engine.memory.ended(l)
}

// isDown reports whether the link has ended.
func (l *link) isDown() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.state == down
}

// WaitsForMemory implements what transport.Conn.Arriving asks for.
func (l *link) WaitsForMemory() bool { return l.waits.Load() }

// closedEarly is why a link ends that its owner has closed with a drain.
func closedEarly(unsent int, cause error) error {
	if unsent == 0 {
		return transport.ErrClosed
	}
	return fmt.Errorf("%w with %d octets unsent: %w", transport.ErrClosed, unsent, cause)
}

// Close implements transport.Driver.
func (l *link) Close(_ *transport.Conn, drain time.Duration) {
	l.leaving.Store(true)
	l.mu.Lock()
	defer l.mu.Unlock()
	if drain <= 0 {
		l.endLocked(transport.ErrClosed)
		return
	}
	switch l.state {
	case down:
		return
	case connecting:
		if l.conn.Finish(transport.ErrClosed) {
			l.endLocked(transport.ErrClosed)
			return
		}
		l.state = lastTry
	case up:
		l.state = draining
		if l.conn.Finish(transport.ErrClosed) {
			_ = l.sock.CloseWrite()
		}
	}
	deadline := time.Now().Add(drain)
	if l.timer == nil {
		l.timer = time.AfterFunc(drain, func() { l.end(transport.ErrTimeout) })
		l.deadline = deadline
	} else if deadline.Before(l.deadline) {
		l.timer.Reset(drain)
		l.deadline = deadline
	}
}

// Abort implements transport.Driver.
func (l *link) Abort(*transport.Conn) {
	l.leaving.Store(true)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.state != down && l.sock != nil {
		discardUnsent(l.sock)
	}
	l.endLocked(transport.ErrClosed)
}

// sentAll is called by the writer when it has nothing more to write.
func (l *link) sentAll() {
	if !l.leaving.Load() {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.state == draining {
		_ = l.sock.CloseWrite() // The other end closes, which ends the link.
	}
}

// serve runs the link from its handshake, or from when it wakes up, until it ends or rests. It is
// called from the link's own goroutine, as the last thing.
func (l *link) serve(leftover []byte) {
	if err := l.receive(leftover); err != errRests {
		l.end(err)
		l.finish()
	}
}

// finish is the last thing that the link's own goroutine does.
func (l *link) finish() {
	l.writers.Wait()
	l.in.forget()
	l.engine.memory.leave(l)
	if l.handler != nil {
		l.handler.Down(l.conn, l.conn.Err())
	}
	l.engine.forget(l)
}
