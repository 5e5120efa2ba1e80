package store

import (
	"container/heap"
	"maps"
	"slices"
	"time"

	"github.com/gozre/zre/internal/gossip/wire"
)

// origin is another server. One that has fallen silent is remembered, without
// records, by the beat that it had reached: it is cut off, and may come back.
type origin struct {
	id     wire.ID
	beat   uint64
	heard  time.Time
	silent bool
}

// maxSilent bounds the silent servers that are remembered.
const maxSilent = 10000

// deadline is a time at which an entry or an origin has to be looked at.
type deadline struct {
	at     time.Time
	entry  *Entry
	origin *origin
}

type dueHeap []deadline

func (h dueHeap) Len() int           { return len(h) }
func (h dueHeap) Less(i, j int) bool { return h[i].at.Before(h[j].at) }
func (h dueHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *dueHeap) Push(x any)        { *h = append(*h, x.(deadline)) }
func (h *dueHeap) Pop() any {
	old := *h
	d := old[len(old)-1]
	old[len(old)-1] = deadline{}
	*h = old[:len(old)-1]
	return d
}

// Next gives the time at which Tick has to be called, zero for never.
func (s *Store) Next() time.Time {
	if len(s.due) == 0 {
		return time.Time{}
	}
	return s.due[0].at
}

// Tick ends what is over.
func (s *Store) Tick(now time.Time) {
	for len(s.due) > 0 && !s.due[0].at.After(now) {
		d := heap.Pop(&s.due).(deadline)
		if d.origin != nil {
			s.expireOrigin(now, d.origin)
			continue
		}
		d.entry.due = time.Time{}
		s.expireEntry(now, d.entry)
	}
}

// schedule puts an entry in the heap for its earliest deadline, if it does not
// stand there for that time or an earlier one.
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
	if !first.IsZero() && (e.due.IsZero() || first.Before(e.due)) {
		e.due = first
		heap.Push(&s.due, deadline{at: first, entry: e})
	}
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
	e.records = slices.DeleteFunc(e.records, func(r *Record) bool {
		over := !r.State.Living() && !r.goneAt.Add(s.cfg.TombstoneTTL).After(now)
		if over {
			s.records.remove(&r.order)
		}
		return over
	})
	s.forget(e)
	s.schedule(e)
}

// Beat counts up our own beat. It is called about five times in OriginTTL.
func (s *Store) Beat() { s.beat++ }

// Beats tells what we have heard of all servers, ourselves first.
func (s *Store) Beats(now time.Time) []wire.Beat {
	beats := make([]wire.Beat, 0, len(s.origins)+1)
	beats = append(beats, wire.Beat{Origin: s.self, Beat: s.beat})
	for _, o := range s.origins {
		if !o.silent {
			beats = append(beats, wire.Beat{Origin: o.id, Beat: o.beat, Age: now.Sub(o.heard)})
		}
	}
	return beats
}

// MergeBeats takes in what another server has heard. It says whether a server that
// had fallen silent is back: its records were dropped, and the one who told has to
// be asked for them, since to him they are no news.
func (s *Store) MergeBeats(now time.Time, beats []wire.Beat) (back bool) {
	for _, b := range beats {
		if b.Origin == s.self || b.Age >= s.cfg.OriginTTL {
			continue
		}
		o, ok := s.origins[b.Origin]
		switch heard := now.Add(-b.Age); {
		case !ok:
			s.addOrigin(b.Origin, b.Beat, heard)
		case b.Beat > o.beat:
			o.beat = b.Beat
			if heard.After(o.heard) {
				o.heard = heard
			}
			if o.silent {
				back = true
				s.addOrigin(b.Origin, b.Beat, o.heard)
			}
		}
	}
	return back
}

// heard makes an origin known from its first record, false if it has fallen silent.
func (s *Store) heard(now time.Time, id wire.ID) bool {
	o, ok := s.origins[id]
	if !ok {
		s.addOrigin(id, 0, now)
	}
	return !ok || !o.silent
}

func (s *Store) addOrigin(id wire.ID, beat uint64, heard time.Time) {
	o := &origin{id: id, beat: beat, heard: heard}
	s.origins[id] = o
	s.servers++
	heap.Push(&s.due, deadline{at: heard.Add(s.cfg.OriginTTL), origin: o})
}

// expireOrigin drops all records of a server that has fallen silent.
func (s *Store) expireOrigin(now time.Time, o *origin) {
	if at := o.heard.Add(s.cfg.OriginTTL); at.After(now) {
		heap.Push(&s.due, deadline{at: at, origin: o})
		return
	}
	o.silent = true
	s.servers--
	if len(s.origins)-s.servers > maxSilent {
		delete(s.origins, o.id)
	}
	for _, e := range inOrder(maps.Values(s.entries)) {
		i := slices.IndexFunc(e.records, func(r *Record) bool { return r.Origin == o.id })
		if i < 0 {
			continue
		}
		s.records.remove(&e.records[i].order)
		e.records = slices.Delete(e.records, i, i+1)
		s.choose(now, e)
		s.forget(e)
	}
}
