package zre

import "testing"

// What the application has taken is counted when something may depend on it: at
// the end of a row of messages from one peer, and at once when a PING waits.
func TestTakenInRows(t *testing.T) {
	q := newQueue(1<<20, waitFor)
	newSender := func(name string) *sender {
		// Its link is at its end, so that nothing is sent.
		return &sender{link: &link{err: ErrPeerGone}, says: Event{Name: name}}
	}
	a, b := newSender("a"), newSender("b")
	put := func(senders ...*sender) {
		var batch []item
		for _, s := range senders {
			batch = append(batch, item{from: s, typ: EventWhisper})
		}
		q.put(batch)
	}
	take := func(from *sender, wantA, wantB uint64) {
		t.Helper()
		var ev Event
		if err := q.take(t.Context(), &ev); err != nil {
			t.Fatal(err)
		}
		if ev.Name != from.says.Name {
			t.Fatalf("message from %s, want %s", ev.Name, from.says.Name)
		}
		if gotA, gotB := a.link.consumed.Load(), b.link.consumed.Load(); gotA != wantA || gotB != wantB {
			t.Fatalf("taken from a and b: %d, %d; want %d, %d", gotA, gotB, wantA, wantB)
		}
	}
	put(a, a, b, a)
	take(a, 0, 0)
	take(a, 2, 0)
	take(b, 2, 1)
	take(a, 3, 1) // nothing follows

	put(a, a, a)
	a.link.answers = []answer{{at: 4, times: 1}}
	a.link.pending.Store(1)
	take(a, 4, 1)
	if n := a.link.pending.Load(); n != 0 {
		t.Errorf("%d PINGs wait for their answer", n)
	}
	take(a, 4, 1)
	put(b)
	take(a, 6, 1) // what came meanwhile is in the next batch
	take(b, 6, 2)
}
