//go:build libzmq

package libzmq

import (
	"errors"
	"fmt"
	"sync"
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

// conn is a connection, and the Driver of its Conn.
type conn struct {
	t *Transport
	c *transport.Conn

	calls   calls             // of the Handler
	handler transport.Handler // nil until accepted; belongs to calls

	leaving atomic.Bool // it was closed: only Down is told

	mu       sync.Mutex
	messages []transport.Message // for the Handler
	octets   int64               // of messages

	// What follows belongs to the loop.
	phase phase
	port  *port
	dial  *attempts // of a dialed connection
	route string    // of an accepted connection: its identity at the ROUTER

	taken  transport.Pending // from the outbox
	next   int               // the first of its buffers that is not begun
	left   []byte            // of the buffer that is begun
	inside bool              // a message is begun

	deadline time.Time // of the drain; zero if it was not closed with one
}

func newConn(t *Transport, p *port) *conn {
	x := &conn{t: t, port: p}
	x.c = transport.NewConn(x)
	x.calls.running = &t.calls
	return x
}

// Flush implements transport.Driver.
func (x *conn) Flush(*transport.Conn) { x.t.post(x.write) }

// Close implements transport.Driver.
func (x *conn) Close(_ *transport.Conn, drain time.Duration) {
	x.leave()
	x.t.post(func() { x.close(drain) })
}

// Abort implements transport.Driver.
func (x *conn) Abort(c *transport.Conn) { x.Close(c, 0) }

// leave stops what comes from the sender and goes to the Handler.
func (x *conn) leave() {
	x.leaving.Store(true)
	x.c.Finish(transport.ErrClosed)
}

// close closes the connection when its outbox is empty, at most after a time.
func (x *conn) close(drain time.Duration) {
	deadline := time.Now().Add(drain)
	switch draining := !x.deadline.IsZero(); {
	case drain <= 0:
		x.finish(transport.ErrClosed, minLinger)
	case x.phase == down || draining && !deadline.Before(x.deadline):
	default:
		x.deadline = deadline
		x.leave()
		x.t.after(drain, func() { x.finish(transport.ErrTimeout, minLinger) })
		x.drained()
	}
}

// drained ends a connection that was closed, if its outbox is empty.
func (x *conn) drained() {
	if !x.deadline.IsZero() && x.c.Queued() == 0 {
		x.finish(transport.ErrClosed, time.Until(x.deadline))
	}
}

// finish ends the connection. A dialed one's socket has the given time to send what it
// has.
func (x *conn) finish(err error, linger time.Duration) {
	if x.phase == down {
		return
	}
	x.phase = down
	if !x.deadline.IsZero() && !errors.Is(err, transport.ErrClosed) {
		err = fmt.Errorf("%w with %d octets unsent: %w", transport.ErrClosed, x.c.Queued(), err)
	}
	x.c.Fail(err)
	x.taken.Drop()
	if x.dial != nil {
		x.dial.stopTimer()
		x.port.close(linger)
		delete(x.t.dialed, x)
	} else {
		x.forget()
	}
	x.tell(func(h transport.Handler) { h.Down(x.c, err) })
}

// tell calls the Handler, if the connection was not refused, after what it was told before.
func (x *conn) tell(f func(transport.Handler)) {
	x.calls.add(func() {
		if x.handler != nil {
			f(x.handler)
		}
	})
}

// receive gives the Handler a message.
func (x *conn) receive(m transport.Message, octets int64) {
	if x.leaving.Load() {
		return
	}
	x.port.held.Add(octets)
	x.mu.Lock()
	defer x.mu.Unlock()
	x.messages = append(x.messages, m)
	x.octets += octets
	if len(x.messages) == 1 {
		x.calls.add(x.deliver)
	}
}

// deliver calls the Handler with all messages that have gathered.
func (x *conn) deliver() {
	x.mu.Lock()
	messages, octets := x.messages, x.octets
	x.messages, x.octets = nil, 0
	x.mu.Unlock()
	if x.handler != nil {
		x.handler.Receive(x.c, messages)
	}
	x.port.taken(octets)
}

// write gives libzmq what is in the outbox, as long as it takes it.
func (x *conn) write() {
	x.port.full = false
	if x.phase != up {
		return
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
		switch err := x.send(flags, body); {
		case err == nil:
			x.left, x.inside = left, flags&transport.FlagMore != 0
		case !errors.Is(err, wouldBlock) && !errors.Is(err, zmq4.EHOSTUNREACH):
			x.finish(err, minLinger)
			return
		case x.inside || !errors.Is(err, wouldBlock):
			x.finish(transport.ErrReset, minLinger) // The connection has gone.
			return
		case x.dial == nil:
			x.t.after(fullPause, x.write) // A ROUTER does not tell when there is room.
			return
		default:
			x.port.full = true
			return
		}
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
	socket, mode := x.port.socket, zmq4.DONTWAIT
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
