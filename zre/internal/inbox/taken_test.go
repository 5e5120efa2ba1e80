package inbox

import (
	"context"
	"testing"

	"github.com/gozre/zre/zre/internal/core"
)

// run returns a chunk with n messages of a source, as a connection makes it.
func (q *Queue) run(s *source, n int) *Chunk {
	c := q.chunks.get(n)
	c.Source = s
	for range n {
		it := c.extend()
		it.Type = core.EventWhisper
		c.charge(it, 0)
	}
	return c
}

// The source learns what the application has taken at the end of a chunk; a few
// messages share one, but not with what comes after a PING that waits.
func TestTakenInChunks(t *testing.T) {
	q := NewQueue(1 << 20)
	a, b := &source{name: "a"}, &source{name: "b"}
	take := func(from *source, wantA, wantB uint64) {
		t.Helper()
		ctx, cancel := context.WithCancel(t.Context())
		cancel() // There is something to take.
		var ev Event
		if err := q.Take(ctx, &ev); err != nil {
			t.Fatal(err)
		}
		if ev.Source != from || ev.Item.Type != core.EventWhisper {
			t.Fatalf("message from %v, want %s", ev.Source, from.name)
		}
		if a.taken != wantA || b.taken != wantB {
			t.Fatalf("taken from a and b: %d, %d; want %d, %d", a.taken, b.taken, wantA, wantB)
		}
	}
	q.Put([]*Chunk{q.run(a, 2), q.run(b, 1), q.run(a, 1)})
	take(a, 0, 0)
	take(a, 2, 0)
	take(b, 2, 1)
	take(a, 3, 1)

	for range 3 {
		q.Put([]*Chunk{q.run(a, 1)})
	}
	if len(q.in) != 1 {
		t.Errorf("%d chunks for three messages that came one by one", len(q.in))
	}
	a.owes = true // A PING has come after these.
	q.Put([]*Chunk{q.run(a, 1)})
	take(a, 3, 1)
	take(a, 3, 1)
	take(a, 6, 1)
	a.owes = false
	q.Put([]*Chunk{q.run(b, 1)})
	take(a, 7, 1)
	take(b, 7, 2)

	const many = 1000
	for range many {
		q.Put([]*Chunk{q.run(a, fewItems)})
	}
	for range many * fewItems {
		var ev Event
		if err := q.Take(t.Context(), &ev); err != nil {
			t.Fatal(err)
		}
	}
	if want := uint64(7 + many*fewItems); a.taken != want || q.Octets() != 0 {
		t.Errorf("taken from a: %d, want %d; %d octets are left", a.taken, want, q.Octets())
	}
}
