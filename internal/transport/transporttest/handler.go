package transporttest

import (
	"bytes"
	"fmt"

	"github.com/gozre/zre/internal/transport"
)

// state is what a handler was told.
type state uint8

const (
	isNew state = iota
	isUp
	isDown
)

// handler is a transport.Handler that records.
type handler struct {
	w      *world
	node   *node
	dialed bool

	// take, if not nil, is called for each message outside the mutex, instead of
	// recording it. It is set before the first message can come.
	take func(m transport.Message)
	// retry, if not nil, is called in Retry, outside the mutex.
	retry func(c *transport.Conn)

	// The mutex of the world guards the rest.

	conn     *transport.Conn
	identity string
	state    state
	busy     bool     // a call runs
	breaches []string // what was not as transport.Handler promises
	retries  []error
	down     error
	messages []message
	taken    int           // messages that take has seen
	gate     chan struct{} // Receive waits until it is closed, if it is not nil
	inside   bool          // Receive waits
}

// message is a received message: a copy of the first frame, and the others as they came.
type message struct {
	first []byte
	rest  [][]byte
}

// handler makes a handler of a node.
func (n *node) handler(dialed bool) *handler {
	var h *handler
	n.w.change(func() { h = n.newHandler(dialed) })
	return h
}

// newHandler is handler under the mutex.
func (n *node) newHandler(dialed bool) *handler {
	h := &handler{w: n.w, node: n, dialed: dialed}
	n.all = append(n.all, h)
	return h
}

func (h *handler) String() string {
	if h.dialed {
		return fmt.Sprintf("the connection that %q has dialed", h.node.cfg.Identity)
	}
	return fmt.Sprintf("the connection from %q", h.identity)
}

// breach notes that a rule was broken. Called under the mutex.
func (h *handler) breach(format string, args ...any) {
	h.breaches = append(h.breaches, fmt.Sprintf("%v: ", h)+fmt.Sprintf(format, args...))
}

// call is what begins each call of an implementation. Called under the mutex.
func (h *handler) call(name string, c *transport.Conn) {
	if h.busy {
		h.breach("%s during another call", name)
	}
	if h.state == isDown {
		h.breach("%s after Down", name)
	}
	if h.node.closed {
		h.breach("%s after Transport.Close", name)
	}
	if h.conn == nil {
		h.conn = c
	}
	if h.conn != c {
		h.breach("%s with another connection", name)
	}
	h.busy = true
}

// Up implements transport.Handler.
func (h *handler) Up(c *transport.Conn) {
	h.w.change(func() {
		h.call("Up", c)
		if h.state != isNew {
			h.breach("Up, and it is up")
		}
		h.state = isUp
		h.busy = false
	})
}

// Retry implements transport.Handler.
func (h *handler) Retry(c *transport.Conn, err error) {
	h.w.change(func() {
		h.call("Retry", c)
		if h.state != isNew {
			h.breach("Retry, and it was up")
		}
		if err == nil {
			h.breach("Retry without an error")
		}
		h.retries = append(h.retries, err)
	})
	if h.retry != nil {
		h.retry(c)
	}
	h.w.change(func() { h.busy = false })
}

// Receive implements transport.Handler.
func (h *handler) Receive(c *transport.Conn, messages []transport.Message) {
	var gate chan struct{}
	h.w.change(func() {
		h.call("Receive", c)
		if h.state != isUp {
			h.breach("Receive, and it is not up")
		}
		if len(messages) == 0 {
			h.breach("Receive without messages")
		}
		if gate = h.gate; gate != nil {
			h.inside = true
		}
	})
	if gate != nil {
		<-gate
	}
	taken := 0
	for _, m := range messages {
		if string(m.First) == greeting {
			continue
		}
		if h.take != nil {
			h.take(m)
			taken++
			continue
		}
		h.w.mu.Lock()
		h.messages = append(h.messages, message{bytes.Clone(m.First), m.Rest})
		h.w.mu.Unlock()
	}
	h.w.change(func() {
		h.taken += taken
		h.inside, h.busy = false, false
	})
}

// Down implements transport.Handler.
func (h *handler) Down(c *transport.Conn, err error) {
	failed := c.Send([]byte("too late"))
	h.w.change(func() {
		h.call("Down", c)
		if err == nil || failed == nil || c.Err() == nil {
			h.breach("Down with %v; Send gives %v, Err %v", err, failed, c.Err())
		}
		if q := c.Queued(); q != 0 {
			h.breach("Down, and %d octets are queued", q)
		}
		h.state, h.down = isDown, err
		h.busy = false
	})
}

// block makes Receive wait from now on. Called under the mutex.
func (h *handler) block() { h.gate = make(chan struct{}) }

// unblock undoes block. Called under the mutex.
func (h *handler) unblock() {
	if h.gate != nil {
		close(h.gate)
		h.gate = nil
	}
}

// send sends a message, which must not fail.
func (h *handler) send(first string, rest ...[]byte) {
	h.w.Helper()
	if err := h.conn.Send([]byte(first), rest...); err != nil {
		h.w.Fatalf("%v: send: %v", h, err)
	}
}

// awaitUp waits until the connection is up.
func (h *handler) awaitUp() {
	h.w.Helper()
	h.w.await("Up for "+h.String(), func() bool { return h.state == isUp })
}

// awaitDown waits for Down, and checks the reason.
func (h *handler) awaitDown(reasons ...error) {
	h.w.Helper()
	h.w.await("Down for "+h.String(), func() bool { return h.state == isDown })
	if !oneOf(h.down, reasons...) {
		h.w.Errorf("%v: down with %v, want %v", h, h.down, reasons)
	}
}

// awaitGone waits until the end of an accepted connection is told in the way that the
// transport can.
func (h *handler) awaitGone(reasons ...error) {
	h.w.Helper()
	if h.w.opts.NoAcceptedDown {
		h.w.await("a call of Lost", func() bool { return h.node.lost > 0 })
		return
	}
	h.awaitDown(reasons...)
}

// awaitRetry waits for a failed attempt with this reason.
func (h *handler) awaitRetry(reason error) {
	h.w.Helper()
	h.w.await(fmt.Sprintf("Retry with %v", reason), func() bool {
		for _, err := range h.retries {
			if oneOf(err, reason) {
				return true
			}
		}
		return false
	})
}

// awaitMessages waits for messages and returns all of them.
func (h *handler) awaitMessages(n int) []message {
	h.w.Helper()
	h.w.await(fmt.Sprintf("%d messages of %v", n, h), func() bool { return len(h.messages) >= n })
	h.w.mu.Lock()
	defer h.w.mu.Unlock()
	if len(h.messages) > n {
		h.w.Errorf("%v: %d messages, want %d", h, len(h.messages), n)
	}
	return h.messages
}

// awaitTaken waits until take has seen so many messages.
func (h *handler) awaitTaken(n int) {
	h.w.Helper()
	h.w.await(fmt.Sprintf("%d messages taken by %v", n, h), func() bool { return h.taken >= n })
}
