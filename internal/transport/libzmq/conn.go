//go:build libzmq

package libzmq

import (
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	zmq4 "github.com/pebbe/zmq4"

	"github.com/gozre/zre/internal/transport"
)

// fullPause is the time after which a ROUTER that had no room is tried again.
const fullPause = 5 * time.Millisecond

// phase is where a connection stands; doc.go has the drawing.
type phase uint8

const (
	connecting phase = iota
	pausing
	up
	ending
	down
)

// conn is a connection, and the Driver of its Conn. What it has, but the first fields,
// belongs to the loop.
type conn struct {
	t     *Transport
	c     *transport.Conn
	queue queue

	leaving atomic.Bool // it was closed: only Down is told

	phase phase
	dial  *attempts // of a dialed connection

	route string // of an accepted connection: its identity at the ROUTER

	taken  transport.Pending // from the outbox
	next   int               // the first of its buffers that is not begun
	left   []byte            // of the buffer that is begun
	inside bool              // a message is begun

	drain    *time.Timer // set when Close was called with a drain
	deadline time.Time
}

func newConn(t *Transport) *conn {
	x := &conn{t: t}
	x.c = transport.NewConn(x)
	x.queue.t, x.queue.c = t, x.c
	return x
}

// Flush implements transport.Driver.
func (x *conn) Flush(*transport.Conn) { x.t.post(x.write) }

// Close implements transport.Driver.
func (x *conn) Close(_ *transport.Conn, drain time.Duration) {
	x.leaving.Store(true)
	x.c.Finish(transport.ErrClosed)
	x.t.post(func() { x.close(drain) })
}

// Abort implements transport.Driver.
func (x *conn) Abort(*transport.Conn) {
	x.leaving.Store(true)
	x.c.Finish(transport.ErrClosed)
	x.t.post(func() { x.finish(transport.ErrClosed, minLinger) })
}

// close closes the connection when its outbox is empty, at most after a time.
func (x *conn) close(drain time.Duration) {
	switch deadline := time.Now().Add(drain); {
	case x.phase == down:
	case drain <= 0:
		x.finish(transport.ErrClosed, minLinger)
	case x.drain != nil && !deadline.Before(x.deadline):
	default:
		if x.drain != nil {
			x.drain.Stop()
		}
		x.deadline = deadline
		x.leaving.Store(true)
		x.c.Finish(transport.ErrClosed)
		x.drain = x.t.after(drain, func() { x.finish(transport.ErrTimeout, minLinger) })
		x.drained()
	}
}

// drained ends a connection that was closed, if its outbox is empty.
func (x *conn) drained() {
	if x.drain != nil && x.c.Queued() == 0 {
		x.finish(transport.ErrClosed, time.Until(x.deadline))
	}
}

// write gives libzmq what is in the outbox, as long as it takes it.
func (x *conn) write() {
	if x.phase != up {
		return
	}
	if x.dial != nil {
		x.dial.source.setRoom(false)
	}
	for {
		for len(x.left) == 0 && x.next < len(x.taken.Buffers) {
			x.left = x.taken.Buffers[x.next]
			x.next++
		}
		if len(x.left) == 0 {
			break
		}
		flags, body, left := transport.NextFrame(x.left)
		if err := x.send(flags, body); again(err) && !x.inside {
			x.awaitRoom()
			return
		} else if err != nil {
			x.finish(sendError(err), minLinger)
			return
		}
		x.left, x.inside = left, flags&transport.FlagMore != 0
	}
	x.next = 0
	if !x.c.Take(&x.taken) {
		x.drained()
		return
	}
	x.t.post(x.write) // Others have their turn before.
}

// send gives libzmq a frame. It fails without waiting.
func (x *conn) send(flags byte, body []byte) error {
	socket, mode := x.source().socket, zmq4.DONTWAIT
	if x.dial == nil && !x.inside {
		if _, err := socket.Send(x.route, mode|zmq4.SNDMORE); err != nil {
			return err
		}
	}
	if flags&transport.FlagMore != 0 {
		mode |= zmq4.SNDMORE
	}
	_, err := socket.SendBytes(body, mode)
	return err
}

// sendError names the reason of a failed send.
func sendError(err error) error {
	if again(err) || errors.Is(err, zmq4.EHOSTUNREACH) {
		return transport.ErrReset // The connection has gone.
	}
	return err
}

// awaitRoom writes again when there may be room. A ROUTER does not tell.
func (x *conn) awaitRoom() {
	if x.dial == nil {
		x.t.after(fullPause, x.write)
		return
	}
	x.dial.source.setRoom(true)
}

// source returns the socket of the connection.
func (x *conn) source() *source {
	if x.dial == nil {
		return &x.t.router.source
	}
	return &x.dial.source
}

// finish ends the connection. A dialed one's socket has the given time to send what it
// has.
func (x *conn) finish(err error, linger time.Duration) {
	if x.phase == down {
		return
	}
	x.phase = down
	if x.drain != nil && !errors.Is(err, transport.ErrClosed) {
		err = fmt.Errorf("%w with %d octets unsent: %w", transport.ErrClosed, x.c.Queued(), err)
	}
	x.c.Fail(err)
	x.taken.Drop()
	if x.drain != nil {
		x.drain.Stop()
	}
	if x.dial != nil {
		x.dial.stopTimer()
		x.hangUp(linger)
		delete(x.t.dialed, x)
	} else {
		x.forget()
	}
	x.queue.put(func(q *queue) { q.down = err })
}
