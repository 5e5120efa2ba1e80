package zmtp

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"time"

	"github.com/gozre/zre/internal/transport"
)

// listen opens a listener for exactly the family of the address; "::" also gets
// IPv4, as far as the system has both in one socket.
func listen(addr netip.AddrPort, keepAlive net.KeepAliveConfig) (listener, error) {
	addr = netip.AddrPortFrom(addr.Addr().Unmap(), addr.Port())
	network := "tcp6"
	if addr.Addr().Is4() {
		network = "tcp4"
	}
	lc := net.ListenConfig{KeepAliveConfig: keepAlive}
	lc.SetMultipathTCP(false)
	if addr.Addr() == netip.IPv6Unspecified() {
		// Go listens for one family only, if the loopback interface has no address of
		// the other one.
		lc.Control = dualStack
	}
	l, err := lc.Listen(context.Background(), network, addr.String())
	if err != nil {
		return nil, classify(err)
	}
	return tcpListener{l.(*net.TCPListener)}, nil
}

// The pauses of a listener that cannot accept.
const (
	acceptPauseFirst = 5 * time.Millisecond
	acceptPauseMost  = time.Second
)

// accept is the goroutine of a listener.
func (e *engine) accept(listener listener) {
	var trouble episode
	defer trouble.stop()
	var pause time.Duration
	for {
		sock, from, err := listener.next()
		if err == nil {
			pause = 0
			trouble.worked(func() {
				e.cfg.Logger.Info("accepting connections again", "address", listener.Addr())
			})
			e.admit(sock, from)
			continue
		}
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if errors.Is(classify(err), transport.ErrReset) {
			continue // That one was gone before it was accepted.
		}
		trouble.failed(func() {
			hint := ""
			if outOfDescriptors(err) {
				hint = "raise the limit of open files; connections that exist go on"
			}
			e.cfg.Logger.Warn("cannot accept connections",
				"address", listener.Addr(), "cause", err, "hint", hint)
		})
		pause = min(max(2*pause, acceptPauseFirst), acceptPauseMost)
		select {
		case <-e.stop:
			return
		case <-time.After(pause):
		}
	}
}

// admit starts the handshake of an accepted connection, if there are not too many.
func (e *engine) admit(sock socket, from netip.AddrPort) {
	if err := e.admission.enter(from.Addr()); err != nil {
		e.refusals.report(from, err)
		_ = sock.Close()
		return
	}
	l := e.newLink(nil)
	l.conn.Remote = from
	l.sock = sock
	if !e.start(l, l.runAccepted) {
		e.admission.leave(from.Addr())
		l.end(transport.ErrClosed)
	}
}

// runAccepted is the goroutine of an accepted link.
func (l *link) runAccepted() {
	e, from := l.engine, l.conn.Remote
	p, err := l.shakeHands(&handshake{cfg: &e.cfg, own: e.keys.Load(), from: from})
	e.admission.leave(from.Addr())
	if err != nil {
		if !l.leaving.Load() {
			e.refusals.report(from, err)
		}
		l.end(err)
		l.finish()
		return
	}
	if l.establish(p) {
		if l.handler = e.cfg.Accept(l.conn); l.handler != nil {
			l.Flush(l.conn)
			l.serve(p.leftover)
			return
		}
		l.end(transport.ErrClosed)
	}
	l.finish()
}
