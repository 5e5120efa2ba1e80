//go:build libzmq

package libzmq

import (
	"bytes"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	zmq4 "github.com/pebbe/zmq4"

	"github.com/gozre/zre/internal/curve"
	"github.com/gozre/zre/internal/transport"
)

// router is the socket of all accepted connections, made when it is first needed.
type router struct {
	port
	calls  calls        // of Config.Lost
	failed int          // handshakes whose end is still to be told
	zap    *zmq4.Socket // answers who may connect
}

// refusedPause is how long nobody is asked again about an identity that was refused.
const refusedPause = time.Second

// The properties of a message that libzmq has from the connection.
const (
	propertyKey     = "User-Id" // as the ZAP handler gives it
	propertyAddress = "Peer-Address"
)

// listen binds the ROUTER to an address.
func (t *Transport) listen(addr netip.AddrPort) (netip.AddrPort, error) {
	if t.closing {
		return netip.AddrPort{}, transport.ErrClosed
	}
	r := &t.router
	if r.socket == nil {
		if err := t.openRouter(); err != nil {
			r.close(minLinger)
			return netip.AddrPort{}, err
		}
	}
	addr = plain(addr)
	if err := r.socket.SetIpv6(addr.Addr().Is6()); err != nil {
		return netip.AddrPort{}, err
	}
	if err := r.socket.Bind(endpoint(addr)); err != nil {
		return netip.AddrPort{}, bindError(err)
	}
	last, err := r.socket.GetLastEndpoint()
	if err != nil {
		return netip.AddrPort{}, err
	}
	bound, err := netip.ParseAddrPort(strings.TrimPrefix(last, "tcp://"))
	return plain(bound), err
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

// openRouter makes the ROUTER, and the ZAP handler if keys are used.
func (t *Transport) openRouter() error {
	r := &t.router
	if t.cfg.Security != nil {
		if err := t.openZAP(); err != nil {
			return err
		}
	}
	if err := r.open(zmq4.ROUTER, curve.Key{}, t.observe); err != nil {
		return err
	}
	t.watch(r.socket, r.events, func(zmq4.State) { t.read() })
	return errors.Join(r.socket.SetRouterMandatory(1), r.socket.SetRouterHandover(true))
}

// observe is told what the monitor of the ROUTER sees.
func (t *Transport) observe(event zmq4.Event, value int) bool {
	r := &t.router
	switch event {
	case zmq4.EVENT_HANDSHAKE_FAILED_NO_DETAIL, zmq4.EVENT_HANDSHAKE_FAILED_AUTH,
		zmq4.EVENT_HANDSHAKE_FAILED_PROTOCOL:
		r.failed++
		t.cfg.Logger.Debug("handshake failed", "event", event, "detail", fmt.Sprintf("%#x", value))
	case zmq4.EVENT_DISCONNECTED:
		if r.failed > 0 {
			r.failed--
		} else if t.cfg.Lost != nil {
			r.calls.add(t.cfg.Lost)
		}
	case zmq4.EVENT_ACCEPT_FAILED:
		t.cfg.Logger.Warn("no connection can be accepted", "errno", value)
	}
	return true
}

// read reads messages of the ROUTER.
func (t *Transport) read() {
	r := &t.router
	for range mostReceived {
		if r.socket == nil || r.holdsEnough() {
			return
		}
		identity, err := r.socket.RecvBytes(zmq4.DONTWAIT)
		if errors.Is(err, wouldBlock) {
			return
		}
		var frames [][]byte
		var from map[string]string // What libzmq adds, the identity, has none.
		if err == nil {
			frames, from, err = r.socket.RecvMessageBytesWithMetadata(zmq4.DONTWAIT,
				propertyKey, propertyAddress)
		}
		if err != nil {
			t.cfg.Logger.Error("read a message", "err", err)
			return
		}
		m, octets, ok := t.message(frames)
		if !ok {
			t.cfg.Logger.Debug("message beyond the limits dropped", "identity", identity)
			continue
		}
		if x := t.from(identity, from); x != nil {
			x.receive(m, octets)
		}
	}
}

// from returns the connection that a message came from.
func (t *Transport) from(identity []byte, properties map[string]string) *conn {
	var key curve.Key
	if t.cfg.Security != nil {
		var err error
		if key, err = curve.Parse(properties[propertyKey]); err != nil {
			return nil // The ZAP handler gives each connection its key.
		}
	}
	x := t.accepted[string(identity)]
	remote, _ := netip.ParseAddr(properties[propertyAddress])
	remote = remote.Unmap() // Not valid if libzmq has lost what belongs to the frame.
	if x != nil && (x.c.Key != key || remote.IsValid() && x.c.Remote.Addr() != remote) {
		// Another one has taken the identity, or the other end has connected again from
		// another address.
		x.finish(transport.ErrReset, minLinger)
		x = nil
	}
	if x != nil || t.closing {
		return x
	}
	x = newConn(t, &t.router.port)
	x.route, x.phase = string(identity), up
	x.c.Key = key
	if !madeUp(identity) {
		x.c.Identity = bytes.Clone(identity)
	}
	x.c.Remote = netip.AddrPortFrom(remote, 0)
	t.accepted[x.route] = x
	x.calls.add(x.accept)
	x.write()
	return x
}

// accept asks for a Handler. If it is refused, the messages of the connection are dropped for a
// while; then they, or those of a new connection, begin another one.
func (x *conn) accept() {
	if x.handler = x.t.cfg.Accept(x.c); x.handler == nil {
		x.t.after(refusedPause, x.forget)
	}
}

// forget lets the next message of an accepted connection begin another one.
func (x *conn) forget() {
	if x.t.accepted[x.route] == x {
		delete(x.t.accepted, x.route)
	}
}

// madeUp reports whether libzmq has made the identity because the other end has none
// (ZeroMQ RFC 28: it begins with an octet 0).
func madeUp(identity []byte) bool { return len(identity) == 5 && identity[0] == 0 }
