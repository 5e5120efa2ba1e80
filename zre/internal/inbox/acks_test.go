package inbox

import (
	"fmt"
	"testing"
)

// takeAll takes messages that are there.
func (q *Queue) takeAll(t *testing.T, messages int) {
	t.Helper()
	for range messages {
		if err := q.Take(t.Context(), new(Event)); err != nil {
			t.Fatal(err)
		}
	}
}

// With HoldAcks a source learns of what was taken when the application says so: of whole
// chunks, which is where PINGs can be, and of nothing twice.
func TestHeldAcks(t *testing.T) {
	q := NewQueue(1 << 20)
	q.HoldAcks()
	a, b := &source{name: "a"}, &source{name: "b"}
	want := func(step string, wantA, wantB uint64) {
		t.Helper()
		if a.taken != wantA || b.taken != wantB {
			t.Errorf("%s: taken from a and b: %d, %d; want %d, %d", step, a.taken, b.taken, wantA, wantB)
		}
	}
	q.Ack()
	q.Put([]*Chunk{q.run(a, 2), q.run(b, 1), q.run(a, 3)})
	q.takeAll(t, 1)
	q.Ack()
	want("within a chunk", 0, 0)
	q.takeAll(t, 3)
	want("taken only", 0, 0)
	q.Ack()
	want("handled", 2, 1)
	q.Ack()
	want("again", 2, 1)
	q.takeAll(t, 2)
	want("the rest taken", 2, 1)
	if q.Octets() != 0 {
		t.Errorf("%d octets are left", q.Octets())
	}
	q.Ack()
	want("all", 5, 1)
}

// Without HoldAcks, Ack has nothing to do.
func TestAckWithoutHold(t *testing.T) {
	q := NewQueue(1 << 20)
	a := &source{name: "a"}
	q.Put([]*Chunk{from(a)})
	q.takeAll(t, 1)
	q.Ack()
	if a.taken != 1 {
		t.Errorf("taken %d, want 1", a.taken)
	}
}

// An application that acknowledges nothing keeps no sessions that have ended, and all
// that live.
func TestHeldAcksAreBounded(t *testing.T) {
	q := NewQueue(1 << 20)
	q.HoldAcks()
	var alive []*source
	for i := range 100 * minPrune {
		s := &source{name: fmt.Sprint(i), ended: i%100 != 0}
		if !s.ended {
			alive = append(alive, s)
		}
		q.Put([]*Chunk{from(s)})
		q.takeAll(t, 1)
	}
	if n := len(q.acks.counts); n > 3*len(alive)+minPrune {
		t.Errorf("%d sessions are kept, %d are alive", n, len(alive))
	}
	q.Ack()
	for _, s := range alive {
		if s.taken != 1 {
			t.Errorf("%s: taken %d, want 1", s.name, s.taken)
		}
	}
}
