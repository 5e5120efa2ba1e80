//go:build libzmq

package libzmq

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"time"

	zmq4 "github.com/pebbe/zmq4"

	"github.com/gozre/zre/internal/transport"
)

const (
	maxIdentity = 255   // octets (ZeroMQ RFC 37)
	maxSockets  = 16384 // of a Transport, two for each dialed connection
)

// ErrNoCurve says that this libzmq was built without CURVE.
var ErrNoCurve = errors.New("libzmq was built without CURVE")

// Transport implements transport.Transport.
type Transport struct {
	cfg   transport.Config // with the defaults of the limits
	ctx   *zmq4.Context
	done  chan struct{}  // closed when the loop has ended
	calls sync.WaitGroup // goroutines that call Handlers, started by the loop

	mu      sync.Mutex
	posted  []func()
	asleep  bool         // the loop waits, and was not woken
	stopped bool         // the loop takes no more functions
	waker   *zmq4.Socket // wakes the loop

	loop
}

// New returns a transport. It fails if libzmq cannot do what is asked for.
func New(cfg transport.Config) (transport.Transport, error) {
	if len(cfg.Identity) > maxIdentity {
		return nil, fmt.Errorf("identity of %d octets: at most %d", len(cfg.Identity), maxIdentity)
	}
	if cfg.Security != nil && !zmq4.HasCurve() {
		return nil, ErrNoCurve
	}
	cfg.Identity = slices.Clone(cfg.Identity)
	cfg.Limits = cfg.Limits.WithDefaults()
	ctx, err := zmq4.NewContext()
	if err != nil {
		return nil, fmt.Errorf("libzmq: new context: %w", err)
	}
	t := &Transport{cfg: cfg, ctx: ctx, done: make(chan struct{})}
	t.router.t, t.router.read, t.router.calls.running = t, t.read, &t.calls
	if err := errors.Join(ctx.SetMaxSockets(maxSockets), t.open()); err != nil {
		return nil, errors.Join(fmt.Errorf("libzmq: %w", err), t.release(minLinger))
	}
	go t.run()
	return t, nil
}

// Listen implements transport.Transport.
func (t *Transport) Listen(addr netip.AddrPort) (netip.AddrPort, error) {
	var bound netip.AddrPort
	var err error
	done := make(chan struct{})
	if !t.post(func() {
		bound, err = t.listen(addr)
		close(done)
	}) {
		return netip.AddrPort{}, transport.ErrClosed
	}
	<-done
	if err != nil {
		return netip.AddrPort{}, fmt.Errorf("listen at %v: %w", addr, err)
	}
	return bound, nil
}

// Dial implements transport.Transport.
func (t *Transport) Dial(to transport.Target, h transport.Handler) *transport.Conn {
	x := newConn(t, &port{t: t})
	x.handler, x.port.read = h, x.read
	x.dial = &attempts{to: to, pause: t.cfg.Limits.RetryFirst}
	x.c.Dialed, x.c.Key, x.c.Remote = true, to.Key, to.Addr
	if !t.post(x.start) {
		x.c.Fail(transport.ErrClosed)
	}
	return x.c
}

// Handshakes implements transport.Transport. libzmq does not tell of them.
func (t *Transport) Handshakes() int { return 0 }

// Close implements transport.Transport.
func (t *Transport) Close(drain time.Duration) error {
	t.post(func() { t.shut(drain) })
	<-t.done
	t.calls.Wait()
	return t.err
}
