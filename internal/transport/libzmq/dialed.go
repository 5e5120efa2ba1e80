//go:build libzmq

package libzmq

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	zmq4 "github.com/pebbe/zmq4"

	"github.com/gozre/zre/internal/transport"
)

// mechanismMismatch is the detail of a failed handshake in which the two ends have
// different mechanisms (ZMQ_PROTOCOL_ERROR_ZMTP_MECHANISM_MISMATCH).
const mechanismMismatch = 0x11000002

// never is when libzmq would connect again by itself. With the value -1, which is
// documented to turn that off, libzmq drops what was received when the connection ends,
// and aborts the process if a part of a message was read.
const never = 24 * time.Hour

// errUnknown is why an attempt failed that ended without a handshake.
var errUnknown = fmt.Errorf("libzmq does not tell why: %w", transport.ErrRefused)

// attempts is what only a dialed connection has.
type attempts struct {
	to     transport.Target
	pause  time.Duration // after the next failure
	timer  *time.Timer   // of the attempt or the pause
	reason error         // of a failed handshake

	source  source // the DEALER
	monitor *zmq4.Socket
	events  *watch // of the monitor
}

func (d *attempts) stopTimer() {
	if d.timer != nil {
		d.timer.Stop()
	}
}

// start makes the first attempt.
func (x *conn) start() {
	x.t.dialed[x] = struct{}{}
	if x.t.closing {
		x.finish(transport.ErrClosed, minLinger)
		return
	}
	x.attempt()
}

// attempt tries to connect.
func (x *conn) attempt() {
	if x.phase == down {
		return
	}
	x.phase = connecting
	x.dial.reason = errUnknown
	if s := x.t.cfg.Security; s != nil && x.dial.to.Key.IsZero() {
		x.retry(transport.ErrWrongKey)
		return
	}
	if err := x.connect(); err != nil {
		x.retry(err)
		return
	}
	x.dial.timer = x.t.after(x.t.cfg.Limits.HandshakeTimeout, x.late)
}

// connect makes a DEALER that connects in the background.
func (x *conn) connect() error {
	t, d := x.t, x.dial
	s, err := t.socket(zmq4.DEALER)
	if err != nil {
		return err
	}
	d.source.t, d.source.socket, d.source.read = t, s, x.read
	t.monitors++
	err = errors.Join(
		t.network(s, d.to.Key),
		s.SetReconnectIvl(never),
		s.SetIpv6(plain(d.to.Addr).Addr().Is6()),
	)
	if len(t.cfg.Identity) > 0 {
		err = errors.Join(err, s.SetIdentity(string(t.cfg.Identity)))
	}
	if err != nil {
		return err
	}
	d.monitor, err = t.monitor(s, fmt.Sprintf("monitor-%d", t.monitors), zmq4.EVENT_ALL)
	if err != nil {
		return err
	}
	if err := s.Connect(endpoint(plain(d.to.Addr))); err != nil {
		return err
	}
	d.events = t.watch(d.monitor, zmq4.POLLIN, func(zmq4.State) { x.observe() })
	return nil
}

// hangUp closes the sockets.
func (x *conn) hangUp(linger time.Duration) {
	d := x.dial
	var errs []error
	if d.source.watch != nil {
		x.t.unwatch(d.source.watch)
	}
	if d.events != nil {
		x.t.unwatch(d.events)
	}
	if d.source.socket != nil {
		errs = append(errs, closeSocket(d.source.socket, linger))
	}
	if d.monitor != nil {
		errs = append(errs, d.monitor.Close())
	}
	d.source.watch, d.source.socket, d.events, d.monitor = nil, nil, nil, nil
	if err := errors.Join(errs...); err != nil {
		x.t.cfg.Logger.Error("close a socket", "err", err)
	}
}

// late ends an attempt that takes too long.
func (x *conn) late() {
	if x.phase == connecting {
		x.retry(transport.ErrTimeout)
	}
}

// retry ends a failed attempt, and makes another one after a pause.
func (x *conn) retry(reason error) {
	t, d := x.t, x.dial
	d.stopTimer()
	x.hangUp(minLinger)
	x.phase = pausing
	err := fmt.Errorf("dial %v: %w", d.to.Addr, reason)
	if !x.leaving.Load() {
		x.queue.put(func(q *queue) { q.retries = append(q.retries, err) })
	}
	most := t.cfg.Limits.RetryMost
	pause := min(d.pause, most)
	d.pause = min(2*pause, most)
	d.timer = t.after(pause-rand.N(pause/4+1), x.attempt)
}

// observe takes what the monitor has to tell.
func (x *conn) observe() {
	eachEvent(x.dial.monitor, func(event zmq4.Event, value int) bool {
		switch event {
		case zmq4.EVENT_HANDSHAKE_SUCCEEDED:
			x.isUp()
		case zmq4.EVENT_HANDSHAKE_FAILED_AUTH:
			x.dial.reason = transport.ErrUntrusted
		case zmq4.EVENT_HANDSHAKE_FAILED_PROTOCOL, zmq4.EVENT_HANDSHAKE_FAILED_NO_DETAIL:
			x.dial.reason = transport.ErrHandshake
			if value == mechanismMismatch {
				x.dial.reason = transport.ErrMechanism
			}
		case zmq4.EVENT_CLOSED, zmq4.EVENT_DISCONNECTED:
			x.hasEnded()
			return false // The monitor may be closed.
		}
		return true
	})
}

// isUp is called when the handshake is complete.
func (x *conn) isUp() {
	x.phase = up
	d := x.dial
	d.stopTimer()
	d.source.watch = x.t.watch(d.source.socket, zmq4.POLLIN, func(events zmq4.State) {
		if events&zmq4.POLLIN != 0 {
			x.read()
		}
		if events&zmq4.POLLOUT != 0 {
			x.write()
		}
	})
	if !x.leaving.Load() {
		x.queue.put(func(q *queue) { q.up = true })
	}
	x.write()
}

// hasEnded is called when the attempt has failed, or the connection has ended.
func (x *conn) hasEnded() {
	switch x.phase {
	case connecting:
		x.retry(x.dial.reason)
	case up:
		// What it has received is read first.
		x.phase = ending
		x.t.unwatch(x.dial.events)
		x.read()
	}
}

// read reads messages.
func (x *conn) read() {
	s := &x.dial.source
	for range mostReceived {
		if x.phase == down || s.full() {
			return
		}
		first, err := s.socket.RecvBytes(zmq4.DONTWAIT)
		if again(err) {
			if x.phase == ending {
				x.finish(transport.ErrEnded, minLinger)
			}
			return
		}
		var m transport.Message
		ok := false
		if err == nil {
			m, ok, err = s.rest(first)
		}
		if err == nil && !ok {
			err = transport.ErrTooLarge
		}
		if err != nil {
			x.finish(err, minLinger)
			return
		}
		if !x.leaving.Load() {
			x.queue.receive(s, m)
		}
	}
	if x.phase == ending {
		x.t.post(x.read) // Nothing else tells that all is read.
	}
}
