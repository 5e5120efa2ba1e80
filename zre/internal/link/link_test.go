package link

import (
	"context"
	"errors"
	"log/slog"
	"math"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"go.uber.org/goleak"

	"github.com/gozre/zre/internal/codec/zremsg"
	"github.com/gozre/zre/internal/endpoint"
	"github.com/gozre/zre/internal/transport"
	"github.com/gozre/zre/internal/transport/mem"
	"github.com/gozre/zre/zre/internal/core"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// peer is the other end: it keeps what it gets.
type peer struct {
	mu   sync.Mutex
	got  []zremsg.Message
	news chan struct{}
}

func (p *peer) Up(*transport.Conn)           {}
func (p *peer) Retry(*transport.Conn, error) {}
func (p *peer) Down(*transport.Conn, error)  {}
func (p *peer) Receive(_ *transport.Conn, messages []transport.Message) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, m := range messages {
		decoded, err := zremsg.Decode(m.First)
		if err != nil {
			panic(err) // The link has sent it.
		}
		p.got = append(p.got, decoded)
	}
	select {
	case p.news <- struct{}{}:
	default:
	}
}

// await returns what the peer got, as soon as it is n messages.
func (p *peer) await(t *testing.T, n int) []zremsg.Message {
	t.Helper()
	deadline := time.After(time.Minute)
	for {
		p.mu.Lock()
		got := slices.Clone(p.got)
		p.mu.Unlock()
		if len(got) >= n {
			return got
		}
		select {
		case <-p.news:
		case <-deadline:
			t.Fatalf("%d messages, want %d", len(got), n)
		}
	}
}

// silent does nothing when a connection changes.
type silent struct{}

func (silent) LinkUp(*Link)           {}
func (silent) LinkRetry(*Link, error) {}
func (silent) LinkDown(*Link, error)  {}

// newLink returns a link to a peer, within memory.
func newLink(t *testing.T, window int, change ...func(*Config)) (*Link, *peer) {
	t.Helper()
	p := &peer{news: make(chan struct{}, 1)}
	registry := mem.NewRegistry()
	open := func(cfg transport.Config) transport.Transport {
		cfg.Logger = slog.New(slog.DiscardHandler)
		tr, err := mem.New(cfg, registry)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := tr.Close(0); err != nil {
				t.Error(err)
			}
		})
		return tr
	}
	at := netip.MustParseAddrPort("10.0.0.1:41000")
	if _, err := open(transport.Config{Accept: func(*transport.Conn) transport.Handler { return p }}).Listen(at); err != nil {
		t.Fatal(err)
	}
	own := open(transport.Config{Identity: []byte{1}})
	cfg := Config{
		Window: window, MaxMissed: 10, Events: silent{}, Logger: slog.New(slog.DiscardHandler),
		Stalled: func(time.Duration) error { return nil },
		Dial: func(_ uuid.UUID, to endpoint.Endpoint, h transport.Handler) *transport.Conn {
			return own.Dial(transport.Target{Addr: to.Addr}, h)
		},
	}
	for _, f := range change {
		f(&cfg)
	}
	s := NewSet(cfg)
	t.Cleanup(s.Close)
	l := s.Open(uuid.UUID{1}, endpoint.Endpoint{Addr: at})
	l.SetPeer(uuid.UUID{1}, "peer")
	return l, p
}

func whisper(t *testing.T, l *Link, octets int) {
	t.Helper()
	if err := l.Whisper(t.Context(), [][]byte{make([]byte, octets)}, octets); err != nil {
		t.Fatal(err)
	}
}

// A session that begins again uses the connection again, with sequence 1 and after
// what the first one has sent.
func TestReopen(t *testing.T) {
	l, p := newLink(t, 1<<20)
	l.Send(&zremsg.Hello{})
	l.Send(&zremsg.Join{Group: "g"})
	next := l.Reopen(core.ReasonRestarted)
	if next == nil {
		t.Fatal("not opened again")
	}
	next.Send(&zremsg.Hello{})
	var got []string
	for _, m := range p.await(t, 3) {
		got = append(got, m.ID().String(), string('0'+rune(m.HeaderSequence())))
	}
	if want := []string{"HELLO", "1", "JOIN", "2", "HELLO", "1"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if err := l.Whisper(t.Context(), nil, 0); !errors.Is(err, ErrGone) {
		t.Errorf("whisper on the first link: %v", err)
	}
	if l.Reopen(core.ReasonRestarted) != nil || l.Failed() != core.ReasonFailed {
		t.Error("a link that has ended was opened again")
	}
}

// What one session has in flight counts in the next one, so that a peer that begins
// again and again, and acknowledges nothing, costs no more than one window.
func TestReopenIsBounded(t *testing.T) {
	l, _ := newLink(t, 64<<10)
	sessions := 0
	for ; l != nil && sessions < 1000; sessions++ {
		l.Send(&zremsg.Hello{})
		whisper(t, l, 1000)
		l = l.Reopen(core.ReasonRestarted)
	}
	if most := 64<<10/1000 + 1; sessions > most {
		t.Errorf("%d sessions on one connection, want at most %d", sessions, most)
	}
}

// PING-OKs that answer the PINGs of an earlier session do not count in the next one:
// neither on the same connection, nor on another one to the same peer; until the
// peer has begun its session after ours.
func TestLateAnswersDoNotCount(t *testing.T) {
	for _, way := range []string{"reopened", "closed"} {
		l, _ := newLink(t, 1<<20)
		l.Send(&zremsg.Hello{})
		for range 3 {
			l.Send(&zremsg.Ping{})
		}
		if !l.Ack() {
			t.Fatalf("%s: the answer to a PING does not count", way)
		}
		next := l.Reopen(core.ReasonGap)
		if way == "closed" {
			next.Close(core.ReasonGap)
			next = l.set.Open(uuid.UUID{1}, endpoint.Endpoint{Addr: netip.MustParseAddrPort("10.0.0.1:41000")})
		}
		next.Send(&zremsg.Hello{})
		next.Send(&zremsg.Ping{})
		for i := range 3 {
			if got := next.Ack(); got != (i == 2) {
				t.Errorf("%s: PING-OK %d counts: %v", way, i+1, got)
			}
		}
		next.Send(&zremsg.Ping{})
		last := next.Reopen(core.ReasonGap)
		last.Send(&zremsg.Ping{})
		last.Synced()
		if !last.Ack() {
			t.Errorf("%s: after the peer's HELLO the answer does not count", way)
		}
	}
}

// A link sends as many PINGs as it takes to know which of them are answered, and data that
// was sent meanwhile gets its PING then.
func TestDoubt(t *testing.T) {
	l, _ := newLink(t, 1<<20)
	l.Send(&zremsg.Hello{})
	for range 3 {
		l.Send(&zremsg.Ping{})
	}
	next := l.Reopen(core.ReasonGap)
	next.Send(&zremsg.Hello{})
	next.Doubt()
	goal, err := next.Ping(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got := next.win.Unanswered(); got != 3+4 {
		t.Fatalf("%d PINGs without an answer, want 3 earlier ones and 4", got)
	}
	next.conn.Lock()
	next.win.Sent(10, 1, true)
	next.conn.Unlock()
	for i := range 4 {
		if got := next.Ack(); got != (i == 3) || next.win.Reached(goal) != got {
			t.Errorf("PING-OK %d counts: %v", i+1, got)
		}
	}
	if next.win.UnfencedData() || next.win.Unanswered() != 1 {
		t.Errorf("no PING follows the data: %+v", next.win)
	}
}

// A full window makes a sender wait: until there is an answer, the context ends, the
// peer is gone, or there is no point in waiting.
func TestWaitForRoom(t *testing.T) {
	stalled := errors.New("stalled")
	for name, c := range map[string]struct {
		happens func(l *Link, cancel func())
		want    error
	}{
		"answer":  {func(l *Link, _ func()) { l.Ack() }, nil},
		"context": {func(_ *Link, cancel func()) { cancel() }, context.Canceled},
		"closed":  {func(l *Link, _ func()) { l.Close(core.ReasonGoodbye) }, ErrGone},
		"stalled": {func(*Link, func()) {}, stalled},
	} {
		l, _ := newLink(t, 64<<10, func(cfg *Config) {
			if name == "stalled" {
				cfg.Stalled = func(time.Duration) error { return stalled }
			}
		})
		l.Send(&zremsg.Hello{})
		whisper(t, l, 100_000)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- l.Whisper(ctx, [][]byte{nil}, 0) }()
		for l.Stats().Waits == 0 {
			time.Sleep(time.Millisecond)
		}
		c.happens(l, cancel)
		if err := <-done; !errors.Is(err, c.want) || (err == nil) != (c.want == nil) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
		cancel()
	}
}

// lineDriver is the system's part of a connection on which more and more arrives, or nothing.
type lineDriver struct{ acked, grows uint64 }

func (*lineDriver) Flush(*transport.Conn)                {}
func (*lineDriver) Close(*transport.Conn, time.Duration) {}
func (*lineDriver) Abort(*transport.Conn)                {}
func (d *lineDriver) Backlog() (transport.Backlog, bool) {
	d.acked += d.grows
	return transport.Backlog{Acked: d.acked, Unacked: 1 << 20}, true
}

// A sender learns whether more arrives at the peer's system, and waits for it as long as it does.
// An octet now and then does not count.
func TestWaitOnASlowLine(t *testing.T) {
	stalled := errors.New("stalled")
	for _, grows := range []uint64{0, 1, 1 << 20} {
		looks := make(chan time.Duration, 1)
		l, _ := newLink(t, 64<<10, func(cfg *Config) {
			cfg.SlowPeer = 10 * time.Millisecond // So often it looks.
			cfg.Dial = func(uuid.UUID, endpoint.Endpoint, transport.Handler) *transport.Conn {
				return transport.NewConn(&lineDriver{grows: grows})
			}
			cfg.Stalled = func(quiet time.Duration) error {
				if quiet == math.MaxInt64 {
					return stalled
				}
				select {
				case looks <- quiet:
				default: // The test has seen enough.
				}
				return nil
			}
		})
		l.Send(&zremsg.Hello{})
		whisper(t, l, 1000)
		goal, _ := l.Fence()
		done := make(chan error)
		go func() { done <- l.Await(t.Context(), goal) }()
		want := stalled
		if grows > 1 {
			want = nil
			for range 3 {
				select {
				case <-looks:
				case <-time.After(time.Minute):
					t.Fatal("it does not look")
				}
			}
			l.Ack()
		}
		select {
		case err := <-done:
			if !errors.Is(err, want) || err != nil && want == nil {
				t.Errorf("grows by %d: %v, want %v", grows, err, want)
			}
		case <-time.After(time.Minute):
			t.Fatal("it waits for ever")
		}
	}
}

// A peer that goes away with unacknowledged data is remembered, once.
func TestMissed(t *testing.T) {
	l, _ := newLink(t, 1<<20)
	l.Send(&zremsg.Hello{})
	whisper(t, l, 10)
	l.Close(core.ReasonLost)
	missed := l.set.TakeMissed()
	if len(missed) != 1 || missed[0].Name != "peer" || !errors.Is(missed[0].Err, ErrGone) {
		t.Errorf("missed %+v", missed)
	}
	if again := l.set.TakeMissed(); len(again) != 0 {
		t.Errorf("missed again %+v", again)
	}
	if s := l.set.Retired(); s.MessagesOut != 2 {
		t.Errorf("retired %+v", s)
	}
}

// After a write has failed, a flush waits until the session ends: what the peer acknowledges
// until then counts.
func TestFlushAfterAWriteFailed(t *testing.T) {
	for _, acked := range []bool{false, true} {
		l, p := newLink(t, 1<<20)
		l.Send(&zremsg.Hello{})
		whisper(t, l, 1)
		p.await(t, 3) // with the PING
		l.conn.Close(0)
		if err := l.Whisper(t.Context(), [][]byte{{1}}, 1); !errors.Is(err, ErrGone) {
			t.Fatalf("on a closed connection: %v", err)
		}
		goal, fenced := l.Fence()
		if !fenced {
			t.Fatal("a flush does not wait")
		}
		awaited := make(chan error, 1)
		go func() { awaited <- l.Await(t.Context(), goal) }()
		if acked && !l.Ack() {
			t.Error("the PING-OK does not count")
		}
		l.Close(core.ReasonLost)
		if err := <-awaited; !errors.Is(err, ErrGone) {
			t.Errorf("the flush ended with %v", err)
		}
		if missed := l.set.TakeMissed(); (len(missed) == 0) != acked {
			t.Errorf("acknowledged %v, missed: %v", acked, missed)
		}
		if _, fenced := l.Fence(); fenced {
			t.Error("a flush waits for a session that has ended")
		}
	}
}

// A flush does not wait for a peer that was sent no message of the application.
func TestFlushWithoutData(t *testing.T) {
	l, _ := newLink(t, 1<<20)
	l.Send(&zremsg.Hello{})
	if _, fenced := l.Fence(); fenced {
		t.Error("a flush waits for a HELLO")
	}
	whisper(t, l, 1)
	if _, fenced := l.Fence(); !fenced {
		t.Error("a flush does not wait for a WHISPER")
	}
	l.Ack()
	l.Send(&zremsg.Join{Group: "g"})
	if _, fenced := l.Fence(); fenced {
		t.Error("a flush waits for a JOIN")
	}
}

// A PING follows data soon, without any other message.
func TestPingFollowsData(t *testing.T) {
	l, p := newLink(t, 1<<20)
	l.Send(&zremsg.Hello{})
	whisper(t, l, 10)
	if got := p.await(t, 3); got[2].ID() != zremsg.IDPing {
		t.Errorf("the third message is %v", got[2].ID())
	}
	goal, waits := l.Fence()
	if !waits {
		t.Fatal("data is acknowledged that nobody has acknowledged")
	}
	l.Ack()
	if err := l.Await(t.Context(), goal); err != nil {
		t.Error(err)
	}
}

// PINGs are answered when what came before them was taken, each.
func TestAnswers(t *testing.T) {
	l, p := newLink(t, 1<<20)
	l.Send(&zremsg.Hello{})
	l.Answer()
	l.Delivered(2)
	l.Answer()
	l.Answer()
	l.Delivered(1)
	l.Answer()
	count := func() (n int) {
		for _, m := range p.await(t, 1) {
			if m.ID() == zremsg.IDPingOK {
				n++
			}
		}
		return n
	}
	p.await(t, 2)
	if !l.Owes() || count() != 1 {
		t.Errorf("owes %v, %d answers, want 1", l.Owes(), count())
	}
	l.Taken(1)
	l.Taken(1)
	p.await(t, 4)
	if !l.Owes() || !(count() == 3) {
		t.Errorf("owes %v, %d answers, want 3", l.Owes(), count())
	}
	if l.Unasked() {
		t.Error("the peer has not asked after its last message")
	}
	l.Taken(1)
	p.await(t, 5)
	if l.Owes() || count() != 4 {
		t.Errorf("owes %v, %d answers, want 4", l.Owes(), count())
	}
}

// A peer that leaves out 65535 in its own sequence gets none of ours, in its next
// sessions as well.
func TestShorten(t *testing.T) {
	l, _ := newLink(t, 1<<20)
	numbers := func(l *Link) (got []uint16) {
		for l.seq = 65533; len(got) < 3; l.seq = l.nextSequence() {
			got = append(got, l.nextSequence())
		}
		return got
	}
	if got := numbers(l); !slices.Equal(got, []uint16{65534, 65535, 0}) {
		t.Errorf("numbers %v", got)
	}
	l.Shorten()
	for _, l := range []*Link{l, l.set.newLink(who{id: uuid.UUID{1}}, nil, nil)} {
		if got := numbers(l); !slices.Equal(got, []uint16{65534, 0, 1}) {
			t.Errorf("numbers after Shorten %v", got)
		}
	}
	if got := numbers(l.set.newLink(who{id: uuid.UUID{2}}, nil, nil)); got[1] != 65535 {
		t.Errorf("numbers of another peer %v", got)
	}
}

// While the numbers in doubt are tried out no other PING gets a number.
func TestNoPingBesidesTrial(t *testing.T) {
	l, _ := newLink(t, 1<<20)
	l.Send(&zremsg.Hello{})
	for stage := running; stage <= agreed; stage++ {
		l.wrap.stage = stage
		before := l.seq
		l.Send(&zremsg.Ping{})
		if sent := l.seq != before; sent == (stage == asking) {
			t.Errorf("stage %d: a PING was sent: %v", stage, sent)
		}
	}
}
