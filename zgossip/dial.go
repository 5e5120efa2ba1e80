package zgossip

import (
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"sync"
	"time"

	"github.com/gozre/zre/internal/gossip/hub"
	"github.com/gozre/zre/internal/zmq"
)

// Constants of connections to servers.
const (
	reconnectFirst = 50 * time.Millisecond  // after a lost connection
	reconnectMost  = 400 * time.Millisecond // while the server is down
	resolveTimeout = 5 * time.Second
	resolveAgain   = 10 * time.Second // a server that cannot be reached may have moved
	retryFirst     = 500 * time.Millisecond
	retryMost      = 10 * time.Second
	selfAgain      = time.Minute // a server that turned out to be this one may be so no more
	heartbeat      = 2 * time.Second
	heartbeatLimit = 6 * time.Second
	dialerLinger   = 250 * time.Millisecond
	dialerQueue    = 1000 // messages
)

// session is what a dialer drives, under the dialer's lock.
type session interface {
	connected(now time.Time)
	disconnected(now time.Time)
	receive(now time.Time, frames [][]byte)
	tick(now time.Time)
	settle(now time.Time) // after any of the above
}

// dialer holds one connection to one server, for as long as its context lasts. A
// socket is made anew when the session asks for it, or when the server's name has
// got another address.
type dialer struct {
	zmq *zmq.Context
	remote
	largest int64 // octets of a message
	tick    time.Duration
	log     *slog.Logger
	lock    sync.Locker // guards session, socket, server and failure
	session session
	socket  *zmq.Socket    // nil while there is none
	server  netip.AddrPort // what address was resolved to
	failure error          // why there is no socket, as far as one can tell
	again   chan request   // a fresh connection is wanted
}

// request is for a fresh connection, after a pause.
type request struct {
	identity []byte
	after    time.Duration
}

func newDialer(z *zmq.Context, to remote, lock sync.Locker, log *slog.Logger) *dialer {
	return &dialer{zmq: z, remote: to, lock: lock, log: log, again: make(chan request, 1)}
}

// send sends through the present socket, with the lock held.
func (d *dialer) send(frame []byte) error {
	if d.socket == nil {
		return hub.ErrGone
	}
	return mapped(d.socket.Send(frame))
}

func mapped(err error) error {
	switch {
	case errors.Is(err, zmq.ErrWouldBlock):
		return hub.ErrFull
	case errors.Is(err, zmq.ErrNoRoute), errors.Is(err, zmq.ErrClosed):
		return hub.ErrGone
	}
	return err
}

// reopen asks for a fresh connection, with the lock held. The latest wish counts.
func (d *dialer) reopen(r request) {
	select {
	case <-d.again:
	default:
	}
	d.again <- r // the only senders hold the lock, so there is room
}

// run connects until the context ends.
func (d *dialer) run(ctx context.Context) {
	wait := retryFirst
	var next request
	for ctx.Err() == nil {
		server, err := d.resolve(ctx)
		if err == nil {
			wait = retryFirst
			next, err = d.connection(ctx, server, next)
		}
		pause := next.after
		if err != nil {
			if ctx.Err() != nil {
				return
			}
			pause, wait = wait, min(2*wait, retryMost)
			d.lock.Lock()
			d.failure = err
			d.lock.Unlock()
			d.log.Debug("gossip server cannot be reached", "server", d.address, "error", err, "again", pause)
		}
		if !sleep(ctx, pause) {
			return
		}
	}
}

func sleep(ctx context.Context, pause time.Duration) bool {
	if pause <= 0 {
		return ctx.Err() == nil
	}
	t := time.NewTimer(pause)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

func (d *dialer) resolve(ctx context.Context) (netip.AddrPort, error) {
	ctx, cancel := context.WithTimeout(ctx, resolveTimeout)
	defer cancel()
	return resolve(ctx, d.address)
}

// connection opens a socket and serves it until the context ends or a fresh one is
// wanted. The request that it gives back is for the next one.
func (d *dialer) connection(ctx context.Context, server netip.AddrPort, this request) (request, error) {
	socket, err := d.zmq.Dealer(zmq.Options{
		Identity: this.identity, SendHWM: dialerQueue, RecvHWM: dialerQueue, Linger: dialerLinger, MaxMessageSize: d.largest,
		ReconnectInterval: reconnectFirst, ReconnectMax: reconnectMost,
		HeartbeatInterval: heartbeat, HeartbeatTimeout: heartbeatLimit, IPv6: server.Addr().Is6(), Curve: d.curve,
	})
	if err != nil {
		return this, err
	}
	defer socket.Close()
	monitor, err := socket.Monitor()
	if err != nil {
		return this, err
	}
	defer monitor.Close()
	if err := socket.Connect("tcp://" + server.String()); err != nil {
		return this, err
	}
	d.lock.Lock()
	d.socket, d.server, d.failure = socket, server, nil
	select { // what the session wanted of the socket before this one
	case <-d.again:
	default:
	}
	d.lock.Unlock()

	up := make(chan bool, 1) // the latest state, for the address to be looked up again
	var workers sync.WaitGroup
	workers.Go(func() { d.watch(monitor, up) })
	workers.Go(func() { d.receive(socket) })
	next := d.serve(ctx, server, this, up)
	d.lock.Lock()
	now := time.Now()
	d.session.disconnected(now)
	d.session.settle(now)
	d.socket = nil
	d.lock.Unlock()
	_ = monitor.Close() // wakes watch; nothing is lost with it
	err = socket.Close()
	workers.Wait()
	return next, err
}

// serve lets time pass until the context ends or a fresh connection is wanted.
func (d *dialer) serve(ctx context.Context, server netip.AddrPort, this request, up <-chan bool) request {
	ticker := time.NewTicker(d.tick)
	defer ticker.Stop()
	isUp, since := false, time.Now()
	for {
		select {
		case <-ctx.Done():
			return request{}
		case r := <-d.again:
			return r
		case isUp = <-up:
			since = time.Now()
		case now := <-ticker.C:
			d.do(func(time.Time) { d.session.tick(now) })
			if !isUp && now.Sub(since) >= resolveAgain {
				since = now
				if moved, err := d.resolve(ctx); err == nil && moved != server {
					return request{identity: this.identity}
				}
			}
		}
	}
}

// watch hands the session what becomes of the connection.
func (d *dialer) watch(m *zmq.Monitor, up chan bool) {
	for {
		ev, err := m.Next()
		if err != nil {
			return
		}
		d.do(func(now time.Time) {
			if ev.Kind == zmq.Connected {
				d.session.connected(now)
			} else {
				d.session.disconnected(now)
			}
		})
		select {
		case <-up:
		default:
		}
		up <- ev.Kind == zmq.Connected // this is the only sender, so there is room
	}
}

func (d *dialer) receive(s *zmq.Socket) {
	var batch zmq.Batch
	for s.Receive(&batch) == nil {
		d.do(func(now time.Time) {
			for i := range batch.Len() {
				d.session.receive(now, batch.Message(i))
			}
		})
	}
}

func (d *dialer) do(f func(now time.Time)) {
	d.lock.Lock()
	defer d.lock.Unlock()
	now := time.Now()
	f(now)
	d.session.settle(now)
}
