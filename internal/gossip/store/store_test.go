package store

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gozre/zre/internal/gossip/wire"
)

var testConfig = Config{
	Grace: 3 * time.Second, OriginTTL: 10 * time.Second, TombstoneTTL: time.Minute,
	HistoryWindow: 30 * time.Second, FlapLimit: 2, MaxTuples: 10, MaxPerSource: 4,
	MaxOrigins: 6, MaxOriginsPerSource: 4,
}

// bench is a store with a clock of its own.
type bench struct {
	*testing.T
	*Store
	now time.Time
}

func newBench(t *testing.T) *bench {
	return &bench{t, New(wire.ID{1}, testConfig), time.Unix(1000, 0)}
}

// wait lets time pass, with a tick at every deadline.
func (b *bench) wait(d time.Duration) {
	b.Helper()
	end := b.now.Add(d)
	for next := b.Next(); !next.IsZero() && !next.After(end); next = b.Next() {
		b.now = next
		b.Tick(next)
		if n := b.Next(); !n.IsZero() && !n.After(next) {
			b.Fatalf("Tick at %v leaves a deadline at %v", next, n)
		}
	}
	b.now = end
	b.Tick(end)
}

func (b *bench) publish(p Publication, want Outcome) {
	b.Helper()
	got, err := b.Publish(b.now, p)
	if err != nil || got != want {
		b.Fatalf("publish %s=%s from %d: outcome %d, error %v; want outcome %d", p.Key, p.Value, p.Source, got, err, want)
	}
}

func (b *bench) direct(src Source, value string) {
	b.Helper()
	b.publish(Publication{Source: src, Class: Direct, Key: "k", Value: value}, Accepted)
}

func (b *bench) value(want string) {
	b.Helper()
	got := ""
	if e, ok := b.entries["k"]; ok && e.Alive {
		got = e.Value
	}
	if got != want {
		b.Fatalf("the value is %q, want %q", got, want)
	}
}

func (b *bench) merge(origin byte, seq uint64, value string, state wire.State, want bool) {
	b.Helper()
	got, err := b.Merge(b.now, Record{Key: "k", Value: value, Origin: wire.ID{origin}, Seq: seq, State: state}, 100)
	if err != nil || got != want {
		b.Fatalf("merge: %v, %v; want %v", got, err, want)
	}
}

// beats merges beats, and checks whether a silent server is back.
func (b *bench) beats(back bool, beats ...wire.Beat) {
	b.Helper()
	got, err := b.MergeBeats(b.now, beats, 100)
	if err != nil || got != back {
		b.Fatalf("beats: back %v, error %v; want %v", got, err, back)
	}
}

func TestGrace(t *testing.T) {
	b := newBench(t)
	b.direct(1, "v")
	b.Lost(b.now, 1)
	b.wait(2900 * time.Millisecond)
	b.value("v")
	before := b.Index()
	b.direct(2, "v") // back again on another connection
	b.wait(time.Minute)
	b.value("v")
	if b.Index() != before {
		t.Error("a quick reconnect was forwarded")
	}
	b.Lost(b.now, 2)
	b.wait(3 * time.Second)
	b.value("")
	b.wait(2 * time.Minute)
	if len(b.entries) != 0 || len(b.sources) != 0 || b.Next() != (time.Time{}) {
		t.Errorf("left behind: %d entries, %d sources, deadline %v", len(b.entries), len(b.sources), b.Next())
	}
}

func TestForgetIsAtOnce(t *testing.T) {
	b := newBench(t)
	b.direct(1, "v")
	b.Forget(b.now, 1)
	b.value("")
	if r := b.entries["k"].recordOf(b.self); r.State != wire.Lost {
		t.Errorf("state %d, want lost", r.State)
	}
}

func TestTTL(t *testing.T) {
	b := newBench(t)
	p := Publication{Source: 1, Key: "k", Value: "v", TTL: 10 * time.Second}
	b.publish(p, Accepted)
	b.wait(6 * time.Second)
	if got := b.Remaining(b.now, b.entries["k"]); got != 4*time.Second {
		t.Errorf("4 s are left, not %v", got)
	}
	b.publish(p, Refreshed)
	b.wait(9999 * time.Millisecond)
	b.value("v")
	b.wait(time.Millisecond)
	b.value("")
	b.publish(p, Accepted) // the same publisher again, on the same connection
	b.value("v")
	b.publish(Publication{Source: 1, Key: "k", Value: "v"}, Refreshed)
	b.wait(time.Hour)
	b.value("v")
}

func TestNewerBeatsOlder(t *testing.T) {
	b := newBench(t)
	b.direct(1, "v1")
	b.wait(time.Second)
	b.direct(2, "v2")
	b.value("v2")
	b.publish(Publication{Source: 1, Class: Direct, Key: "k", Value: "v1"}, Refreshed)
	b.value("v2") // a refresh is not newer
	b.Forget(b.now, 2)
	b.value("v1")
	b.direct(1, "v3")
	b.direct(1, "v1")
	b.value("v1") // one connection says what it likes, in its own order
}

func TestWithdraw(t *testing.T) {
	b := newBench(t)
	b.direct(1, "v")
	b.Lost(b.now, 1)
	b.direct(2, "v")
	b.publish(Publication{Source: 2, Class: Direct, Key: "k", Value: "v", TTL: time.Millisecond}, Withdrawn)
	b.value("") // with the claim of the connection before
	b.publish(Publication{Source: 2, Class: Direct, Key: "unknown", Value: "v", TTL: time.Millisecond}, Withdrawn)
	if len(b.entries) != 1 {
		t.Errorf("%d entries: withdrawing made one", len(b.entries))
	}
	b.direct(3, "v")
	b.direct(4, "v")
	b.Withdraw(b.now, 3, "k")
	b.value("v") // source 4 stands behind it
}

func TestRecords(t *testing.T) {
	b := newBench(t)
	b.merge(2, 5, "v1", wire.Alive, true)
	b.value("v1")
	b.merge(2, 5, "v1", wire.Alive, false)
	b.merge(2, 4, "v0", wire.Alive, false)
	b.value("v1")
	b.merge(3, 6, "v2", wire.Alive, true)
	b.value("v2") // the greater sequence of any server
	b.merge(3, 7, "v2", wire.Withdrawn, true)
	b.value("v1")
	b.merge(3, 6, "v2", wire.Alive, false) // a late copy
	b.value("v1")
	b.merge(1, 99, "mine", wire.Alive, false) // our own, on its way round
	if _, err := b.Merge(b.now, Record{Key: "k", Origin: wire.ID{9}, Seq: 1 << 63}, 1); !errors.Is(err, ErrSequence) {
		t.Errorf("a sequence that cannot be exceeded: %v", err)
	}
}

func TestOwnClientBeforeOtherServers(t *testing.T) {
	b := newBench(t)
	b.direct(1, "here")
	b.merge(2, 1<<60, "there", wire.Alive, true)
	b.value("here")
	b.Forget(b.now, 1)
	b.value("there")
	b.direct(1, "again")
	b.value("again")
	if r := b.entries["k"].recordOf(b.self); r.Seq <= 1<<60 {
		t.Errorf("sequence %d is not above what was seen", r.Seq)
	}
}

func TestServerFallsSilent(t *testing.T) {
	b := newBench(t)
	b.merge(2, 5, "v", wire.Alive, true)
	for beat := uint64(1); beat < 10; beat++ {
		b.beats(false, wire.Beat{Origin: wire.ID{2}, Beat: beat, Age: time.Second})
		b.wait(5 * time.Second)
	}
	b.value("v")
	b.beats(false, wire.Beat{Origin: wire.ID{2}, Beat: 9}) // an old beat is no sign of life
	b.wait(4 * time.Second)
	b.value("")
	if b.Servers() != 0 || b.held != 0 {
		t.Error("something is left of it")
	}
	b.beats(false, wire.Beat{Origin: wire.ID{3}, Beat: 7, Age: testConfig.OriginTTL})
	if b.Servers() != 0 {
		t.Error("an old beat made a dead server alive")
	}
	b.merge(2, 5, "v", wire.Alive, false) // a late record does not either
	b.beats(true, wire.Beat{Origin: wire.ID{2}, Beat: 10})
	b.merge(2, 5, "v", wire.Alive, true) // the partition has healed
	b.value("v")
}

// TestRelays has the rules for sources that echo.
func TestRelays(t *testing.T) {
	relay := func(value string) Publication {
		return Publication{Source: 9, Class: Relay, Told: true, Connected: time.Unix(900, 0), Key: "k", Value: value}
	}
	t.Run("an echo is no claim", func(t *testing.T) {
		b := newBench(t)
		b.direct(1, "v")
		b.publish(relay("v"), Echo)
		b.Forget(b.now, 1)
		b.value("")
		b.publish(relay("v"), Stale) // the echo was in flight
		b.value("")
		p := relay("v")
		p.Connected, p.Source = b.now.Add(time.Second), 10
		b.wait(2 * time.Second)
		b.publish(p, Accepted) // a new connection may be the publisher itself
		b.value("v")
	})
	t.Run("what it held before it was told is a claim", func(t *testing.T) {
		b := newBench(t)
		b.direct(1, "v")
		p := relay("v")
		p.Told = false
		b.publish(p, Accepted)
		b.Forget(b.now, 1)
		b.value("v")
	})
	t.Run("withdrawn takes the copies along, vanished does not", func(t *testing.T) {
		for _, c := range []struct {
			state wire.State
			want  string
		}{{wire.Withdrawn, ""}, {wire.Lost, "v"}} {
			b := newBench(t)
			b.publish(relay("v"), Accepted)
			b.merge(2, 1<<60, "v", wire.Alive, true)
			b.merge(2, 1<<60+1, "v", c.state, true)
			b.value(c.want)
		}
	})
	t.Run("an old value on its way round is stale", func(t *testing.T) {
		b := newBench(t)
		b.direct(1, "v1")
		b.direct(1, "v2")
		b.publish(relay("v1"), Stale)
		b.publish(relay("v2"), Echo)
		b.value("v2")
		b.publish(relay("v3"), Accepted) // news, but a client of ours speaks for itself
		b.value("v2")
		b.publish(relay("v2"), Echo)
		if len(b.entries["k"].claims) != 1 {
			t.Error("the relay still claims what it no longer says")
		}
	})
	t.Run("a relay that oscillates is silenced, and heard again", func(t *testing.T) {
		b := newBench(t)
		changes := func() (n int) {
			before := b.Index()
			for i := range 1000 {
				if _, err := b.Publish(b.now, relay(fmt.Sprint("v", i%2))); err != nil {
					t.Fatal(err)
				}
				b.wait(10 * time.Millisecond)
			}
			return int(b.Index() - before)
		}
		if n := changes(); n > 2+2*testConfig.FlapLimit {
			t.Errorf("%d changes of value", n)
		}
		if n := changes(); n != 0 {
			t.Errorf("%d changes of value without a pause", n)
		}
		b.wait(testConfig.HistoryWindow)
		if n := changes(); n == 0 || n > 2+2*testConfig.FlapLimit {
			t.Errorf("%d changes of value after a pause", n)
		}
	})
}

func TestLimits(t *testing.T) {
	b := newBench(t)
	add := func(src Source, key string) error {
		_, err := b.Publish(b.now, Publication{Source: src, Class: Direct, Key: key, Value: "v"})
		return err
	}
	for i := range 12 {
		err := add(1, fmt.Sprint("a", i))
		if want := i >= 4; errors.Is(err, ErrTooManyForSource) != want {
			t.Fatalf("tuple %d of one source: %v", i, err)
		}
	}
	for i := range 12 {
		err := add(Source(10+i), fmt.Sprint("b", i))
		if want := i >= 6; errors.Is(err, ErrTooManyTuples) != want {
			t.Fatalf("tuple %d in all: %v", 4+i, err)
		}
	}
	if _, err := b.Merge(b.now, Record{Key: "new", Value: "v", Origin: wire.ID{2}, Seq: 1}, 1); !errors.Is(err, ErrTooManyTuples) {
		t.Errorf("merge over the limit: %v", err)
	}
	if b.Len() != 10 {
		t.Errorf("%d tuples, want 10", b.Len())
	}
	for i := range 4 { // one that goes makes room, but tombstones are bounded too
		b.Withdraw(b.now, 1, fmt.Sprint("a", i))
	}
	for i := range 100 {
		if add(2, fmt.Sprint("c", i)) == nil {
			b.Withdraw(b.now, 2, fmt.Sprint("c", i))
		}
	}
	if len(b.entries) > 2*testConfig.MaxTuples {
		t.Errorf("%d entries", len(b.entries))
	}
}

func TestReadersAtAnyPosition(t *testing.T) {
	b := newBench(t)
	for i, v := range []string{"a", "b", "c"} {
		b.publish(Publication{Source: 1, Class: Direct, Key: v, Value: fmt.Sprint(i)}, Accepted)
	}
	b.publish(Publication{Source: 1, Class: Direct, Key: "a", Value: "new"}, Accepted)
	read := func(pos uint64) (keys []string) {
		b.Values(pos, func(_ uint64, e *Entry) bool { keys = append(keys, e.Key); return true })
		return keys
	}
	for pos, want := range map[uint64][]string{0: {"b", "c", "a"}, 2: {"c", "a"}, 3: {"a"}, 4: nil, 9: nil} {
		if got := read(pos); !cmp.Equal(got, want) {
			t.Errorf("after %d: %v, want %v", pos, got, want)
		}
	}
}

func TestTuples(t *testing.T) {
	b := newBench(t)
	b.publish(Publication{Source: 1, Class: Direct, Key: "b", Value: "v", TTL: time.Minute}, Accepted)
	b.publish(Publication{Source: 2, Class: Direct, Key: "b", Value: "v"}, Accepted)
	if _, err := b.Merge(b.now, Record{Key: "a", Value: "w", Origin: wire.ID{2}, Seq: 1}, 1); err != nil {
		t.Fatal(err)
	}
	want := []Tuple{{Key: "a", Value: "w", Origin: wire.ID{2}}, {Key: "b", Value: "v", Origin: wire.ID{1}, Local: true, Sources: 2}}
	if diff := cmp.Diff(want, b.Tuples(b.now)); diff != "" {
		t.Error(diff)
	}
}
