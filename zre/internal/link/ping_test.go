package link

import (
	"errors"
	"testing"

	"github.com/gozre/zre/internal/codec/zremsg"
	"github.com/gozre/zre/zre/internal/core"
)

// Each Ping is a PING of its own, also when nothing was sent in between, and is over when
// that one is answered and not before.
func TestPing(t *testing.T) {
	l, p := newLink(t, 1<<20)
	l.Send(&zremsg.Hello{})
	first, err := l.Ping(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	second, err := l.Ping(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	got := p.await(t, 3)
	if len(got) != 3 || got[1].ID() != zremsg.IDPing || got[2].ID() != zremsg.IDPing {
		t.Fatalf("sent %v, want HELLO, PING, PING", got)
	}
	reached := func(goal uint64) bool {
		l.conn.Lock()
		defer l.conn.Unlock()
		return l.win.Reached(goal)
	}
	if reached(first) {
		t.Error("answered before the PING-OK came")
	}
	l.Ack()
	if !reached(first) || reached(second) {
		t.Error("the first PING-OK answers the first PING alone")
	}
	l.Ack()
	if err := l.Await(t.Context(), second); err != nil {
		t.Error(err)
	}
}

// In the trial at the end of the sequences a further PING would do harm.
func TestPingInTheTrial(t *testing.T) {
	l, p := newLink(t, 1<<20)
	l.Send(&zremsg.Hello{})
	p.await(t, 1)
	l.conn.Lock()
	l.wrap.stage = asking
	l.conn.Unlock()
	if _, err := l.Ping(t.Context()); err != nil {
		t.Error(err)
	}
	if n := l.Stats().MessagesOut; n != 1 {
		t.Errorf("%d messages were sent, want the HELLO alone", n)
	}
}

// The PING waits for the HELLO, and for nothing on a link that has ended.
func TestPingAtBothEnds(t *testing.T) {
	l, p := newLink(t, 1<<20)
	ended := make(chan error, 1)
	go func() {
		_, err := l.Ping(t.Context())
		ended <- err
	}()
	l.Send(&zremsg.Hello{})
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	if got := p.await(t, 2); got[0].ID() != zremsg.IDHello || got[1].ID() != zremsg.IDPing {
		t.Errorf("sent %v, want HELLO, then PING", got)
	}
	l.Close(core.ReasonGoodbye)
	if _, err := l.Ping(t.Context()); !errors.Is(err, ErrGone) {
		t.Error(err)
	}
}
