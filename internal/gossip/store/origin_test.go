package store

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/gozre/zre/internal/gossip/wire"
)

func originID(n uint64) (id wire.ID) {
	binary.BigEndian.PutUint64(id[:], n+1<<32)
	return id
}

// A connection cannot invent servers without bound, neither by records nor by beats, and
// what it has invented goes when it is silent.
// What a silent server has brought is reported as withdrawn, and forgotten a while later.
func TestSilentServer(t *testing.T) {
	b := newBench(t)
	b.merge(2, 5, "v", wire.Alive, true)
	read := b.Index()
	b.wait(testConfig.OriginTTL)
	b.value("")
	var ended []string
	b.Values(read, func(_ uint64, e *Entry) bool {
		if !e.Alive {
			ended = append(ended, e.Key)
		}
		return true
	})
	if len(ended) != 1 || ended[0] != "k" {
		t.Errorf("withdrawn: %q, want k", ended)
	}
	b.wait(testConfig.TombstoneTTL)
	if len(b.entries) != 0 || b.Next() != (time.Time{}) {
		t.Errorf("left behind: %d entries, deadline %v", len(b.entries), b.Next())
	}
}

func TestOriginsAreBounded(t *testing.T) {
	b := newBench(t)
	random := rand.New(rand.NewPCG(1, 2))
	publish := func(via Source) (refused int) {
		for i := range uint64(20_000) {
			r := Record{Key: fmt.Sprint("k", i%8), Value: "v", Origin: originID(random.Uint64()), Seq: i + 1}
			_, err := b.Merge(b.now, r, via)
			if errors.Is(err, ErrTooManyOrigins) {
				refused++
			} else if err != nil {
				t.Fatal(err)
			}
		}
		return refused
	}
	if got := publish(7); got != 20_000-testConfig.MaxOriginsPerSource || b.Servers() != testConfig.MaxOriginsPerSource {
		t.Errorf("one connection: %d refused, %d servers", got, b.Servers())
	}
	if publish(8); b.Servers() != testConfig.MaxOrigins {
		t.Errorf("%d servers, want %d in all", b.Servers(), testConfig.MaxOrigins)
	}
	if _, err := b.MergeBeats(b.now, []wire.Beat{{Origin: originID(1), Beat: 1}}, 9); !errors.Is(err, ErrTooManyOrigins) {
		t.Errorf("beat of one server too many: %v", err)
	}
	b.wait(testConfig.OriginTTL)
	if b.Servers() != 0 || b.Len() != 0 || b.held != 0 || len(b.brought) != 0 {
		t.Errorf("left: %d servers, %d tuples, %d records", b.Servers(), b.Len(), b.held)
	}
	b.beats(false, wire.Beat{Origin: originID(1), Beat: 1}) // there is room again
	if b.wait(testConfig.TombstoneTTL); len(b.entries) != 0 {
		t.Errorf("left: %d keys", len(b.entries))
	}
}

// Only the latest silent servers are kept.
func TestSilentServersAreBounded(t *testing.T) {
	b := newBench(t)
	for n := uint64(0); n < maxSilent+10; n += 2 {
		b.beats(false, wire.Beat{Origin: originID(n), Beat: 5}, wire.Beat{Origin: originID(n + 1), Beat: 5})
		b.wait(testConfig.OriginTTL)
	}
	if n := len(b.origins); n != maxSilent {
		t.Errorf("%d silent servers, want %d", n, maxSilent)
	}
	if _, kept := b.origins[originID(0)]; kept {
		t.Error("the oldest one is still kept")
	}
	b.beats(true, wire.Beat{Origin: originID(maxSilent + 9), Beat: 6})
}

// The end of one server leaves the records of others.
func TestEndOfOneServer(t *testing.T) {
	b := newBench(t)
	b.merge(2, 5, "v2", wire.Alive, true)
	b.merge(3, 6, "v3", wire.Alive, true)
	b.value("v3")
	b.wait(5 * time.Second)
	b.beats(false, wire.Beat{Origin: wire.ID{2}, Beat: 1})
	b.wait(5 * time.Second)
	b.value("v2")
	if b.held != 1 || b.Servers() != 1 {
		t.Errorf("%d records of %d servers", b.held, b.Servers())
	}
}

// Records of one key from many servers are bounded as well.
func TestRecordsAreBounded(t *testing.T) {
	b := newBench(t)
	b.cfg.MaxOrigins, b.cfg.MaxOriginsPerSource = 100, 100
	last := error(nil)
	for i := range uint64(100) {
		_, last = b.Merge(b.now, Record{Key: "k", Value: "v", Origin: originID(i), Seq: i + 1}, 7)
	}
	if want := maxRecords * testConfig.MaxTuples; b.held != want || !errors.Is(last, ErrTooManyTuples) {
		t.Errorf("%d records, want %d; the last error is %v", b.held, want, last)
	}
}

// However often deadlines move, there is one for each entry.
func TestDeadlinesAreBounded(t *testing.T) {
	b := newBench(t)
	for i := range 1000 {
		ttl := time.Hour - time.Duration(i)*time.Second
		if i%3 == 2 {
			ttl = withdrawTTL
		}
		p := Publication{Source: 1, Class: Direct, Key: "k", Value: "v", TTL: ttl}
		if _, err := b.Publish(b.now, p); err != nil {
			t.Fatal(err)
		}
	}
	if len(b.due) != 1 {
		t.Errorf("%d deadlines for one entry", len(b.due))
	}
}

// A deadline that moves is kept at its new time, between those of others.
func TestDeadlinesMove(t *testing.T) {
	b := newBench(t)
	publish := func(key string, ttl time.Duration) {
		t.Helper()
		p := Publication{Source: 1, Class: Direct, Key: key, Value: "v", TTL: ttl}
		if _, err := b.Publish(b.now, p); err != nil {
			t.Fatal(err)
		}
	}
	want := func(after time.Duration) {
		t.Helper()
		if got := b.Next().Sub(b.now); got != after {
			t.Errorf("the next deadline is in %v, want %v", got, after)
		}
	}
	publish("a", 10*time.Second)
	publish("b", 20*time.Second)
	publish("c", 30*time.Second)
	want(10 * time.Second)
	publish("c", 5*time.Second)
	want(5 * time.Second)
	publish("c", time.Minute)
	want(10 * time.Second)
	publish("a", 0) // as long as its source is connected
	want(20 * time.Second)
}
