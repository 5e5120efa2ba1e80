package transporttest

import (
	"fmt"
	"time"

	"github.com/gozre/zre/internal/transport"
)

// long is a time to drain that no test waits for.
const long = time.Hour

// closeDrains closes connections with something to send that takes a while.
func closeDrains(w *world) {
	const n = 50
	length := func(i int) int { return i * 4000 }
	a, b := w.node(), w.listener()
	b.prepare = func(h *handler) { h.check(length) }
	da, ab := a.connect(b)
	w.together(func() error { return stream{1, length}.send(da, 0, n) })
	da.conn.Close(long)
	if err := da.conn.Send([]byte("too late")); !oneOf(err, transport.ErrClosed) {
		w.Errorf("Send after Close gives %v, want %v", err, transport.ErrClosed)
	}
	da.awaitDown(transport.ErrClosed)
	ab.awaitTaken(n)
	ab.awaitGone(transport.ErrEnded)

	// Nothing to send is no reason to wait.
	idle, _ := a.connect(w.listener())
	idle.conn.Close(long)
	idle.awaitDown(transport.ErrClosed)

	if w.opts.NoAcceptedDown {
		return
	}
	// The other direction.
	d := a.dialTarget(b.target(), func(h *handler) { h.check(length) })
	d.awaitUp()
	var acc *handler
	w.await("a second connection", func() bool {
		if len(b.accepted) == 2 {
			acc = b.accepted[1]
		}
		return acc != nil
	})
	w.together(func() error { return stream{1, length}.send(acc, 0, n) })
	acc.conn.Close(long)
	acc.awaitDown(transport.ErrClosed)
	d.awaitTaken(n)
	d.awaitDown(transport.ErrEnded)
}

// sendThenClose closes connections right after a message was sent.
func sendThenClose(w *world) {
	const n = 60
	b := w.listener()
	for i := range n {
		a := w.node()
		d := a.dial(b)
		if i%2 == 0 {
			d.awaitUp()
		}
		d.send("m", fill(i, i))
		d.conn.Close(long)
		m := b.acceptedFrom(a).awaitMessages(1)
		compareFrames(w, i, m[0], [][]byte{[]byte("m"), fill(i, i)})
		d.awaitDown(transport.ErrClosed)
	}
}

// blocked makes two nodes, of which the second one does not read, and sends more than
// can be in flight.
func (w *world) blocked() (a, b *node, da, ab *handler) {
	w.Helper()
	a, b = w.node(), w.listener()
	const size = 16 << 10
	length := func(int) int { return size }
	b.prepare = func(h *handler) {
		h.check(length)
		h.block()
	}
	da = a.dial(b)
	da.awaitUp()
	da.send(greeting)
	ab = b.acceptedFrom(a)
	w.await("a call of Receive", func() bool { return ab.inside })
	w.together(func() error { return stream{1, length}.send(da, 0, w.blockedMessages()) })
	return a, b, da, ab
}

// blockedMessages is how many messages blocked sends.
func (w *world) blockedMessages() int { return (w.opts.InFlight + 16<<20) / (16 << 10) }

// drainEnds drains to a receiver that does not read: the time ends, or a shorter one
// counts.
func drainEnds(w *world) {
	_, _, da, _ := w.blocked()
	da.conn.Close(100 * time.Millisecond)
	da.conn.Close(long) // A longer one does not count.
	da.awaitDown(transport.ErrClosed)

	_, _, db, _ := w.blocked()
	db.conn.Close(long)
	if w.within(100*time.Millisecond, func() bool { return db.state == isDown }) {
		w.Errorf("it has not drained, and is down with %v", db.down)
	}
	db.conn.Close(100 * time.Millisecond)
	db.awaitDown(transport.ErrClosed)

	_, _, dc, _ := w.blocked()
	dc.conn.Close(long)
	dc.conn.Close(0)
	dc.awaitDown(transport.ErrClosed)

	// The other end goes meanwhile.
	_, b, de, _ := w.blocked()
	de.conn.Close(long)
	b.close(0)
	de.awaitDown(transport.ErrClosed)

	ta, _, dd, _ := w.blocked()
	ta.close(100 * time.Millisecond)
	dd.awaitDown(transport.ErrClosed)
}

// drainBeforeUp closes connections that are not up.
func drainBeforeUp(w *world) {
	gone := w.unusedAddress()
	a, b := w.node(), w.node()
	lost := a.dialTarget(gone.target(), nil)
	lost.send("nobody gets this")
	lost.conn.Close(100 * time.Millisecond)
	lost.awaitDown(transport.ErrClosed)

	da := a.dialTarget(gone.target(), nil)
	da.send("hello", fill(1, 100_000))
	da.awaitRetry(transport.ErrRefused)
	da.conn.Close(long)
	attempts := 0
	w.change(func() { attempts = len(da.retries) })
	// One may have failed at that time.
	if w.within(200*time.Millisecond, func() bool { return len(da.retries) > attempts+1 }) {
		w.Errorf("Retry after Close")
	}
	b.listen(gone.addr)
	b.acceptedFrom(a).awaitMessages(1)
	da.awaitDown(transport.ErrClosed)
}

// noReceiveAfterClose closes a connection that still has something to send, and sends
// something to it.
func noReceiveAfterClose(w *world) {
	_, _, da, ab := w.blocked()
	da.conn.Close(long)
	for range 10 {
		ab.send("too late", fill(1, 1000))
	}
	w.change(ab.unblock)
	da.awaitDown(transport.ErrClosed)
	ab.awaitTaken(w.blockedMessages())
	if n := len(da.messages); n > 0 {
		w.Errorf("%d messages received after Close", n)
	}
}

func transportCloseDrains(w *world) {
	const n = 30
	length := func(i int) int { return i * 4000 }
	a := w.listener()
	var receivers []*handler
	for i := range 4 {
		b := w.listener()
		b.prepare = func(h *handler) { h.check(length) }
		da, ab := a.connect(b)
		receivers = append(receivers, ab)
		w.together(func() error { return stream{i, length}.send(da, 0, n) })
	}
	a.close(limit)
	for _, r := range receivers {
		r.awaitTaken(n)
		r.awaitGone(transport.ErrEnded)
	}
}

// acceptedDrains closes a transport that has something to send on an accepted
// connection, to a receiver that is slow to begin.
func acceptedDrains(w *world) {
	n := w.blockedMessages()
	length := func(int) int { return 16 << 10 }
	a, b := w.node(), w.listener()
	da := a.dialTarget(b.target(), func(h *handler) {
		h.check(length)
		w.change(h.block)
	})
	da.awaitUp()
	da.send(greeting)
	ab := b.acceptedFrom(a)
	w.together(func() error { return stream{1, length}.send(ab, 0, n) })
	w.await("a call of Receive", func() bool { return da.inside })
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		b.close(limit)
	}()
	<-time.After(50 * time.Millisecond) // The end begins before it is read, or after.
	w.change(da.unblock)
	da.awaitTaken(n)
	da.awaitDown(transport.ErrEnded)
	<-closed
}

// noAcceptWhileDraining closes a transport that has something to send, and dials to it.
func noAcceptWhileDraining(w *world) {
	if w.opts.AcceptsWhileDraining {
		w.Skip("connections are accepted until all is sent")
	}
	a, _, da, ab := w.blocked()
	at := a.listen(loopback)
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		a.close(limit)
	}()
	a.addr = at
	w.dialUntil(a, transport.ErrRefused)
	if da.conn.Queued() == 0 {
		w.Error("nothing is left to send")
	}
	w.change(ab.unblock)
	<-closed
}

// dialUntil dials to a node until that fails for this reason.
func (w *world) dialUntil(to *node, reason error) {
	w.Helper()
	from := w.node()
	w.poll(fmt.Sprintf("an attempt that fails: %v", reason), func() bool {
		d := from.dial(to)
		w.await("the end of an attempt", func() bool { return d.state != isNew || len(d.retries) > 0 })
		d.conn.Close(0)
		w.mu.Lock()
		defer w.mu.Unlock()
		return len(d.retries) > 0 && oneOf(d.retries[0], reason)
	})
}
