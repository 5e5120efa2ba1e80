package mem

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/gozre/zre/internal/transport"
)

// link is a connection. Its mutex is taken before that of a Conn, and never together
// with that of a Transport or Registry.
type link struct {
	mu       sync.Mutex
	dialed   *end
	accepted *end // nil until somebody accepts
	attempts *attempts
}

// phase is where an end stands; doc.go has the drawing.
type phase uint8

const (
	connecting phase = iota // an attempt runs
	pausing                 // the timer of the next attempt runs
	up
	ended // the Handler has to be told
	down  // the Handler was told
)

// end is one end of a link, and the Driver of its Conn.
type end struct {
	link  *link
	owner *Transport
	conn  *transport.Conn

	handler transport.Handler

	// The mutex of the link guards the rest.

	phase   phase
	running bool  // it has a goroutine
	waiting bool  // the other end's outbox has to be looked at
	err     error // why it has ended

	// Close with a drain sets these. The end goes on until its outbox is empty, and
	// its Handler is told nothing more but Down.
	deadline time.Time
	timer    *time.Timer
}

// other returns the other end, nil if there is none yet. Called under mu.
func (e *end) other() *end {
	if e == e.link.dialed {
		return e.link.accepted
	}
	return e.link.dialed
}

// wake gives the end a goroutine if it has none. Called under mu.
func (e *end) wake() {
	if !e.running {
		e.running = true
		go e.run()
	}
}

// run does what there is to do for an end, and returns when that is nothing.
func (e *end) run() {
	l := e.link
	for {
		l.mu.Lock()
		switch {
		case e.phase == connecting:
			l.mu.Unlock()
			e.connect()
		case e.phase == up && e.waiting:
			e.waiting = false
			from := e.other()
			l.mu.Unlock()
			e.receive(from)
		case e.phase == ended:
			e.phase = down
			l.mu.Unlock()
			e.handler.Down(e.conn, e.err)
			e.owner.remove(e)
			return
		default:
			e.running = false
			l.mu.Unlock()
			return
		}
	}
}

// Flush implements transport.Driver: the outbox of e is not empty any more.
func (e *end) Flush(*transport.Conn) {
	l := e.link
	l.mu.Lock()
	defer l.mu.Unlock()
	if to := e.other(); to != nil {
		to.waiting = true
		to.wake()
	}
}

// Close implements transport.Driver.
func (e *end) Close(_ *transport.Conn, drain time.Duration) {
	l := e.link
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case e.phase >= ended:
	case drain <= 0 || e.conn.Finish(transport.ErrClosed):
		l.finish(e, transport.ErrClosed, transport.ErrEnded)
	case e.timer == nil:
		e.deadline = time.Now().Add(drain)
		e.timer = time.AfterFunc(drain, e.drainOver)
	case time.Until(e.deadline) > drain:
		e.deadline = time.Now().Add(drain)
		e.timer.Reset(drain)
	}
}

// drainOver ends an end whose time to drain is over.
func (e *end) drainOver() { e.fail(transport.ErrTimeout, transport.ErrEnded) }

// drained ends an end that was closed, if its outbox is empty.
func (e *end) drained() {
	e.link.mu.Lock()
	defer e.link.mu.Unlock()
	if e.timer != nil && e.conn.Queued() == 0 {
		e.link.finish(e, transport.ErrClosed, transport.ErrEnded)
	}
}

// Abort implements transport.Driver.
func (e *end) Abort(*transport.Conn) { e.fail(transport.ErrClosed, transport.ErrReset) }

// fail ends both ends, each with its own reason.
func (e *end) fail(err, other error) {
	e.link.mu.Lock()
	defer e.link.mu.Unlock()
	e.link.finish(e, err, other)
}

// finish ends the connection: end e with one error, the other end with another one.
// Called under mu.
func (l *link) finish(e *end, err, other error) {
	e.finish(err)
	if o := e.other(); o != nil {
		o.finish(other)
	}
}

// finish ends an end that has not ended. Called under mu.
func (e *end) finish(err error) {
	if e.phase >= ended {
		return
	}
	if e.timer != nil && !errors.Is(err, transport.ErrClosed) {
		err = fmt.Errorf("%w with %d octets unsent: %w", transport.ErrClosed, e.conn.Queued(), err)
	}
	e.phase, e.err = ended, err
	e.conn.Fail(err)
	if e.timer != nil {
		e.timer.Stop()
	}
	if e == e.link.dialed {
		e.link.attempts.stop()
	}
	e.wake()
}

// receives reports whether the end is up and its owner has not closed it.
func (e *end) receives() bool {
	e.link.mu.Lock()
	defer e.link.mu.Unlock()
	return e.phase == up && e.timer == nil
}
