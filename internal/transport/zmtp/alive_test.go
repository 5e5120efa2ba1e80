package zmtp

import (
	"errors"
	"io"
	"runtime"
	"testing"
	"time"

	"github.com/gozre/zre/internal/transport"
)

// lively makes KeepAlive short.
func lively(cfg *transport.Config) { cfg.Limits.KeepAlive = 200 * time.Millisecond }

// unhurriedly makes rounds pass when the test says so only.
func unhurriedly(cfg *transport.Config) { cfg.Limits.KeepAlive = time.Hour }

var pingFrame = command("PING", []byte{0, 0})

// A peer that was silent is asked, and is given up if it does not answer.
func TestSilentPeer(t *testing.T) {
	t.Parallel()
	e := newEnd(t, lively)
	t.Run("accepted", func(t *testing.T) {
		s, o := e.shaken()
		s.expect("PINGs", pingFrame, pingFrame, pingFrame)
		if err := got(t, "down", o.down); !errors.Is(err, transport.ErrTimeout) {
			t.Errorf("down: %v", err)
		}
		s.expectEnd()
	})
	t.Run("dialed", func(t *testing.T) {
		l := newScriptListener(t)
		o := e.dial(l.addr())
		s := l.next()
		s.send(peerGreeting, routerReady)
		got(t, "up", o.up)
		s.expect("handshake", greeting(nullName, false), ready("Socket-Type", "DEALER", "Identity", "\x01some-identity-16"))
		s.expect("PINGs", pingFrame, pingFrame, pingFrame)
		if err := got(t, "down", o.down); !errors.Is(err, transport.ErrTimeout) {
			t.Errorf("down: %v", err)
		}
	})
}

// One that answers, or says anything else, stays.
func TestAnsweringPeerStays(t *testing.T) {
	t.Parallel()
	s, o := newEnd(t, lively).shaken()
	for range 8 {
		s.expect("PING", pingFrame)
		s.send(command("PONG", nil))
	}
	if err := o.conn.Err(); err != nil {
		t.Errorf("ended: %v", err)
	}
}

// A peer of ZMTP 3.0 is not asked, as it may not know PING, and stays.
func TestPeerOfZMTP30IsNotAsked(t *testing.T) {
	t.Parallel()
	e := newEnd(t, lively)
	s := scriptTo(t, e.addr)
	s.send(changed(peerGreeting, 11, 0), dealerReady)
	o := got(t, "accepted", e.accepted)
	s.expect("handshake", greeting(nullName, true), ownReady)
	engine := e.Transport.(*engine)
	for start := engine.beat.Load(); engine.beat.Load()-start < 2*deadAfter; {
		time.Sleep(time.Millisecond)
	}
	if err := o.conn.Err(); err != nil {
		t.Errorf("ended: %v", err)
	}
	o.conn.Close(0)
	if b := s.expectEnd(); len(b) > 0 {
		t.Errorf("the peer got %q", b)
	}
}

// A receiver that does not take what arrives is not dead: it goes on asking, and the other
// end keeps the connection.
func TestSlowReceiverIsNotDead(t *testing.T) {
	t.Parallel()
	a, b := newEnd(t, lively), newEnd(t, lively)
	out, in := connected(t, a, b)
	in.gate.Lock()
	const count = 500
	for range count {
		if err := out.conn.Send([]byte("x"), make([]byte, 50_000)); err != nil {
			t.Fatal(err)
		}
	}
	engine := a.Transport.(*engine)
	for start := engine.beat.Load(); engine.beat.Load()-start < 2*deadAfter; {
		time.Sleep(time.Millisecond)
	}
	for _, o := range []*owner{out, in} {
		if err := o.conn.Err(); err != nil {
			t.Errorf("ended: %v", err)
		}
	}
	in.gate.Unlock()
	for range count {
		got(t, "a message", in.inbox)
	}
}

// A link whose owner is done at the moment at which it is looked after has not been silent.
func TestOwnerIsDoneAtALook(t *testing.T) {
	t.Parallel()
	out, _ := connected(t, newEnd(t, unhurriedly), newEnd(t))
	l := linkOf(out)
	now := l.engine.beat.Add(2 * deadAfter)
	for i := range 5000 {
		l.heard.Store(now - 2*deadAfter)
		l.busy.Store(true)
		done := make(chan struct{})
		go func() {
			defer close(done)
			for range i % 50 { // at various times
				runtime.Gosched()
			}
			l.heard.Store(now)
			l.busy.Store(false)
		}()
		for range 50 {
			l.lookAfter(now)
		}
		<-done
		if err := out.conn.Err(); err != nil {
			t.Fatalf("round %d: ended: %v", i, err)
		}
	}
}

// Two ends that say nothing keep their connection, and as a rule only the dialing one asks.
func TestIdleConnectionStays(t *testing.T) {
	t.Parallel()
	a, b := newEnd(t, lively), newEnd(t, lively)
	out, in := connected(t, a, b)
	engine := a.Transport.(*engine)
	for start := engine.beat.Load(); engine.beat.Load()-start < 2*deadAfter; {
		time.Sleep(time.Millisecond)
	}
	for _, o := range []*owner{out, in} {
		if err := o.conn.Err(); err != nil {
			t.Errorf("ended: %v", err)
		}
	}
}

// The PINGs do not break a message that is being sent.
func TestPingsBetweenMessages(t *testing.T) {
	t.Parallel()
	s, o := newEnd(t, lively).shaken()
	const size = 100_000
	go func() { // It ends with the connection.
		for o.conn.Send([]byte("first"), make([]byte, size)) == nil {
			throttle(o.conn)
		}
	}()
	pings, messages := 0, 0
	for pings < 3 || messages < 50 {
		h := make([]byte, 2)
		if _, err := io.ReadFull(s, h); err != nil {
			t.Fatal(err)
		}
		switch h[0] {
		case transport.FlagCommand:
			s.expectSize(int64(h[1]))
			s.send(command("PONG", nil))
			pings++
		case transport.FlagMore:
			s.expectSize(int64(h[1]) + 9 + size)
			messages++
		default:
			t.Fatalf("a frame with flags %#02x", h[0])
		}
	}
	o.conn.Close(0)
	got(t, "down", o.down)
}

// expectSize reads that many octets.
func (s *script) expectSize(n int64) {
	s.t.Helper()
	if _, err := io.CopyN(io.Discard, s, n); err != nil {
		s.t.Fatal(err)
	}
}
