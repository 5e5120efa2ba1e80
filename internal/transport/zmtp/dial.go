package zmtp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/netip"
	"time"

	"github.com/gozre/zre/internal/transport"
)

// connectTimeout bounds the time until TCP has a connection. It is short, so that a
// host that comes back is found by a new attempt rather than by the one of TCP that
// has doubled its pauses. When nothing answers it grows to connectMost, so that round
// trips of 8 s are no obstacle.
const (
	connectTimeout = 5 * time.Second
	connectMost    = 9 * time.Second
)

// runDialed is the goroutine of a dialed link.
func (l *link) runDialed() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	l.mu.Lock()
	l.cancel = cancel
	ended := l.state == down
	l.mu.Unlock()
	if ended {
		cancel()
	}
	if p := l.connect(ctx); p != nil && l.establish(p) {
		if !l.leaving.Load() {
			l.handler.Up(l.conn)
		}
		l.Flush(l.conn)
		l.serve(p.leftover)
		return
	}
	l.finish()
}

// connect tries until a handshake succeeds. It returns nil if the link is down.
func (l *link) connect(ctx context.Context) *peer {
	e := l.engine
	pause, within := e.cfg.Limits.RetryFirst, connectTimeout
	for first := true; ; first = false {
		p, err := l.attempt(ctx, e.dialer(first, l.target.Addr.Addr()), within, false)
		if errors.Is(err, errNoMechanism) {
			p, err = l.attempt(ctx, e.dial, within, true)
		}
		if err == nil {
			return p
		}
		if !l.detach() {
			return nil
		}
		if !l.leaving.Load() {
			l.handler.Retry(l.conn, err)
		}
		jittered := pause - time.Duration(rand.Int64N(int64(pause)/4+1))
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(jittered):
		}
		pause = min(2*pause, e.cfg.Limits.RetryMost)
		if errors.Is(err, transport.ErrTimeout) {
			within = min(2*within, connectMost)
		}
	}
}

// attempt is one attempt to connect, in which TCP has that much time.
func (l *link) attempt(
	ctx context.Context, dial dialer, within time.Duration, careful bool,
) (*peer, error) {
	e := l.engine
	l.detach()
	sock := e.dialLocal(l.target.Addr)
	if sock != nil {
		e.files.dialed(l.target.Addr, nil)
	} else {
		done, err := e.turns.wait(ctx, l.target.Addr.Addr())
		if err != nil {
			return nil, dialError(err)
		}
		sock, err = dial(ctx, l.target.Addr, within)
		done(err == nil || errors.Is(classify(err), transport.ErrRefused))
		e.files.dialed(l.target.Addr, err)
		if err != nil {
			return nil, dialError(err)
		}
	}
	if loopedBack(sock) {
		discardUnsent(sock)
		_ = sock.Close()
		return nil, fmt.Errorf("%w: nobody listens at %v", transport.ErrRefused, l.target.Addr)
	}
	if !l.attach(sock) {
		return nil, transport.ErrClosed
	}
	return l.shakeHands(&handshake{
		cfg: &e.cfg, own: e.keys.Load(), from: l.target.Addr, dialed: true, key: l.target.Key, careful: careful,
	})
}

// dialer makes a TCP connection. Tests have others.
type dialer func(ctx context.Context, to netip.AddrPort, within time.Duration) (socket, error)

func (e *engine) dialTCP(
	ctx context.Context, to netip.AddrPort, within time.Duration,
) (socket, error) {
	d := net.Dialer{
		Timeout:         min(within, e.cfg.Limits.HandshakeTimeout),
		KeepAliveConfig: e.keepAlive(),
	}
	// Not DialTCP: without a local address it binds the socket first, for which the system
	// looks through all ports.
	c, err := d.DialContext(ctx, "tcp", to.String())
	if err != nil {
		return nil, err
	}
	return c.(*net.TCPConn), nil
}

// The second SYN of a first attempt to connect.
const (
	secondAfter  = 300 * time.Millisecond
	secondWithin = 900 * time.Millisecond // less than TCP takes until it sends it again
)

// dialer returns how an attempt to connect makes its TCP connection. If the SYN of the first
// attempt is lost, TCP sends it again after a second only, which is long for a program that
// sends and leaves; so then a second connection is tried.
func (e *engine) dialer(first bool, host netip.Addr) dialer {
	if !first || e.turns.crowded(host) {
		return e.dial
	}
	return func(
		ctx context.Context, to netip.AddrPort, within time.Duration,
	) (socket, error) {
		return dialTwice(ctx, to, within, e.dial)
	}
}

// dialTwice makes a TCP connection. While the first one has no answer for a time, a second
// one is tried beside it, for a short time. The one that comes first is returned.
func dialTwice(
	ctx context.Context, to netip.AddrPort, within time.Duration, dial dialer,
) (socket, error) {
	firstCtx, cancelFirst := context.WithCancel(ctx)
	defer cancelFirst()
	secondCtx, cancelSecond := context.WithTimeout(ctx, secondAfter+secondWithin)
	defer cancelSecond()
	second := make(chan socket, 1) // capacity 1: the goroutine ends without a receiver
	timer := time.AfterFunc(secondAfter, func() {
		sock, err := dial(secondCtx, to, within)
		if err == nil {
			cancelFirst()
		}
		second <- sock
	})
	sock, err := dial(firstCtx, to, within)
	if timer.Stop() {
		return sock, err
	}
	if err == nil {
		cancelSecond()
	}
	switch other := <-second; {
	case other == nil:
		return sock, err
	case err != nil:
		return other, nil
	default:
		_ = other.Close()
		return sock, nil
	}
}

// dialError says what the error of an attempt to connect means.
func dialError(err error) error {
	err = classify(err)
	if errors.Is(err, transport.ErrAddrNotAvailable) {
		return fmt.Errorf("%w: %w", transport.ErrUnreachable, err)
	}
	return err
}

// The time that a refused peer gets to read why, and how much is read of what it
// still sends.
const (
	lingerTime   = time.Second
	lingerOctets = 1 << 20
)

// shakeHands does the handshake on the socket of the link, in the time it may take.
func (l *link) shakeHands(h *handshake) (*peer, error) {
	h.conn = l.sock
	h.deadline = time.Now().Add(l.engine.cfg.Limits.HandshakeTimeout)
	_ = l.sock.SetDeadline(h.deadline)
	p, err := h.run()
	if err == nil {
		_ = l.sock.SetDeadline(time.Time{})
		return p, nil
	}
	if h.told || errors.Is(err, transport.ErrMechanism) {
		// If the socket was closed with something unread, the system would discard
		// what the other end has not read yet.
		_ = l.sock.CloseWrite()
		_ = l.sock.SetReadDeadline(time.Now().Add(lingerTime))
		_, _ = io.CopyN(io.Discard, l.sock, lingerOctets)
	}
	return nil, err
}
