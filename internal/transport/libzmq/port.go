//go:build libzmq

package libzmq

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"sync/atomic"
	"time"

	zmq4 "github.com/pebbe/zmq4"

	"github.com/gozre/zre/internal/curve"
	"github.com/gozre/zre/internal/transport"
)

// minLinger is how long every socket lingers at least: see doc.go.
const minLinger = 100 * time.Millisecond

const (
	mostHeld     = 1 << 20 // octets that wait for Handlers, above which a port is not read
	mostReceived = 500     // messages that are read from a port at once
	frameCost    = 24      // octets that a frame counts on top: see transport.Limits
)

// port is a socket that leads to the network, a ROUTER or DEALER, with its monitor.
type port struct {
	t               *Transport
	socket, monitor *zmq4.Socket
	read            func() // reads messages

	full bool         // the socket has no room for what is to be sent
	held atomic.Int64 // octets that Handlers have not taken
}

// open makes the socket, which is not bound or connected yet. The server key is that of a
// DEALER. The function is given what the monitor tells, until it returns false. If open fails,
// close closes what there is.
func (p *port) open(kind zmq4.Type, server curve.Key, observe func(zmq4.Event, int) bool) error {
	t := p.t
	var err error
	if p.socket, err = t.socket(kind); err != nil {
		return err
	}
	if err := t.configure(p.socket, server); err != nil {
		return err
	}
	t.monitors++
	name := fmt.Sprintf("inproc://monitor-%d", t.monitors)
	if err := p.socket.Monitor(name, zmq4.EVENT_ALL); err != nil {
		return err
	}
	if p.monitor, err = t.socket(zmq4.PAIR); err != nil {
		return err
	}
	// libzmq's own thread would wait for room.
	if err := errors.Join(p.monitor.SetRcvhwm(0), p.monitor.Connect(name)); err != nil {
		return err
	}
	monitor := p.monitor
	t.watch(monitor, pollIn, func(zmq4.State) {
		for {
			event, _, value, err := monitor.RecvEvent(zmq4.DONTWAIT)
			if err != nil || !observe(event, value) {
				return // There is no more, or it is closed.
			}
		}
	})
	return nil
}

// close closes the socket, which then has the given time to send what is in its queue.
func (p *port) close(linger time.Duration) {
	var errs []error
	if p.socket != nil {
		p.t.unwatch(p.socket)
		// A thread of libzmq waits for ever if it has something to tell and the monitor is
		// gone, so it is first told to be silent.
		errs = append(errs, p.socket.Monitor("", 0),
			p.socket.SetLinger(max(linger, minLinger)), p.socket.Close())
	}
	if p.monitor != nil {
		p.t.unwatch(p.monitor)
		errs = append(errs, p.monitor.Close())
	}
	p.socket, p.monitor = nil, nil
	if err := errors.Join(errs...); err != nil {
		p.t.cfg.Logger.Error("close a socket", "err", err)
	}
}

// events is what the loop has to wait for.
func (p *port) events() (events zmq4.State) {
	if !p.holdsEnough() {
		events |= zmq4.POLLIN
	}
	if p.full {
		events |= zmq4.POLLOUT
	}
	return events
}

// holdsEnough reports whether nothing has to be read now.
func (p *port) holdsEnough() bool { return p.held.Load() >= mostHeld }

// taken says that a Handler has taken octets.
func (p *port) taken(octets int64) {
	if left := p.held.Add(-octets); left < mostHeld && left+octets >= mostHeld {
		p.t.post(p.read)
	}
}

// message makes a message of frames. It reports how many octets it counts, and whether that is
// within the limits.
func (t *Transport) message(frames [][]byte) (m transport.Message, octets int64, ok bool) {
	for _, f := range frames {
		octets += int64(len(f)) + frameCost
	}
	l := &t.cfg.Limits
	ok = len(frames) <= l.MaxFrames && len(frames[0]) <= l.MaxFirst && octets <= l.MaxMessage
	return transport.Message{First: frames[0], Rest: frames[1:]}, octets, ok
}

// socket makes a socket with the options that all have. What it was not able to close
// the end of the context closes.
func (t *Transport) socket(kind zmq4.Type) (*zmq4.Socket, error) {
	s, err := t.ctx.NewSocket(kind)
	if err != nil {
		return nil, err
	}
	if err := s.SetLinger(minLinger); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// configure sets the options of a ROUTER or DEALER.
func (t *Transport) configure(s *zmq4.Socket, server curve.Key) error {
	l := &t.cfg.Limits
	alive := max(l.KeepAlive.Round(time.Second), time.Second)
	seconds := int(alive / time.Second)
	err := errors.Join(
		s.SetMaxmsgsize(l.MaxFrame),
		s.SetHandshakeIvl(l.HandshakeTimeout),
		s.SetTcpKeepalive(1),
		s.SetTcpKeepaliveIdle(seconds),
		s.SetTcpKeepaliveIntvl(seconds),
		s.SetTcpKeepaliveCnt(3),
	)
	if len(t.cfg.Identity) > 0 {
		err = errors.Join(err, s.SetIdentity(string(t.cfg.Identity)))
	}
	if c := t.cfg.Security; c != nil {
		err = errors.Join(err,
			s.SetCurvePublickey(curve.Text(c.Public)),
			s.SetCurveSecretkey(curve.Text(c.Secret)),
		)
		if server.IsZero() {
			err = errors.Join(err, s.SetCurveServer(1), s.SetZapDomain(zapDomain))
		} else {
			err = errors.Join(err, s.SetCurveServerkey(curve.Text(server)))
		}
	}
	return err
}

// endpoint is an address in libzmq's form.
func endpoint(a netip.AddrPort) string {
	if a.Port() == 0 {
		return "tcp://" + strings.TrimSuffix(a.String(), "0") + "*"
	}
	return "tcp://" + a.String()
}

// plain removes the form of IPv4 within IPv6.
func plain(a netip.AddrPort) netip.AddrPort {
	return netip.AddrPortFrom(a.Addr().Unmap(), a.Port())
}
