package zgossip

import (
	"context"
	"errors"
	"net/netip"
	"time"

	"github.com/gozre/zre/internal/curve"
	"github.com/gozre/zre/internal/transport"
)

// attempt is one connection of a dialer, and its transport.Handler. Once it is not the
// dialer's current one, nothing that happens to it counts.
type attempt struct {
	d     *dialer
	once  bool          // the first failure ends it: the server has other addresses or keys
	ended chan struct{} // closed when it has ended, or has failed

	// The dialer's lock guards what follows.

	isUp    bool
	since   time.Time // since when it is up, or not up
	refused uint64    // what session.refused was when it came up
	over    bool      // ended is closed
}

// connection dials, and returns when the connection has ended, when the context has, or when
// a new connection is wanted. It returns the request for the next one, and whether this one
// was up. The server has so many addresses.
func (d *dialer) connection(
	ctx context.Context, server netip.AddrPort, key curve.Key, addresses int, this request,
) (request, bool) {
	ways := 1
	if len(d.keys) > 1 {
		ways = addresses * len(d.keys)
	}
	a := &attempt{
		d: d, once: ways > 1 || addresses > 1, ended: make(chan struct{}), since: time.Now(),
	}
	t, err := d.network.get(way{secure: d.secure(), named: this.identity})
	if err != nil {
		d.do(func(now time.Time) { d.fail(now, err) })
		return this, false
	}
	d.lock.Lock()
	d.current, d.server, d.ways = a, server, ways
	select { // what the session wanted of the connection before
	case <-d.again:
	default:
	}
	d.lock.Unlock()
	conn := t.Dial(transport.Target{Addr: server, Key: key}, a)
	next := a.wait(ctx, server, this)
	var wasUp bool
	d.do(func(now time.Time) {
		wasUp = a.isUp
		d.current = nil
		d.session.disconnected(now)
	})
	if ctx.Err() == nil || errors.Is(context.Cause(ctx), errRemoved) {
		conn.Close(0)
	}
	return next, wasUp
}

// wait lets time pass until the connection is over.
func (a *attempt) wait(ctx context.Context, server netip.AddrPort, this request) request {
	d := a.d
	ticker := time.NewTicker(d.tick)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return request{}
		case r := <-d.again:
			return r
		case <-a.ended:
			return request{identity: this.identity}
		case <-ticker.C:
			if a.tick() && a.moved(ctx, server) {
				return request{identity: this.identity}
			}
		}
	}
}

// tick lets time pass. It reports whether the name has to be resolved again.
func (a *attempt) tick() (resolve bool) {
	a.d.do(func(now time.Time) {
		a.d.session.tick(now)
		switch {
		case !a.isUp && now.Sub(a.since) >= resolveAgain:
			a.since, resolve = now, true
		case a.isUp && !a.d.session.ready() && now.Sub(a.since) >= silenceLimit:
			cause := errSilent
			if a.d.session.refused() > a.refused {
				cause = errForeign
			}
			a.d.episode.fail(now, cause, false)
		default:
			a.d.episode.check(now)
		}
	})
	return resolve
}

// moved reports whether the server has another address now.
func (a *attempt) moved(ctx context.Context, server netip.AddrPort) bool {
	servers, err := a.d.resolve(ctx)
	return err == nil && servers[0] != server
}

// event runs f for something that has happened to the connection, if it counts.
func (a *attempt) event(f func(now time.Time)) {
	a.d.do(func(now time.Time) {
		if a.d.current == a {
			f(now)
		}
	})
}

// Up implements transport.Handler.
func (a *attempt) Up(c *transport.Conn) {
	a.event(func(now time.Time) {
		a.isUp, a.since, a.refused = true, now, a.d.session.refused()
		a.d.session.connected(now, c)
	})
}

// Receive implements transport.Handler.
func (a *attempt) Receive(_ *transport.Conn, messages []transport.Message) {
	a.event(func(now time.Time) {
		for _, m := range messages {
			a.d.session.receive(now, m.First, m.Rest...)
		}
	})
}

// Retry implements transport.Handler.
func (a *attempt) Retry(_ *transport.Conn, err error) {
	a.event(func(now time.Time) {
		a.d.fail(now, err)
		if a.once {
			a.finish()
		}
	})
}

// Down implements transport.Handler.
func (a *attempt) Down(_ *transport.Conn, err error) {
	a.event(func(now time.Time) {
		a.d.session.disconnected(now)
		a.d.observe(now)
		a.d.fail(now, err)
		a.finish()
	})
}

func (a *attempt) finish() {
	if !a.over {
		a.over = true
		close(a.ended)
	}
}
