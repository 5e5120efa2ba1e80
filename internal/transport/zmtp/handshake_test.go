package zmtp

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/gozre/zre/internal/transport"
)

// changed is a copy with one octet changed.
func changed(b []byte, at int, to byte) []byte {
	b = bytes.Clone(b)
	b[at] = to
	return b
}

func TestSlowPeerIsAccepted(t *testing.T) {
	e := newEnd(t)
	s := scriptTo(t, e.addr)
	s.sendSlowly(peerGreeting, dealerReady, frame(1, "first"), frame(0, "second"))
	large := frame(0, strings.Repeat("x", 10_000))
	s.sendSlowly(large[:100])
	s.send(large[100:9900])
	s.sendSlowly(large[9900:])
	o := got(t, "connection is accepted", e.accepted)
	if string(o.conn.Identity) != "\x01peer" || o.conn.Remote != addrPort(s.LocalAddr()) {
		t.Errorf("identity %q, remote %v", o.conn.Identity, o.conn.Remote)
	}
	for _, want := range []message{{[]byte("first"), []byte("second")}, {[]byte(strings.Repeat("x", 10_000))}} {
		if err := sameMessage(got(t, "a message", o.inbox), want); err != nil {
			t.Error(err)
		}
	}
}

func TestSlowPeerIsDialed(t *testing.T) {
	l := newScriptListener(t)
	o := newEnd(t).dial(l.addr())
	s := l.next()
	s.sendSlowly(peerGreeting, routerReady, frame(1, "first"), frame(0, "second"))
	got(t, "connection is up", o.up)
	s.expect("handshake", greeting(nullName, false), ready("Socket-Type", "DEALER", "Identity", "\x01some-identity-16"))
	if err := sameMessage(got(t, "a message", o.inbox), message{[]byte("first"), []byte("second")}); err != nil {
		t.Error(err)
	}
}

// What a peer may be and send is said to be wrong as soon as that can be seen.
var badHandshakes = map[string]struct {
	octets []byte
	want   string // in the error
}{
	"ZMTP 1":                  {[]byte("\x01"), "ZMTP 1, or no ZMTP"},
	"HTTP":                    {[]byte("G"), "ZMTP 1, or no ZMTP"},
	"ZMTP 1, long identity":   {[]byte("\xff\x00\x00\x00\x00\x00\x00\x01\x00\x00"), "ZMTP 1, or no ZMTP"},
	"ZMTP 1, with a version":  {append(peerGreeting[:10:10], 0), "ZMTP 1"},
	"ZMTP 2":                  {append(peerGreeting[:10:10], 1, 5), "ZMTP 2"},
	"ZMTP 2, next revision":   {append(peerGreeting[:10:10], 2), "ZMTP 2"},
	"mechanism CURVE":         {greeting("CURVE", false)[:32], transport.ErrMechanism.Error()},
	"mechanism PLAIN":         {greeting("PLAIN", false)[:32], `"PLAIN"`},
	"mechanism with a suffix": {changed(peerGreeting, 31, 'x')[:32], "mechanism"},
	"message, not a command":  {join(peerGreeting, frame(0, "x")), "flags 0x00"},
	"command with MORE":       {join(peerGreeting, []byte{5}), "flags 0x05"},
	"large command":           {join(peerGreeting, []byte{6, 0, 0, 0, 0, 0, 0, 0x10, 1}), transport.ErrTooLarge.Error()},
	"huge command":            {join(peerGreeting, []byte{6, 255, 255, 255, 255, 255, 255, 255, 255}), transport.ErrTooLarge.Error()},
	"empty command":           {join(peerGreeting, frame(4, "")), "without a name"},
	"command without name":    {join(peerGreeting, frame(4, "\x00x")), "without a name"},
	"name beyond the command": {join(peerGreeting, frame(4, "\x06READY")), "without a name"},
	"another command":         {join(peerGreeting, frame(4, "\x05HELLO")), `"HELLO" instead of READY`},
	"ERROR":                   {join(peerGreeting, frame(4, "\x05ERROR\x03400")), `refuses the connection with "400"`},
	"ERROR without reason":    {join(peerGreeting, frame(4, "\x05ERROR")), "cut off"},
	"ERROR that is cut off":   {join(peerGreeting, frame(4, "\x05ERROR\x04400")), "cut off"},
	"no socket type":          {join(peerGreeting, ready("Identity", "x")), "socket type"},
	"socket type PUB":         {join(peerGreeting, ready("Socket-Type", "PUB")), `socket type of the peer is "PUB"`},
	"property is cut off":     {join(peerGreeting, frame(4, "\x05READY\x0bSocket-Type\x00\x00\x00\x09DEALER")), "cut off"},
	"property has no size":    {join(peerGreeting, frame(4, "\x05READY\x0bSocket-Type\x00\x00\x00")), "cut off"},
	"property of 4 GiB":       {join(peerGreeting, frame(4, "\x05READY\x0bSocket-Type\xff\xff\xff\xff")), "cut off"},
	"identity of 256 octets":  {join(peerGreeting, ready("Socket-Type", "ROUTER", "Identity", strings.Repeat("x", 256))), "identity"},
	"silence":                 {nil, transport.ErrTimeout.Error()},
	"half a signature":        {peerGreeting[:5], transport.ErrTimeout.Error()},
	"half a greeting":         {peerGreeting[:40], transport.ErrTimeout.Error()},
	"no READY":                {peerGreeting, transport.ErrTimeout.Error()},
	"half a READY":            {join(peerGreeting, dealerReady[:20]), transport.ErrTimeout.Error()},
}

// refusal is an ERROR.
func refusal(reason string) []byte {
	return command("ERROR", append([]byte{byte(len(reason))}, reason...))
}

// impatient makes handshakes time out soon.
func impatient(cfg *transport.Config) { cfg.Limits.HandshakeTimeout = 300 * time.Millisecond }

// patienceFor makes handshakes time out soon if that is what a test waits for.
func patienceFor(want string) func(*transport.Config) {
	if want == transport.ErrTimeout.Error() {
		return impatient
	}
	return func(*transport.Config) {}
}

func TestBadPeerIsNotAccepted(t *testing.T) {
	for name, tc := range badHandshakes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := newEnd(t, patienceFor(tc.want))
			s := scriptTo(t, e.addr)
			s.send(tc.octets)
			s.expectEnd()
			eventually(t, "the refusal is logged with "+tc.want, func() bool {
				return strings.Contains(unquoted(e.log.String()), tc.want)
			})
			if len(e.accepted) > 0 {
				t.Error("the connection was accepted")
			}
		})
	}
}

// unquoted takes off what slog's text handler adds to quotes.
func unquoted(s string) string { return strings.ReplaceAll(s, `\"`, `"`) }

func TestBadPeerIsNotDialed(t *testing.T) {
	for name, tc := range badHandshakes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newScriptListener(t)
			o := newEnd(t, patienceFor(tc.want)).dial(l.addr())
			s := l.next()
			s.send(tc.octets)
			err := got(t, "a failed attempt", o.retries)
			if !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error %q, want %q in it", err, tc.want)
			}
			if !errors.Is(err, transport.ErrHandshake) && !errors.Is(err, transport.ErrMechanism) {
				t.Errorf("error %q is of no class", err)
			}
			s.expectEnd()
			o.conn.Close(0)
			if err := got(t, "down", o.down); !errors.Is(err, transport.ErrClosed) {
				t.Errorf("down: %v", err)
			}
		})
	}
}

// A peer may be gone after any octet.
func TestPeerGoesWithinTheHandshake(t *testing.T) {
	whole := join(peerGreeting, dealerReady)
	e := newEnd(t)
	for n := range len(whole) {
		for _, reset := range []bool{false, true} {
			s := scriptTo(t, e.addr)
			s.send(whole[:n])
			s.leave(reset)
			if n%8 == 0 {
				leftByListener(t, e, whole[:n], reset)
			}
		}
	}
	if len(e.accepted) > 0 {
		t.Error("a connection was accepted")
	}
}

// leave ends the connection, in an orderly way or not.
func (s *script) leave(reset bool) {
	if reset {
		s.reset()
	} else {
		_ = s.CloseWrite()
		s.expectEnd()
	}
}

// leftByListener dials a peer that goes after these octets, each time.
func leftByListener(t *testing.T, e *end, octets []byte, reset bool) {
	t.Helper()
	l := newScriptListener(t)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := l.AcceptTCP()
			if err != nil {
				return
			}
			_, _ = c.Write(octets)
			if reset {
				_ = c.SetLinger(0)
			}
			_ = c.Close()
		}
	}()
	o := e.dial(l.addr())
	err := got(t, "a failed attempt", o.retries)
	if !errors.Is(err, transport.ErrEnded) && !errors.Is(err, transport.ErrReset) {
		t.Errorf("gone after %d octets, reset %v: %v", len(octets), reset, err)
	}
	o.conn.Close(0)
	got(t, "down", o.down)
	_ = l.Close()
	<-done
}

func TestSocketTypes(t *testing.T) {
	e := newEnd(t)
	for _, kind := range []string{"DEALER", "REQ", "ROUTER"} {
		s := scriptTo(t, e.addr)
		s.send(peerGreeting, ready("Socket-Type", kind, "X-other", "value", "Identity", ""))
		got(t, kind+" is accepted", e.accepted)
	}
	for _, kind := range []string{"REP", "PUB", "SUB", "PUSH", "PULL", "PAIR", "STREAM", "dealer", "DEALER ", ""} {
		s := scriptTo(t, e.addr)
		s.send(peerGreeting, ready("Socket-Type", kind))
		s.expect("the refusal", greeting(nullName, true), refusal(reasonInvalid))
		s.expectEnd()
	}
	for _, kind := range []string{"DEALER", "REQ", "REP", "PUB"} {
		l := newScriptListener(t)
		o := e.dial(l.addr())
		l.next().send(peerGreeting, ready("Socket-Type", kind))
		if err := got(t, "a failed attempt", o.retries); !strings.Contains(err.Error(), kind) {
			t.Errorf("%s: %v", kind, err)
		}
		o.conn.Close(0)
	}
}

// Both ends learn that their mechanisms differ, whoever tells its own first.
func TestMechanismsDiffer(t *testing.T) {
	for _, first := range []int{versionEnd, greetingSize} {
		t.Run(fmt.Sprint(first), func(t *testing.T) {
			e := newEnd(t)
			theirs := greeting(curveName, true)
			s := scriptTo(t, e.addr)
			s.send(theirs[:first])
			s.expect("version", greeting(nullName, true)[:versionEnd])
			s.send(theirs[first:])
			s.expect("the rest", greeting(nullName, true)[versionEnd:])
			s.expectEnd()
			eventually(t, "the refusal is logged", func() bool {
				return strings.Contains(e.log.String(), transport.ErrMechanism.Error())
			})
		})
	}
	// libzmq closes without having told its mechanism when it sees another one.
	l := newScriptListener(t)
	o := newEnd(t).dial(l.addr())
	s := l.next()
	s.expect("greeting", greeting(nullName, false))
	_ = s.Close()
	s = l.next()
	s.send(peerGreeting[:10])
	s.expect("careful greeting", greeting(nullName, false)[:versionEnd])
	s.send(greeting(curveName, true)[10:])
	s.expect("the rest", greeting(nullName, false)[versionEnd:])
	if err := got(t, "a failed attempt", o.retries); !errors.Is(err, transport.ErrMechanism) {
		t.Errorf("%v, want %v", err, transport.ErrMechanism)
	}
}

// A careful dialing side does not wait for ever for one that waits for it.
func TestCarefulDialingSideGoesOn(t *testing.T) {
	l := newScriptListener(t)
	o := newEnd(t).dial(l.addr())
	_ = l.next().Close()
	s := l.next()
	s.send(peerGreeting[:versionEnd])
	s.expect("greeting", greeting(nullName, false)) // in two parts, after a while
	s.send(peerGreeting[versionEnd:], routerReady)
	got(t, "connection is up", o.up)
}

// A refused peer can read why, as its connection is closed in an orderly way, though not all
// that it has sent was read.
func TestRefusalIsOrderly(t *testing.T) {
	e := newEnd(t)
	for name, tc := range map[string]struct{ octets, want []byte }{
		"mechanism":   {greeting("CURVE", false), greeting(nullName, true)},
		"socket type": {join(peerGreeting, ready("Socket-Type", "PUB")), refusal(reasonInvalid)},
	} {
		s := scriptTo(t, e.addr)
		s.send(tc.octets, make([]byte, 50_000))
		_ = s.CloseWrite()
		got, err := io.ReadAll(s)
		if err != nil || !bytes.HasSuffix(got, tc.want) {
			t.Errorf("%s: got %q, error %v", name, got, err)
		}
	}
}

func TestRefusalIsLoggedOnce(t *testing.T) {
	e := newEnd(t)
	for range 5 {
		s := scriptTo(t, e.addr)
		s.send(greeting("PLAIN", false))
		s.expectEnd()
	}
	s := scriptTo(t, e.addr)
	s.send([]byte("GET / HTTP/1.1\r\n\r\n"))
	s.expectEnd()
	eventually(t, "two refusals are logged", func() bool {
		return strings.Count(e.log.String(), "refused a connection") == 2
	})
	if n := strings.Count(e.log.String(), "level=WARN"); n != 2 {
		t.Errorf("%d warnings, want 2:\n%v", n, e.log)
	}
}
