package transporttest

import (
	"time"

	"github.com/gozre/zre/internal/transport"
)

func dialedCloses(w *world) {
	a, b := w.node(), w.listener()
	da, ab := a.connect(b)
	da.conn.Close(0)
	da.awaitDown(transport.ErrClosed)
	ab.awaitGone(transport.ErrEnded, transport.ErrReset)
	da.conn.Close(0) // Further calls do nothing.
	da.conn.Close(time.Second)
	da.conn.Abort()
}

func acceptedCloses(w *world) {
	if w.opts.NoAcceptedDown {
		w.Skip("accepted connections cannot be closed")
	}
	a, b := w.node(), w.listener()
	da, ab := a.connect(b)
	ab.conn.Close(0)
	ab.awaitDown(transport.ErrClosed)
	da.awaitDown(transport.ErrEnded, transport.ErrReset)
}

func closeInsideReceive(w *world) {
	a, b := w.node(), w.listener()
	b.prepare = func(h *handler) {
		h.take = func(m transport.Message) {
			if err := h.conn.Send([]byte("close")); err != nil && h.conn.Err() == nil {
				w.Error(err)
			}
		}
	}
	da := a.dialTarget(b.target(), func(h *handler) {
		h.take = func(transport.Message) { h.conn.Close(0) }
	})
	da.awaitUp()
	for range 100 {
		if da.conn.Send([]byte("m")) != nil {
			break
		}
	}
	da.awaitDown(transport.ErrClosed)
	b.acceptedFrom(a).awaitGone(transport.ErrEnded, transport.ErrReset)
}

func closeInsideRetry(w *world) {
	gone := w.unusedAddress()
	a := w.node()
	for _, end := range []func(c *transport.Conn){
		func(c *transport.Conn) { c.Close(0) },
		func(c *transport.Conn) { c.Close(time.Millisecond) },
		(*transport.Conn).Abort,
	} {
		d := a.dialTarget(gone.target(), func(h *handler) { h.retry = end })
		d.awaitDown(transport.ErrClosed)
	}
}

func abort(w *world) {
	_, _, da, ab := w.blocked()
	da.conn.Abort()
	da.awaitDown(transport.ErrClosed)
	w.change(ab.unblock)
	ab.awaitGone(transport.ErrEnded, transport.ErrReset, transport.ErrProtocol)
}

func transportCloseEndsPeers(w *world) {
	a, b := w.listener(), w.node()
	b.listen(w.quiet())
	da, ab := a.connect(b)
	db, ba := b.connect(a)
	b.close(0)
	da.awaitDown(transport.ErrEnded, transport.ErrReset)
	ba.awaitGone(transport.ErrEnded, transport.ErrReset)
	db.awaitDown(transport.ErrClosed)
	if !w.opts.NoAcceptedDown {
		ab.awaitDown(transport.ErrClosed)
	}
	// Nobody listens there any more.
	w.node().dial(b).awaitRetry(transport.ErrRefused)
}

func afterTransportClose(w *world) {
	a, b := w.listener(), w.listener()
	a.close(0)
	if _, err := a.tr.Listen(loopback); !oneOf(err, transport.ErrClosed) {
		w.Errorf("Listen after Close gives %v, want %v", err, transport.ErrClosed)
	}
	c := a.tr.Dial(b.target(), a.handler(true))
	if err := c.Send([]byte("m")); !oneOf(err, transport.ErrClosed) {
		w.Errorf("Send on a connection dialed after Close gives %v, want %v", err, transport.ErrClosed)
	}
	c.Close(0)
	c.Abort()
}

// closeWaitsForHandlers closes a transport while a Handler runs.
func closeWaitsForHandlers(w *world) {
	_, b, _, ab := w.blocked()
	closed := make(chan error, 1)
	go func() { closed <- b.tr.Close(0) }()
	select {
	case <-closed:
		w.Error("the transport is closed, and a handler runs")
	case <-time.After(50 * time.Millisecond):
	}
	w.change(ab.unblock)
	select {
	case err := <-closed:
		if err != nil {
			w.Error(err)
		}
	case <-time.After(limit):
		w.Fatalf("after %v the transport is not closed", limit)
	}
}
