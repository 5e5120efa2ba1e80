package transporttest

import (
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gozre/zre/internal/transport"
)

// limit bounds every wait. It measures nothing.
const limit = time.Minute

// loopback is where nodes listen, at any port.
var loopback = netip.MustParseAddrPort("127.0.0.1:0")

// names numbers the names of nodes, which have to differ within the process.
var names atomic.Uint64

// world is one test.
type world struct {
	*testing.T
	make Make
	opts Options

	mu      sync.Mutex
	changed chan struct{} // closed at the next change
}

func newWorld(t *testing.T, mk Make, opts Options) *world {
	return &world{T: t, make: mk, opts: opts, changed: make(chan struct{})}
}

// change changes what is recorded, and wakes those who wait for it.
func (w *world) change(f func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	f()
	close(w.changed)
	w.changed = make(chan struct{})
}

// await waits until the condition holds, which is called under the mutex.
func (w *world) await(what string, condition func() bool) {
	w.Helper()
	if !w.within(limit, condition) {
		w.Fatalf("after %v there is still not: %s", limit, what)
	}
}

// within waits for the condition at most for a time, and reports whether it holds.
func (w *world) within(most time.Duration, condition func() bool) bool {
	timer := time.NewTimer(most)
	defer timer.Stop()
	for {
		w.mu.Lock()
		ok, changed := condition(), w.changed
		w.mu.Unlock()
		if ok {
			return true
		}
		select {
		case <-changed:
		case <-timer.C:
			return false
		}
	}
}

// poll waits until a condition holds that nothing tells of.
func (w *world) poll(what string, condition func() bool) {
	w.Helper()
	for end := time.Now().Add(limit); !condition(); <-time.After(time.Millisecond) {
		if time.Now().After(end) {
			w.Fatalf("after %v there is still not: %s", limit, what)
		}
	}
}

// node is a transport and what came of it.
type node struct {
	w    *world
	cfg  transport.Config
	tr   transport.Transport
	addr netip.AddrPort

	// The mutex of the world guards the rest.

	accepted []*handler
	all      []*handler
	lost     int
	closed   bool
	prepare  func(*handler) // is called for each accepted connection, if not nil
	refuse   bool           // accepts nothing
}

// node makes a transport. What tune changes in the configuration counts.
func (w *world) node(tune ...func(*transport.Config)) *node {
	w.Helper()
	n := &node{w: w}
	id := names.Add(1)
	n.cfg = transport.Config{
		Identity: fmt.Appendf(nil, "identity-%d", id),
		Name:     fmt.Sprintf("name-%d", id),
		Accept:   n.accept,
		Lost:     func() { w.change(func() { n.lost++ }) },
		Logger:   slog.New(slog.DiscardHandler),
	}
	// Tests of failing attempts are to make some in a short time.
	n.cfg.Limits.RetryFirst, n.cfg.Limits.RetryMost = 10*time.Millisecond, 50*time.Millisecond
	for _, f := range tune {
		f(&n.cfg)
	}
	n.tr = w.make(w, n.cfg)
	w.Cleanup(func() { n.close(0) })
	return n
}

// listener makes a node that listens.
func (w *world) listener(tune ...func(*transport.Config)) *node {
	w.Helper()
	n := w.node(tune...)
	n.listen(loopback)
	return n
}

// listen listens at a further address.
func (n *node) listen(at netip.AddrPort) netip.AddrPort {
	n.w.Helper()
	addr, err := n.tr.Listen(at)
	if err != nil {
		n.w.Fatalf("listen at %v: %v", at, err)
	}
	if addr.Port() == 0 || addr.Addr() != at.Addr() {
		n.w.Fatalf("asked to listen at %v: listens at %v", at, addr)
	}
	n.addr = addr
	return addr
}

// target is where others dial to.
func (n *node) target() transport.Target {
	to := transport.Target{Addr: n.addr, Name: n.cfg.Name}
	if n.cfg.Security != nil {
		to.Key = n.cfg.Security.Public
	}
	return to
}

// close closes the transport, and checks what its handlers were told.
func (n *node) close(drain time.Duration) {
	n.w.Helper()
	n.w.change(func() {
		for _, h := range n.all {
			h.unblock()
		}
	})
	if err := n.tr.Close(drain); err != nil {
		n.w.Errorf("close: %v", err)
	}
	n.w.mu.Lock()
	defer n.w.mu.Unlock()
	if n.closed {
		return
	}
	n.closed = true
	for _, h := range n.all {
		for _, b := range h.breaches {
			n.w.Error(b)
		}
		if h.state != isDown && (h.dialed || !n.w.opts.NoAcceptedDown) {
			n.w.Errorf("the transport is closed and %v was not told so", h)
		}
	}
}

// dial dials from n to a node.
func (n *node) dial(to *node) *handler {
	n.w.Helper()
	return n.dialTarget(to.target(), nil)
}

// dialTarget dials; prepare is called before.
func (n *node) dialTarget(to transport.Target, prepare func(*handler)) *handler {
	h := n.handler(true)
	if prepare != nil {
		prepare(h)
	}
	c := n.tr.Dial(to, h)
	n.w.change(func() {
		if h.conn != nil && h.conn != c {
			h.breach("Dial returned another connection than its handler has")
		}
		h.conn = c
	})
	return h
}

// accept is the node's Config.Accept.
func (n *node) accept(c *transport.Conn) transport.Handler {
	var h *handler
	n.w.change(func() {
		if n.refuse {
			return
		}
		h = n.newHandler(false)
		h.conn, h.state = c, isUp
		h.identity = string(c.Identity)
		n.accepted = append(n.accepted, h)
		if n.prepare != nil {
			n.prepare(h)
		}
	})
	if h == nil {
		return nil
	}
	return h
}

// acceptedFrom waits for the connection that the other node has dialed.
func (n *node) acceptedFrom(from *node) *handler {
	n.w.Helper()
	var found *handler
	n.w.await(fmt.Sprintf("a connection from %q", from.cfg.Identity), func() bool {
		for _, h := range n.accepted {
			if h.identity == string(from.cfg.Identity) {
				found = h
			}
		}
		return found != nil
	})
	return found
}

// connect dials from n to a node and waits until both ends are up.
func (n *node) connect(to *node) (dialed, accepted *handler) {
	n.w.Helper()
	dialed = n.dial(to)
	dialed.awaitUp()
	if n.w.opts.LateAccept {
		dialed.send(greeting)
	}
	return dialed, to.acceptedFrom(n)
}

// greeting is the first frame of a message that only makes a connection known. Handlers
// do not record it.
const greeting = "greeting"

// oneOf reports whether an error wraps one of others.
func oneOf(err error, others ...error) bool {
	for _, o := range others {
		if errors.Is(err, o) {
			return true
		}
	}
	return false
}
