//go:build libzmq

package libzmq

import (
	"errors"
	"net/netip"
	"strings"
	"time"

	zmq4 "github.com/pebbe/zmq4"

	"github.com/gozre/zre/internal/curve"
	"github.com/gozre/zre/internal/transport"
)

// minLinger is how long every socket lingers at least: see doc.go.
const minLinger = 100 * time.Millisecond

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

// network sets the options of a ROUTER or DEALER. The server key is that of a DEALER.
func (t *Transport) network(s *zmq4.Socket, server curve.Key) error {
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

// closeSocket closes a ROUTER or DEALER, which then has the time to send what is in its
// queue. Its monitor is closed after it: a thread of libzmq waits for ever if it has
// something to tell and the monitor is gone, so it is first told to be silent.
func closeSocket(s *zmq4.Socket, linger time.Duration) error {
	return errors.Join(s.Monitor("", 0), s.SetLinger(max(linger, minLinger)), s.Close())
}

// monitor makes a socket that tells of another one's connections.
func (t *Transport) monitor(s *zmq4.Socket, name string, events zmq4.Event) (*zmq4.Socket, error) {
	name = "inproc://" + name
	if err := s.Monitor(name, events); err != nil {
		return nil, err
	}
	m, err := t.socket(zmq4.PAIR)
	if err != nil {
		return nil, err
	}
	// libzmq's own thread would wait for room.
	if err := errors.Join(m.SetRcvhwm(0), m.Connect(name)); err != nil {
		return nil, errors.Join(err, m.Close())
	}
	return m, nil
}

// eachEvent takes what a monitor has to tell, until the function returns false.
func eachEvent(m *zmq4.Socket, f func(event zmq4.Event, value int) bool) {
	for {
		event, _, value, err := m.RecvEvent(zmq4.DONTWAIT)
		if err != nil || !f(event, value) {
			return // There is no more, or the socket is closed.
		}
	}
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

// bindError names the reason of a failed bind.
func bindError(err error) error {
	switch {
	case errors.Is(err, zmq4.EADDRINUSE):
		return errors.Join(transport.ErrAddrInUse, err)
	case errors.Is(err, zmq4.EADDRNOTAVAIL), errors.Is(err, noDevice):
		return errors.Join(transport.ErrAddrNotAvailable, err)
	}
	return err
}

// again reports whether a call would have had to wait.
func again(err error) bool { return errors.Is(err, wouldBlock) }
