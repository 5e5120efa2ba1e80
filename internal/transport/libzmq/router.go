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
	source
	queue   queue // calls Config.Lost
	watches []*watch
	monitor *zmq4.Socket
	failed  int          // handshakes whose end is still to be told
	zap     *zmq4.Socket // answers who may connect
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
			return netip.AddrPort{}, errors.Join(err, t.closeRouter(minLinger))
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

// openRouter makes the ROUTER, its monitor, and the ZAP handler if keys are used.
func (t *Transport) openRouter() error {
	r := &t.router
	var err error
	if t.cfg.Security != nil {
		if err := t.openZAP(); err != nil {
			return err
		}
	}
	r.t, r.queue.t, r.source.read = t, t, t.read
	if r.socket, err = t.socket(zmq4.ROUTER); err != nil {
		return err
	}
	err = errors.Join(
		t.network(r.socket, curve.Key{}),
		r.socket.SetRouterMandatory(1),
		r.socket.SetRouterHandover(true),
	)
	if len(t.cfg.Identity) > 0 {
		err = errors.Join(err, r.socket.SetIdentity(string(t.cfg.Identity)))
	}
	if err != nil {
		return err
	}
	if r.monitor, err = t.monitor(r.socket, "monitor-router", zmq4.EVENT_ALL); err != nil {
		return err
	}
	observe := t.watch(r.monitor, zmq4.POLLIN, func(zmq4.State) { t.observe() })
	r.watch = t.watch(r.socket, zmq4.POLLIN, func(zmq4.State) { t.read() })
	r.watches = append(r.watches, observe, r.watch)
	return nil
}

// closeRouter closes the ROUTER and what belongs to it.
func (t *Transport) closeRouter(linger time.Duration) error {
	r := &t.router
	for _, w := range r.watches {
		t.unwatch(w)
	}
	var errs []error
	if r.socket != nil {
		errs = append(errs, closeSocket(r.socket, linger))
	}
	for _, s := range []*zmq4.Socket{r.monitor, r.zap} {
		if s != nil {
			errs = append(errs, s.Close())
		}
	}
	r.watches, r.watch, r.socket, r.monitor, r.zap = nil, nil, nil, nil, nil
	return errors.Join(errs...)
}

// observe takes what the monitor of the ROUTER has to tell.
func (t *Transport) observe() {
	r := &t.router
	lost := false
	eachEvent(r.monitor, func(event zmq4.Event, value int) bool {
		switch event {
		case zmq4.EVENT_HANDSHAKE_FAILED_NO_DETAIL, zmq4.EVENT_HANDSHAKE_FAILED_AUTH,
			zmq4.EVENT_HANDSHAKE_FAILED_PROTOCOL:
			r.failed++
			t.cfg.Logger.Debug("handshake failed", "event", event, "detail", fmt.Sprintf("%#x", value))
		case zmq4.EVENT_DISCONNECTED:
			if r.failed > 0 {
				r.failed--
			} else {
				lost = true
			}
		case zmq4.EVENT_ACCEPT_FAILED:
			t.cfg.Logger.Warn("no connection can be accepted", "errno", value)
		}
		return true
	})
	if lost && t.cfg.Lost != nil {
		r.queue.put(func(q *queue) { q.lost = true })
	}
}

// read reads messages of the ROUTER.
func (t *Transport) read() {
	r := &t.router
	for range mostReceived {
		if r.full() {
			return
		}
		identity, err := r.socket.RecvBytes(zmq4.DONTWAIT)
		if again(err) {
			return
		}
		var first []byte
		var from map[string]string // What libzmq adds, the identity, has none.
		if err == nil {
			first, from, err = r.socket.RecvBytesWithMetadata(zmq4.DONTWAIT, propertyKey, propertyAddress)
		}
		var m transport.Message
		ok := false
		if err == nil {
			m, ok, err = r.rest(first)
		}
		if err != nil {
			t.cfg.Logger.Error("read a message", "err", err)
			return
		}
		if !ok {
			t.cfg.Logger.Debug("message beyond the limits dropped", "identity", identity)
			continue
		}
		if x := t.from(identity, from); x != nil && !x.leaving.Load() {
			x.queue.receive(&r.source, m)
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
	x = newConn(t)
	x.route, x.phase = string(identity), up
	x.queue.refuse = x.refuse
	x.c.Key = key
	if !madeUp(identity) {
		x.c.Identity = bytes.Clone(identity)
	}
	x.c.Remote = netip.AddrPortFrom(remote, 0)
	t.accepted[x.route] = x
	x.queue.put(func(q *queue) { q.accept = true })
	x.write()
	return x
}

// refuse is called when Config.Accept has refused the connection. Its messages are
// dropped for a while; then they, or those of a new connection, begin another one.
func (x *conn) refuse() { x.t.after(refusedPause, x.forget) }

// forget lets the next message of an accepted connection begin another one.
func (x *conn) forget() {
	if x.t.accepted[x.route] == x {
		delete(x.t.accepted, x.route)
	}
}

// madeUp reports whether libzmq has made the identity because the other end has none
// (ZeroMQ RFC 28: it begins with an octet 0).
func madeUp(identity []byte) bool { return len(identity) == 5 && identity[0] == 0 }
