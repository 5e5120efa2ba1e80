package zgossip

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/gozre/zre/internal/transport"
)

// scriptedSession counts what a dialer tells it.
type scriptedSession struct {
	ups, downs, messages, ticks int
	isReady                     bool
	bad                         uint64
}

func (s *scriptedSession) connected(time.Time, *transport.Conn)       { s.ups++ }
func (s *scriptedSession) disconnected(time.Time)                     { s.downs++ }
func (s *scriptedSession) receive(_ time.Time, _ []byte, _ ...[]byte) { s.messages++ }
func (s *scriptedSession) tick(time.Time)                             { s.ticks++ }
func (s *scriptedSession) settle(time.Time)                           {}
func (s *scriptedSession) ready() bool                                { return s.isReady }
func (s *scriptedSession) refused() uint64                            { return s.bad }

func scriptedDialer(log *logBook) (*dialer, *scriptedSession) {
	s := &scriptedSession{}
	d := newDialer(&network{}, remote{address: "host:1"}, new(sync.Mutex), log.logger())
	d.session = s
	return d, s
}

// Once a connection is not the current one, nothing that happens to it counts.
func TestOldConnectionsDoNotCount(t *testing.T) {
	d, s := scriptedDialer(new(logBook))
	old := &attempt{d: d, ended: make(chan struct{})}
	d.current = &attempt{d: d, ended: make(chan struct{})}
	old.Up(nil)
	old.Receive(nil, make([]transport.Message, 3))
	old.Retry(nil, transport.ErrRefused)
	old.Down(nil, transport.ErrEnded)
	if s.ups+s.downs+s.messages > 0 || d.episode.cause != nil {
		t.Errorf("%+v, cause %v", s, d.episode.cause)
	}
	d.current.Up(nil)
	d.current.Receive(nil, make([]transport.Message, 3))
	d.current.Down(nil, transport.ErrEnded)
	if s.ups != 1 || s.messages != 3 || s.downs != 1 || d.episode.cause == nil {
		t.Errorf("the current one: %+v, cause %v", s, d.episode.cause)
	}
}

// A connection without a session is silent, or foreign if it sent something else.
func TestConnectionWithoutSession(t *testing.T) {
	for bad, want := range map[uint64]error{0: errSilent, 1: errForeign} {
		d, s := scriptedDialer(new(logBook))
		s.bad = 5 // of connections before
		a := &attempt{d: d, ended: make(chan struct{})}
		d.current = a
		a.Up(nil)
		s.bad += bad
		if a.tick(); d.episode.cause != nil {
			t.Errorf("after a moment: %v", d.episode.cause)
		}
		a.since = a.since.Add(-silenceLimit)
		if a.tick(); !errors.Is(d.episode.cause, want) {
			t.Errorf("%d other messages: cause %v, want %v", bad, d.episode.cause, want)
		}
		s.isReady = true
		if a.tick(); d.episode.cause != nil {
			t.Errorf("when it is good: %v", d.episode.cause)
		}
	}
}

func TestEpisode(t *testing.T) {
	var log logBook
	e := episode{log: log.logger(), server: "host:1"}
	now := time.Unix(1000, 0)
	after := func(d time.Duration, warnings, ends int) {
		t.Helper()
		now = now.Add(d)
		e.check(now)
		if w, i := log.count("level=WARN", "cannot be used"), log.count("level=WARN", "can be used again"); w != warnings || i != ends {
			t.Fatalf("%d warnings and %d ends, want %d and %d", w, i, warnings, ends)
		}
	}
	e.begin(now)
	after(time.Hour, 0, 0) // it is not known what is wrong
	e.end(now)
	after(0, 0, 0)

	e.begin(now)
	e.fail(now, ErrRefused, false)
	after(silenceLimit-1, 0, 0) // a server that restarts
	after(1, 1, 0)
	e.fail(now, ErrRefused, false)
	after(time.Minute, 1, 0)
	e.fail(now, ErrTimeout, false)
	after(0, 2, 0)
	e.fail(now, ErrRefused, false)
	after(0, 2, 0)
	for i := range 100 {
		e.fail(now, &causeError{time.Duration(i).String(), nil}, false)
	}
	after(0, maxTold, 0)
	e.end(now)
	after(0, maxTold, 1)

	e.begin(now)
	e.fail(now, explain(ErrUntrusted, true, true), true) // does not go away by itself
	after(0, maxTold+1, 1)
	e.end(now)
	after(0, maxTold+1, 2)
}
