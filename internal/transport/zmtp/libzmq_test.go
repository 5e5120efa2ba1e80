//go:build libzmq

package zmtp

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	zmq4 "github.com/pebbe/zmq4"

	"github.com/gozre/zre/internal/curve"
	"github.com/gozre/zre/internal/transport"
)

// These tests speak with libzmq's own sockets.

// libzmqSocket opens a socket, and closes it with the test.
func libzmqSocket(t testing.TB, kind zmq4.Type) *zmq4.Socket {
	t.Helper()
	s, err := zmq4.NewSocket(kind)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	check(t, s.SetLinger(0))
	check(t, s.SetRcvtimeo(patience))
	return s
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// bound binds a socket on loopback.
func bound(t testing.TB, s *zmq4.Socket) netip.AddrPort {
	t.Helper()
	check(t, s.Bind("tcp://127.0.0.1:*"))
	endpoint, err := s.GetLastEndpoint()
	check(t, err)
	return netip.MustParseAddrPort(strings.TrimPrefix(endpoint, "tcp://"))
}

// keep fails the test unless no error occurred in applying options.
func apply(t testing.TB, s *zmq4.Socket, options []func(*zmq4.Socket) error) {
	t.Helper()
	for _, o := range options {
		check(t, o(s))
	}
}

type option = func(*zmq4.Socket) error

// curveClient has a socket use CURVE with its own keys to reach the owner of a key.
func curveClient(t testing.TB, server curve.Key) option {
	public, secret := newKeys(t)
	return func(s *zmq4.Socket) error {
		return errors.Join(s.SetCurveServerkey(curve.Text(server)),
			s.SetCurvePublickey(curve.Text(public)), s.SetCurveSecretkey(curve.Text(secret)))
	}
}

// curveServer has a socket use CURVE with a key pair.
func curveServer(public, secret curve.Key) option {
	return func(s *zmq4.Socket) error {
		return errors.Join(s.SetCurveServer(1),
			s.SetCurvePublickey(curve.Text(public)), s.SetCurveSecretkey(curve.Text(secret)))
	}
}

// heartbeats has a socket send PINGs.
func heartbeats(s *zmq4.Socket) error {
	return errors.Join(s.SetHeartbeatIvl(20*time.Millisecond), s.SetHeartbeatTimeout(5*time.Second))
}

func TestLibzmqDealerSendsToUs(t *testing.T) {
	plain := newEnd(t)
	secured := newEnd(t, secure(t))
	for name, tc := range map[string]struct {
		to      *end
		options []option
	}{
		"NULL":                  {plain, nil},
		"NULL with heartbeats":  {plain, []option{heartbeats}},
		"CURVE":                 {secured, []option{curveClient(t, keyOf(secured))}},
		"CURVE with heartbeats": {secured, []option{curveClient(t, keyOf(secured)), heartbeats}},
	} {
		t.Run(name, func(t *testing.T) {
			s := libzmqSocket(t, zmq4.DEALER)
			check(t, s.SetIdentity("\x01libzmq"))
			apply(t, s, tc.options)
			check(t, s.Connect("tcp://"+tc.to.addr.String()))
			o := got(t, "accepted", tc.to.accepted)
			if string(o.conn.Identity) != "\x01libzmq" {
				t.Errorf("identity %q", o.conn.Identity)
			}
			for _, n := range sizes {
				m := message{[]byte("first"), fill(n), nil}
				_, err := s.SendMessage(m[0], m[1], m[2])
				check(t, err)
				if err := sameMessage(got(t, "a message", o.inbox), m); err != nil {
					t.Error(err)
				}
				check(t, o.conn.Send(m[0], m[1:]...))
				back, err := s.RecvMessageBytes(0)
				check(t, err)
				if err := sameMessage(back, m); err != nil {
					t.Errorf("back: %v", err)
				}
			}
		})
	}
}

func TestWeSendToLibzmqRouter(t *testing.T) {
	public, secret := newKeys(t)
	plain := newEnd(t)
	secured := newEnd(t, secure(t))
	for name, tc := range map[string]struct {
		from    *end
		key     curve.Key
		options []option
	}{
		"NULL":                  {from: plain},
		"NULL with heartbeats":  {from: plain, options: []option{heartbeats}},
		"CURVE":                 {secured, public, []option{curveServer(public, secret)}},
		"CURVE with heartbeats": {secured, public, []option{curveServer(public, secret), heartbeats}},
	} {
		t.Run(name, func(t *testing.T) {
			s := libzmqSocket(t, zmq4.ROUTER)
			apply(t, s, tc.options)
			o := newOwner()
			o.conn = tc.from.Dial(transport.Target{Addr: bound(t, s), Key: tc.key}, o)
			got(t, "up", o.up)
			for _, n := range sizes {
				m := message{[]byte("first"), fill(n), nil}
				check(t, o.conn.Send(m[0], m[1:]...))
				arrived, err := s.RecvMessageBytes(0)
				check(t, err)
				if string(arrived[0]) != "\x01some-identity-16" {
					t.Errorf("identity %q", arrived[0])
				}
				if err := sameMessage(arrived[1:], m); err != nil {
					t.Error(err)
				}
				_, err = s.SendMessage(arrived[0], m[0], m[1])
				check(t, err)
				if err := sameMessage(got(t, "an answer", o.inbox), m[:2]); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

func TestLibzmqRefusesUs(t *testing.T) {
	public, secret := newKeys(t)
	other, _ := newKeys(t)
	plain := newEnd(t)
	secured := newEnd(t, secure(t))
	for name, tc := range map[string]struct {
		from    *end
		key     curve.Key
		kind    zmq4.Type
		options []option
		want    error
	}{
		"NULL to CURVE": {plain, curve.Key{}, zmq4.ROUTER, []option{curveServer(public, secret)}, transport.ErrMechanism},
		"CURVE to NULL": {secured, public, zmq4.ROUTER, nil, transport.ErrMechanism},
		"wrong key":     {secured, other, zmq4.ROUTER, []option{curveServer(public, secret)}, transport.ErrWrongKey},
		"PUB":           {plain, curve.Key{}, zmq4.PUB, nil, transport.ErrHandshake},
		"DEALER":        {plain, curve.Key{}, zmq4.DEALER, nil, transport.ErrHandshake},
		"untrusted, by ZAP": {secured, public, zmq4.ROUTER, []option{
			curveServer(public, secret),
			func(s *zmq4.Socket) error { return s.SetZapDomain("closed") },
		}, transport.ErrUntrusted},
	} {
		t.Run(name, func(t *testing.T) {
			if strings.Contains(name, "ZAP") {
				check(t, zmq4.AuthStart())
				defer zmq4.AuthStop()
				zmq4.AuthCurveAdd("closed", curve.Text(other))
			}
			s := libzmqSocket(t, tc.kind)
			apply(t, s, tc.options)
			o := newOwner()
			o.conn = tc.from.Dial(transport.Target{Addr: bound(t, s), Key: tc.key}, o)
			err := got(t, "a failed attempt", o.retries)
			t.Log(err)
			if !errors.Is(err, tc.want) {
				t.Errorf("%v, want %v", err, tc.want)
			}
			o.conn.Close(0)
			got(t, "down", o.down)
		})
	}
}

func TestWeRefuseLibzmq(t *testing.T) {
	other, _ := newKeys(t)
	plain := newEnd(t)
	secured := newEnd(t, secure(t))
	closed := newEnd(t, secure(t), func(cfg *transport.Config) {
		cfg.Security.Allow = func(curve.Key, netip.AddrPort) error { return errors.New("not on the list") }
	})
	for name, tc := range map[string]struct {
		to      *end
		kind    zmq4.Type
		options []option
		want    error
	}{
		"NULL to CURVE": {secured, zmq4.DEALER, nil, transport.ErrMechanism},
		"CURVE to NULL": {plain, zmq4.DEALER, []option{curveClient(t, other)}, transport.ErrMechanism},
		"wrong key":     {secured, zmq4.DEALER, []option{curveClient(t, other)}, transport.ErrHandshake},
		"SUB":           {plain, zmq4.SUB, nil, transport.ErrHandshake},
		"untrusted":     {closed, zmq4.DEALER, []option{curveClient(t, keyOf(closed))}, transport.ErrNotTrusted},
	} {
		t.Run(name, func(t *testing.T) {
			s := libzmqSocket(t, tc.kind)
			apply(t, s, tc.options)
			check(t, s.Monitor("inproc://monitor-"+name, zmq4.EVENT_ALL))
			m := libzmqSocket(t, zmq4.PAIR)
			check(t, m.Connect("inproc://monitor-"+name))
			check(t, s.Connect("tcp://"+tc.to.addr.String()))
			eventually(t, "the refusal is logged: "+tc.want.Error(), func() bool {
				return strings.Contains(tc.to.log.String(), tc.want.Error())
			})
			for !strings.Contains(fmt.Sprint(tc.want), "\x00") {
				e, addr, v, err := m.RecvEvent(0)
				check(t, err)
				t.Log(e, addr, v)
				if e == zmq4.EVENT_DISCONNECTED || strings.Contains(e.String(), "FAILED") || e == zmq4.EVENT_CLOSED {
					break
				}
			}
			t.Log(tc.to.log.String())
		})
	}
}

// libzmq 4.3.4 ends its process when it has heartbeats on and clients reset their connections.
// Our PINGs, and resets after them, do it no harm.
func TestPingsAndResetsDoLibzmqNoHarm(t *testing.T) {
	s := libzmqSocket(t, zmq4.ROUTER)
	addr := bound(t, s)
	e := newEnd(t)
	for i := range 200 {
		o := e.dial(addr)
		got(t, "up", o.up)
		check(t, o.conn.Send([]byte("x"), make([]byte, 10*i)))
		for range i % 5 {
			check(t, o.conn.SendCommand(ping))
			time.Sleep(time.Duration(i%3) * time.Millisecond)
		}
		o.conn.Abort()
		got(t, "down", o.down)
	}
	// With another identity: libzmq ignores a second connection with one that it knows.
	o := newEnd(t, func(cfg *transport.Config) { cfg.Identity = []byte("\x01last") }).dial(addr)
	got(t, "up", o.up)
	check(t, o.conn.Send([]byte("last")))
	for {
		m, err := s.RecvMessageBytes(0)
		check(t, err)
		if string(m[1]) == "last" {
			return
		}
	}
}
