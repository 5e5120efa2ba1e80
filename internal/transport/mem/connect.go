package mem

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"time"

	"github.com/gozre/zre/internal/curve"
	"github.com/gozre/zre/internal/transport"
)

// attempts is what a link needs until it is up.
type attempts struct {
	to    transport.Target
	pause time.Duration // after the next failure
	timer *time.Timer   // nil before the first failure
}

// dial makes a link and starts the first attempt.
func dial(t *Transport, to transport.Target, h transport.Handler) *end {
	l := &link{attempts: &attempts{to: to, pause: t.cfg.Limits.RetryFirst}}
	e := &end{link: l, owner: t, handler: h}
	e.conn = transport.NewConn(e)
	e.conn.Dialed, e.conn.InProc, e.conn.Key = true, true, to.Key
	l.dialed = e
	l.mu.Lock()
	defer l.mu.Unlock()
	if !t.add(e) {
		e.phase = down
		e.conn.Fail(transport.ErrClosed)
		return e
	}
	e.wake()
	return e
}

// connect makes one attempt. It is called from the goroutine of the dialed end.
func (e *end) connect() {
	l := e.link
	err := e.attempt(l.attempts.to)
	if err == nil {
		return
	}
	if !e.leaving() {
		e.handler.Retry(e.conn, err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if e.phase != connecting {
		return
	}
	e.phase = pausing
	most := e.owner.cfg.Limits.RetryMost
	pause := min(l.attempts.pause, most)
	l.attempts.pause = min(2*pause, most)
	l.attempts.timer = time.AfterFunc(pause-rand.N(pause/4+1), e.again)
}

// leaving reports whether the owner has closed the end.
func (e *end) leaving() bool {
	e.link.mu.Lock()
	defer e.link.mu.Unlock()
	return e.timer != nil || e.phase >= ended
}

// again starts the next attempt.
func (e *end) again() {
	e.link.mu.Lock()
	defer e.link.mu.Unlock()
	if e.phase == pausing {
		e.phase = connecting
		e.wake()
	}
}

// attempt connects the dialed end to whoever listens. It returns nil also if the
// connection ends at once.
func (e *end) attempt(to transport.Target) error {
	peer, err := e.owner.reg.route(e.owner, to)
	if err != nil {
		return fmt.Errorf("dial %v: %w", to.Addr, err)
	}
	key := e.owner.key()
	if err := e.handshake(to, peer, key); err != nil {
		peer.cfg.Logger.Debug("connection of this process refused", "err", err)
		return fmt.Errorf("dial %v: %w", to.Addr, err)
	}
	a := &end{link: e.link, owner: peer, running: true}
	a.conn = transport.NewConn(a)
	a.conn.Identity, a.conn.InProc = e.owner.cfg.Identity, true
	a.conn.Key, e.conn.Identity = key, peer.cfg.Identity
	if !peer.add(a) {
		return fmt.Errorf("dial %v: %w", to.Addr, transport.ErrRefused)
	}
	e.accept(a)
	return nil
}

// handshake decides as the two ends of a CURVE handshake do. key is that of the dialed end.
func (e *end) handshake(to transport.Target, peer *Transport, key curve.Key) error {
	ours, theirs := e.owner.cfg.Security, peer.cfg.Security
	switch {
	case ours == nil && theirs == nil:
		return nil
	case ours == nil || theirs == nil:
		return transport.ErrMechanism
	case to.Key.IsZero() || to.Key != peer.key():
		return transport.ErrWrongKey
	case theirs.Allow == nil:
		return transport.ErrUntrusted
	}
	if err := theirs.Allow(key, netip.AddrPort{}); err != nil {
		peer.cfg.Logger.Debug("key refused", "key", key, "err", err)
		return transport.ErrUntrusted
	}
	return nil
}

// accept joins a new end to the link and brings both up. The goroutine of the dialed
// end stands for that of the accepted one until it has a Handler.
func (e *end) accept(a *end) {
	l := e.link
	l.mu.Lock()
	if e.phase != connecting {
		a.phase = down
		l.mu.Unlock()
		a.owner.remove(a)
		return
	}
	l.accepted = a
	l.mu.Unlock()

	a.handler = a.owner.cfg.Accept(a.conn)

	l.mu.Lock()
	if a.handler == nil {
		l.finish(a, transport.ErrClosed, transport.ErrEnded)
		a.phase = down
	}
	closed := e.timer != nil || errors.Is(e.err, transport.ErrClosed)
	for _, x := range []*end{e, a} {
		if x.phase == connecting {
			x.phase, x.waiting = up, true
		}
	}
	l.mu.Unlock()
	if a.handler == nil {
		a.owner.remove(a)
	} else {
		go a.run()
	}
	if !closed {
		e.handler.Up(e.conn)
	}
}

// stop ends the attempts.
func (d *attempts) stop() {
	if d.timer != nil {
		d.timer.Stop()
	}
}
