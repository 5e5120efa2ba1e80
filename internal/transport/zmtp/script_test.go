package zmtp

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"testing"
	"time"

	"github.com/gozre/zre/internal/transport"
)

// script is a scripted peer: a socket on which a test says octet by octet what is sent.
type script struct {
	*net.TCPConn
	t testing.TB
}

// scriptTo connects a scripted peer to an address.
func scriptTo(t testing.TB, to netip.AddrPort) *script {
	t.Helper()
	c, err := net.DialTCP("tcp", nil, net.TCPAddrFromAddrPort(to))
	if err != nil {
		t.Fatal(err)
	}
	return newScript(t, c)
}

func newScript(t testing.TB, c *net.TCPConn) *script {
	t.Cleanup(func() { _ = c.Close() })
	_ = c.SetDeadline(time.Now().Add(patience))
	return &script{c, t}
}

// scriptListener lets scripted peers be dialed.
type scriptListener struct {
	*net.TCPListener
	t testing.TB
}

func newScriptListener(t testing.TB) *scriptListener {
	t.Helper()
	l, err := net.ListenTCP("tcp", net.TCPAddrFromAddrPort(loopback(0)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	_ = l.SetDeadline(time.Now().Add(patience))
	return &scriptListener{l, t}
}

func (l *scriptListener) addr() netip.AddrPort { return addrPort(l.Addr()) }

func (l *scriptListener) next() *script {
	l.t.Helper()
	c, err := l.AcceptTCP()
	if err != nil {
		l.t.Fatal(err)
	}
	return newScript(l.t, c)
}

// send sends octets. A peer that has refused before it has read them is no failure.
func (s *script) send(parts ...[]byte) {
	s.t.Helper()
	_, err := s.Write(bytes.Join(parts, nil))
	if err != nil && !errors.Is(classify(err), transport.ErrReset) {
		s.t.Fatal(err)
	}
}

// sendSlowly sends one octet at a time.
func (s *script) sendSlowly(parts ...[]byte) {
	s.t.Helper()
	for _, c := range bytes.Join(parts, nil) {
		s.send([]byte{c})
		time.Sleep(10 * time.Microsecond) // So that most arrive alone.
	}
}

// expect reads exactly these octets.
func (s *script) expect(what string, want ...[]byte) {
	s.t.Helper()
	all := bytes.Join(want, nil)
	got := make([]byte, len(all))
	if n, err := io.ReadFull(s, got); err != nil || !bytes.Equal(got, all) {
		s.t.Fatalf("%s: got %q, error %v, want %q", what, got[:n], err, all)
	}
}

// expectEnd reads until the other end closes or resets, and returns what it read.
func (s *script) expectEnd() []byte {
	s.t.Helper()
	all, err := io.ReadAll(s)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		s.t.Fatalf("waited %v for the end of the connection; got %q", patience, all)
	}
	return all
}

// reset ends the connection without an orderly close.
func (s *script) reset() {
	_ = s.SetLinger(0)
	_ = s.Close()
}

// ready is a READY with properties, given as names and values.
func ready(properties ...string) []byte {
	var b []byte
	for i := 0; i+1 < len(properties); i += 2 {
		b = appendProperty(b, properties[i], []byte(properties[i+1]))
	}
	return command("READY", b)
}

// join puts octets together.
func join(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

// frame is a frame.
func frame(flags byte, body string) []byte { return transport.AppendFrame(nil, flags, []byte(body)) }

// The handshakes of a scripted peer.
var (
	peerGreeting = greeting(nullName, false)
	dealerReady  = ready("Socket-Type", "DEALER", "Identity", "\x01peer")
	routerReady  = ready("Socket-Type", "ROUTER")
	ownReady     = ready("Socket-Type", "ROUTER", "Identity", "\x01some-identity-16")
)

// shaken connects a scripted peer with an accepted connection.
func (e *end) shaken() (*script, *owner) {
	e.t.Helper()
	s := scriptTo(e.t, e.addr)
	s.send(peerGreeting, dealerReady)
	o := got(e.t, "connection is accepted", e.accepted)
	s.expect("handshake", greeting(nullName, true), ownReady)
	return s, o
}
