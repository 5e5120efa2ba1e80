package transporttest

import (
	"bytes"
	"errors"
	"net"
	"net/netip"
	"os"
	"time"

	"github.com/gozre/zre/internal/transport"
)

func fields(w *world) {
	a, b := w.node(), w.listener()
	da, ab := a.connect(b)
	for _, h := range []*handler{da, ab} {
		c := h.conn
		if c.Dialed != h.dialed {
			w.Errorf("%v: Dialed is %v", h, c.Dialed)
		}
		if c.InProc != w.opts.InProc {
			w.Errorf("%v: InProc is %v", h, c.InProc)
		}
		if !c.Key.IsZero() {
			w.Errorf("%v: a key without security", h)
		}
		if c.Err() != nil {
			w.Errorf("%v: %v", h, c.Err())
		}
		switch {
		case w.opts.InProc:
			if c.Remote.IsValid() {
				w.Errorf("%v: remote address %v within one process", h, c.Remote)
			}
		case h.dialed && c.Remote != b.addr:
			w.Errorf("%v: remote address %v, want %v", h, c.Remote, b.addr)
		case c.Remote.Addr() != loopback.Addr():
			w.Errorf("%v: remote address %v", h, c.Remote)
		case c.Remote.Port() == 0 && (h.dialed || !w.opts.NoRemotePort):
			w.Errorf("%v: remote port 0", h)
		}
	}
}

func identities(w *world) {
	b := w.listener()
	for _, identity := range [][]byte{
		nil, {1}, []byte("seventeen octets."), bytes.Repeat([]byte{0xff}, 255),
	} {
		a := w.node(func(c *transport.Config) { c.Identity = identity })
		_, ab := a.connect(b)
		if !bytes.Equal(ab.conn.Identity, identity) {
			w.Errorf("identity %q, want %q", ab.conn.Identity, identity)
		}
		// The accepting side names its own one, too.
		l := w.listener(func(c *transport.Config) { c.Identity = identity })
		if al, _ := b.connect(l); !w.opts.NoAcceptor && !bytes.Equal(al.conn.Identity, identity) {
			w.Errorf("the one that has accepted names the identity %q, want %q", al.conn.Identity, identity)
		}
	}
}

// quiet is where nobody else listens: an address of this process alone, if the host has
// all of 127.0.0.0/8. At 127.0.0.1 a port that is free may soon be somebody else's.
func (w *world) quiet() netip.AddrPort {
	pid := os.Getpid()
	at := netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 77, byte(pid >> 8), byte(pid)}), 0)
	l, err := net.Listen("tcp4", at.String())
	if err != nil {
		return loopback
	}
	_ = l.Close() // It was only to find out.
	return at
}

// unusedAddress returns an address at which nobody listens.
func (w *world) unusedAddress() *node {
	w.Helper()
	n := w.node()
	n.listen(w.quiet())
	n.close(0)
	return n
}

func queuedBeforeUp(w *world) {
	const n = 2000
	gone := w.unusedAddress()
	a, b := w.node(), w.node()
	b.prepare = func(h *handler) { h.check(nil) }
	to := transport.Target{Addr: gone.addr, Name: b.cfg.Name}
	da := a.dialTarget(to, nil)
	w.together(func() error { return stream{source: 1}.send(da, 0, n/2) })
	da.awaitRetry(transport.ErrRefused)
	w.together(func() error { return stream{source: 1}.send(da, n/2, n) })
	if da.conn.Queued() == 0 {
		w.Error("nothing is queued, and there is no connection")
	}
	b.listen(gone.addr)
	da.awaitUp()
	b.acceptedFrom(a).awaitTaken(n)
}

// retryUntilClosed also checks that attempts go on.
func retryUntilClosed(w *world) {
	gone := w.unusedAddress()
	a := w.node()
	da := a.dialTarget(gone.target(), nil)
	w.await("five failed attempts", func() bool { return len(da.retries) >= 5 })
	da.conn.Close(0)
	da.awaitDown(transport.ErrClosed)
	for _, err := range da.retries {
		if !errors.Is(err, transport.ErrRefused) {
			w.Errorf("Retry with %v, want %v", err, transport.ErrRefused)
		}
	}
}

func noReconnect(w *world) {
	a, b := w.node(), w.node()
	b.listen(w.quiet())
	da, _ := a.connect(b)
	b.close(0)
	da.awaitDown(transport.ErrEnded, transport.ErrReset)
	if err := da.conn.Send([]byte("too late")); !oneOf(err, transport.ErrEnded, transport.ErrReset) {
		w.Errorf("Send on a connection that has ended gives %v", err)
	}
	again := w.node(func(c *transport.Config) { c.Name = b.cfg.Name })
	again.listen(b.addr)
	// A new connection, and others after it, are all that comes.
	for range 3 {
		other := w.node()
		other.dial(again).send("hello")
		again.acceptedFrom(other).awaitMessages(1)
	}
	a.dial(again).send("again")
	again.acceptedFrom(a).awaitMessages(1)
	w.await("four connections", func() bool { return len(again.accepted) == 4 })
}

func severalListeners(w *world) {
	b := w.listener()
	first := b.target()
	b.listen(loopback)
	for _, to := range []transport.Target{first, b.target()} {
		a := w.node()
		to.Name = "" // The address alone leads there.
		a.dialTarget(to, nil).send("hello")
		b.acceptedFrom(a).awaitMessages(1)
	}
}

func ipv6(w *world) {
	at := netip.MustParseAddrPort("[::1]:0")
	if !w.opts.AnyAddress {
		l, err := net.Listen("tcp6", at.String())
		if err != nil {
			w.Skipf("this host has no IPv6: %v", err)
		}
		_ = l.Close() // It was only to find out.
	}
	a, b := w.node(), w.node()
	b.listen(at)
	da, ab := a.connect(b)
	da.send("six", fill(6, 6))
	ab.awaitMessages(1)
	if !w.opts.InProc && ab.conn.Remote.Addr() != at.Addr() {
		w.Errorf("remote address %v, want %v", ab.conn.Remote, at.Addr())
	}
}

func listenErrors(w *world) {
	b := w.listener()
	other := w.node()
	if _, err := other.tr.Listen(b.addr); !errors.Is(err, transport.ErrAddrInUse) {
		w.Errorf("address of another listener: %v, want %v", err, transport.ErrAddrInUse)
	}
	if w.opts.AnyAddress {
		return
	}
	for _, at := range []string{"192.0.2.1:0", "[2001:db8::1]:0"} { // of documentation
		_, err := other.tr.Listen(netip.MustParseAddrPort(at))
		if !errors.Is(err, transport.ErrAddrNotAvailable) {
			w.Errorf("listen at %s: %v, want %v", at, err, transport.ErrAddrNotAvailable)
		}
	}
	// A failure leaves the transport usable.
	other.listen(loopback)
	_, ab := w.node().connect(other)
	if ab.conn.Err() != nil {
		w.Error(ab.conn.Err())
	}
}

// refusedByAccept refuses a connection, and accepts the next one.
func refusedByAccept(w *world) {
	a, b, c := w.node(), w.listener(), w.node()
	w.change(func() { b.refuse = true })
	da := a.dial(b)
	_ = da.conn.Send([]byte("nobody takes this")) // The connection may have ended by now.
	if !w.opts.NoAcceptedDown {
		w.await("the end of a refused connection", func() bool {
			return da.state == isDown || len(da.retries) > 0
		})
	}
	w.change(func() { b.refuse = false })
	c.dial(b).send("hello")
	b.acceptedFrom(c).awaitMessages(1)
}

// closeAtAnyTime closes connections and transports while others use them.
func closeAtAnyTime(w *world) {
	for i := range 20 {
		a, b := w.listener(), w.listener()
		var ds []*handler
		for range 5 {
			ds = append(ds, a.dial(b), b.dial(a))
		}
		pause := time.Duration(i) * 200 * time.Microsecond
		var all []func() error
		for k, d := range ds {
			all = append(all, func() error {
				for d.conn.Send([]byte("m"), fill(k, 1000)) == nil && d.conn.Queued() < 1<<20 {
				}
				d.conn.Close(pause)
				return nil
			}, func() error {
				<-time.After(pause * time.Duration(k) / 10)
				d.conn.Close(time.Duration(k%2) * time.Second)
				if k%3 == 0 {
					d.conn.Abort()
				}
				return nil
			})
		}
		all = append(all, func() error { <-time.After(pause); return a.tr.Close(pause) })
		w.together(all...)
		a.close(0)
		b.close(0)
	}
}
