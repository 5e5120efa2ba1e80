package store

import (
	"container/heap"
	"slices"
	"time"

	"github.com/gozre/zre/internal/gossip/wire"
)

// deadline is a time at which an entry or an origin has to be looked at. Each of them has
// one, so the heap is no larger than what is stored.
type deadline struct {
	at     time.Time
	index  int // in the heap, plus 1; 0: in none
	entry  *Entry
	origin *origin
}

type dueHeap []*deadline

func (h dueHeap) Len() int           { return len(h) }
func (h dueHeap) Less(i, j int) bool { return h[i].at.Before(h[j].at) }

func (h dueHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].index, h[j].index = i+1, j+1
}

func (h *dueHeap) Push(x any) {
	d := x.(*deadline)
	*h = append(*h, d)
	d.index = len(*h)
}

func (h *dueHeap) Pop() any {
	last := len(*h) - 1
	d := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	d.index = 0
	return d
}

// set moves a deadline to a time, zero for never.
func (h *dueHeap) set(d *deadline, at time.Time) {
	switch {
	case at.IsZero() && d.index > 0:
		heap.Remove(h, d.index-1)
	case at.IsZero():
	case d.index == 0:
		d.at = at
		heap.Push(h, d)
	case !at.Equal(d.at):
		d.at = at
		heap.Fix(h, d.index-1)
	}
}

// Next returns the time at which Tick has to be called, zero for never.
func (s *Store) Next() time.Time {
	if len(s.due) == 0 {
		return time.Time{}
	}
	return s.due[0].at
}

// Tick ends what is over.
func (s *Store) Tick(now time.Time) {
	for len(s.due) > 0 && !s.due[0].at.After(now) {
		if d := heap.Pop(&s.due).(*deadline); d.origin != nil {
			s.expireOrigin(now, d.origin)
		} else {
			s.expireEntry(now, d.entry)
		}
	}
}

// schedule sets the deadline of an entry to the first time at which one of its claims or
// tombstones ends.
func (s *Store) schedule(e *Entry) {
	var first time.Time
	earlier := func(t time.Time) {
		if !t.IsZero() && (first.IsZero() || t.Before(first)) {
			first = t
		}
	}
	for i := range e.claims {
		earlier(e.claims[i].expires)
		earlier(e.claims[i].leaves)
	}
	for _, r := range e.records {
		if !r.State.Living() {
			earlier(r.goneAt.Add(s.cfg.TombstoneTTL))
		}
	}
	if e.empty() {
		earlier(s.forgetAt(e))
	}
	s.due.set(&e.due, first)
}

func (s *Store) expireEntry(now time.Time, e *Entry) {
	how := wire.Withdrawn
	for _, c := range slices.Clone(e.claims) {
		switch {
		case !c.expires.IsZero() && !c.expires.After(now):
			s.counts.Expired++
			s.drop(e, c.source)
		case !c.leaves.IsZero() && !c.leaves.After(now):
			how = wire.Lost
			s.drop(e, c.source)
		}
	}
	s.settle(now, e, how)
	for _, r := range slices.Clone(e.records) {
		if !r.State.Living() && !r.goneAt.Add(s.cfg.TombstoneTTL).After(now) {
			s.removeRecord(e, r)
		}
	}
	s.schedule(e)
	s.forget(now, e)
}
