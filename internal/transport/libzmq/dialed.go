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
	to := plain(x.dial.to.Addr)
	if err := x.port.open(zmq4.DEALER, x.dial.to.Key, x.observe); err != nil {
		return err
	}
	return errors.Join(
		x.port.socket.SetReconnectIvl(never),
		x.port.socket.SetIpv6(to.Addr().Is6()),
		x.port.socket.Connect(endpoint(to)),
	)
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
	x.port.close(minLinger)
	x.phase = pausing
	err := fmt.Errorf("dial %v: %w", d.to.Addr, reason)
	if !x.leaving.Load() {
		x.tell(func(h transport.Handler) { h.Retry(x.c, err) })
	}
	most := t.cfg.Limits.RetryMost
	pause := min(d.pause, most)
	d.pause = min(2*pause, most)
	d.timer = t.after(pause-rand.N(pause/4+1), x.attempt)
}

// observe is told what the monitor sees.
func (x *conn) observe(event zmq4.Event, value int) bool {
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
		return false
	}
	return true
}

// isUp is called when the handshake is complete.
func (x *conn) isUp() {
	x.phase = up
	x.dial.stopTimer()
	x.t.watch(x.port.socket, x.port.events, func(events zmq4.State) {
		if events&zmq4.POLLIN != 0 {
			x.read()
		}
		if events&zmq4.POLLOUT != 0 {
			x.write()
		}
	})
	if !x.leaving.Load() {
		x.tell(func(h transport.Handler) { h.Up(x.c) })
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
		x.t.unwatch(x.port.monitor)
		x.read()
	}
}

// read reads messages.
func (x *conn) read() {
	for range mostReceived {
		if x.phase == down || x.port.holdsEnough() {
			return
		}
		frames, err := x.port.socket.RecvMessageBytes(zmq4.DONTWAIT)
		if errors.Is(err, wouldBlock) {
			if x.phase == ending {
				x.finish(transport.ErrEnded, minLinger)
			}
			return
		}
		if err != nil {
			x.finish(err, minLinger)
			return
		}
		m, octets, ok := x.t.message(frames)
		if !ok {
			x.finish(transport.ErrTooLarge, minLinger)
			return
		}
		x.receive(m, octets)
	}
	if x.phase == ending {
		x.t.post(x.read) // Nothing else tells that all is read.
	}
}
