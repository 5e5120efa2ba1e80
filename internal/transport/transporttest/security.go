package transporttest

import (
	"errors"
	"net/netip"
	"sync"

	"github.com/gozre/zre/internal/curve"
	"github.com/gozre/zre/internal/transport"
)

// guard is what a node with keys trusts. Its zero value trusts everybody.
type guard struct {
	mu      sync.Mutex
	refused map[curve.Key]bool
	asked   []curve.Key
	from    []netip.AddrPort
}

func (g *guard) allow(key curve.Key, from netip.AddrPort) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.asked, g.from = append(g.asked, key), append(g.from, from)
	if g.refused[key] {
		return errors.New("not on the list")
	}
	return nil
}

// refuse lists keys that are refused from now on, and no others.
func (g *guard) refuse(keys ...curve.Key) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.refused = make(map[curve.Key]bool)
	for _, k := range keys {
		g.refused[k] = true
	}
}

// with gives a node a new pair of keys.
func (w *world) with(g *guard) func(*transport.Config) {
	w.Helper()
	s := &transport.Security{Allow: g.allow}
	s.Public, s.Secret = w.pair()
	return func(c *transport.Config) { c.Security = s }
}

// pair makes a pair of keys.
func (w *world) pair() (public, secret curve.Key) {
	w.Helper()
	publicText, secretText, err := curve.NewPair()
	if err != nil {
		w.Fatal(err)
	}
	for text, key := range map[string]*curve.Key{publicText: &public, secretText: &secret} {
		if *key, err = curve.Parse(text); err != nil {
			w.Fatal(err)
		}
	}
	return public, secret
}

// public returns a node's public key.
func (n *node) public() curve.Key { return n.cfg.Security.Public }

func keys(w *world) {
	var g guard
	a, b := w.node(w.with(&guard{})), w.listener(w.with(&g))
	da, ab := a.connect(b)
	if da.conn.Key != b.public() {
		w.Errorf("the one that dialed knows the key %v, want %v", da.conn.Key, b.public())
	}
	if ab.conn.Key != a.public() {
		w.Errorf("the one that accepted knows the key %v, want %v", ab.conn.Key, a.public())
	}
	if !w.opts.NoAcceptor && string(da.conn.Identity) != string(b.cfg.Identity) {
		w.Errorf("the one that has accepted names the identity %q, want %q", da.conn.Identity, b.cfg.Identity)
	}
	if string(ab.conn.Identity) != string(a.cfg.Identity) {
		w.Errorf("identity %q, want %q", ab.conn.Identity, a.cfg.Identity)
	}
	da.send("m", fill(1, 1000))
	ab.awaitMessages(1)
	ab.send("m", fill(1, 1000))
	da.awaitMessages(1)

	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.asked) != 1 || g.asked[0] != a.public() {
		w.Errorf("Allow was asked about %v, want once about %v", g.asked, a.public())
	}
	switch {
	case w.opts.InProc && g.from[0].IsValid():
		w.Errorf("Allow was told the address %v within one process", g.from[0])
	case !w.opts.InProc && g.from[0].Addr() != loopback.Addr():
		w.Errorf("Allow was told the address %v", g.from[0])
	}
}

func secureStream(w *world) {
	const n = 3000
	large := func(i int) int { return i % 7 * 50_000 }
	a, b := w.node(w.with(&guard{})), w.listener(w.with(&guard{}))
	b.prepare = func(h *handler) { h.check(nil) }
	da := a.dialTarget(b.target(), func(h *handler) { h.check(large) })
	da.awaitUp()
	da.send(greeting)
	ab := b.acceptedFrom(a)
	w.together(
		func() error { return stream{source: 1}.send(da, 0, n) },
		func() error { return stream{2, large}.send(ab, 0, n/50) },
	)
	ab.awaitTaken(n)
	da.awaitTaken(n / 50)
}

// untrustedKey also checks that others are let in meanwhile.
func untrustedKey(w *world) {
	var g guard
	a, b := w.node(w.with(&guard{})), w.listener(w.with(&g))
	trusted := w.node(w.with(&guard{}))
	g.refuse(a.public())
	da := a.dial(b)
	da.send("secret")
	da.awaitRetry(w.opts.Untrusted)
	_, ab := trusted.connect(b)
	if ab.conn.Key != trusted.public() {
		w.Errorf("key %v, want %v", ab.conn.Key, trusted.public())
	}
	w.neverConnected(da, b, 1)
}

// trustedLater is let in by a later attempt.
func trustedLater(w *world) {
	var g guard
	a, b := w.node(w.with(&guard{})), w.listener(w.with(&g))
	g.refuse(a.public())
	da := a.dial(b)
	da.send("hello")
	da.awaitRetry(w.opts.Untrusted)
	g.refuse()
	da.awaitUp()
	b.acceptedFrom(a).awaitMessages(1)
}

func wrongKey(w *world) {
	a, b := w.node(w.with(&guard{})), w.listener(w.with(&guard{}))
	other := w.node(w.with(&guard{}))
	to := b.target()
	to.Key = other.public()
	da := a.dialTarget(to, nil)
	da.send("secret")
	da.awaitRetry(w.opts.WrongKey)
	w.neverConnected(da, b, 0)
}

func oneEndWithoutKeys(w *world) {
	plain, secure := w.listener(), w.listener(w.with(&guard{}))
	to := plain.target()
	to.Key = secure.public()
	fromSecure := secure.dialTarget(to, nil)
	to = secure.target()
	to.Key = curve.Key{}
	fromPlain := plain.dialTarget(to, nil)
	for _, h := range []*handler{fromSecure, fromPlain} {
		h.send("secret")
		h.awaitRetry(w.opts.Mechanism)
	}
	w.neverConnected(fromSecure, plain, 0)
	w.neverConnected(fromPlain, secure, 0)
}

// newKeys replaces the keys of both ends, one after the other.
func newKeys(w *world) {
	a, b, plain := w.node(w.with(&guard{})), w.listener(w.with(&guard{})), w.node()
	if _, ok := b.tr.(transport.Rekeyer); ok == w.opts.FixedKeys {
		w.Fatalf("it is a Rekeyer: %t", ok)
	}
	if w.opts.FixedKeys {
		return
	}
	rekey := func(n *node, public, secret curve.Key) error {
		return n.tr.(transport.Rekeyer).SetKeys(public, secret)
	}
	da, ab := a.connect(b)
	old := b.target()
	public, secret := w.pair()
	if err := rekey(plain, public, secret); err == nil {
		w.Error("a transport without keys gets some")
	}
	if err := rekey(b, public, secret); err != nil {
		w.Fatal(err)
	}

	// Who expects the old key is refused. The connection that exists goes on.
	outdated := a.dialTarget(old, nil)
	outdated.awaitRetry(w.opts.WrongKey)
	outdated.conn.Close(0)
	outdated.awaitDown(transport.ErrClosed)
	da.send("m", fill(1, 1000))
	ab.awaitMessages(1)
	ab.send("m", fill(1, 1000))
	da.awaitMessages(1)

	// Who expects the new key, and has a new key himself, is known by that.
	to := old
	to.Key = public
	other, secret := w.pair()
	if err := rekey(a, other, secret); err != nil {
		w.Fatal(err)
	}
	again := a.dialTarget(to, nil)
	again.awaitUp()
	w.await("a connection from the new key", func() bool {
		for _, h := range b.accepted {
			if h.conn.Key == other {
				return true
			}
		}
		return false
	})
	if ab.conn.Key != a.public() || da.conn.Key != old.Key {
		w.Error("the connection that exists has another key than before")
	}
}

// closeInsideAllow closes a connection within its handshake.
func closeInsideAllow(w *world) {
	dialed := make(chan *transport.Conn, 1)
	a := w.node(w.with(&guard{}))
	b := w.listener(w.with(&guard{}), func(c *transport.Config) {
		c.Security.Allow = func(curve.Key, netip.AddrPort) error {
			c := <-dialed
			dialed <- c // for a further attempt
			c.Close(0)
			return nil
		}
	})
	da := a.handler(true)
	dialed <- a.tr.Dial(b.target(), da)
	da.awaitDown(transport.ErrClosed)
	if !w.opts.NoAcceptedDown {
		w.await("the end of all accepted connections", func() bool {
			for _, h := range b.accepted {
				if h.state != isDown {
					return false
				}
			}
			return true
		})
	}
}

// neverConnected closes a connection that must not have been up, and checks how many
// connections the listener has accepted.
func (w *world) neverConnected(dialed *handler, listener *node, accepted int) {
	w.Helper()
	w.await("two failed attempts", func() bool { return len(dialed.retries) >= 2 })
	dialed.conn.Close(0)
	dialed.awaitDown(transport.ErrClosed)
	w.mu.Lock()
	defer w.mu.Unlock()
	if n := len(listener.accepted); n != accepted {
		w.Errorf("%d accepted connections, want %d", n, accepted)
	}
}
