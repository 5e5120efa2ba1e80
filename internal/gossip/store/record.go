package store

import (
	"slices"
	"time"

	"github.com/gozre/zre/internal/gossip/wire"
)

// maxSeq is the greatest sequence that is accepted. It leaves room for greater ones of ours.
const maxSeq = 1 << 62

// maxRecords bounds the records for each tuple that the store may hold, on average. A key
// has one for each server that it is or was published at.
const maxRecords = 4

// Merge merges a record that another server has sent over connection via. It reports
// whether the record was new.
func (s *Store) Merge(now time.Time, r Record, via Source) (bool, error) {
	if r.Origin == s.self {
		return false, nil // our own, on its way round
	}
	if r.Seq == 0 || r.Seq > maxSeq {
		return false, ErrSequence
	}
	o, err := s.origin(now, r.Origin, via)
	if err != nil {
		return false, err
	}
	if o.silent {
		return false, nil // If it is alive, its beat comes first.
	}
	e, known := s.entries[r.Key]
	if known {
		if old := e.recordOf(r.Origin); old != nil && old.Seq >= r.Seq {
			return false, nil
		}
	} else if e, err = s.entry(r.Key); err != nil {
		return false, err
	}
	if s.held >= maxRecords*s.cfg.MaxTuples && e.recordOf(r.Origin) == nil {
		s.forget(now, e)
		return false, ErrTooManyTuples
	}
	s.clock = max(s.clock, r.Seq)
	s.record(now, e, r.Origin, r.Seq, r.Value, r.State, via)
	if r.State == wire.Withdrawn {
		// Its publisher has withdrawn it: claims of relays to the same tuple are copies.
		for _, c := range slices.Clone(e.claims) {
			if c.class == Relay && c.value == r.Value {
				s.drop(e, c.source)
			}
		}
	}
	s.settle(now, e, wire.Withdrawn)
	return true, nil
}

// settle updates our own record from the claims, and the value for clients from the
// records. how is the state of our record if no claim is left.
func (s *Store) settle(now time.Time, e *Entry, how wire.State) {
	own := e.recordOf(s.self)
	if best := e.best(); best != nil {
		state := wire.Alive
		if best.class == Relay {
			state = wire.Relayed
		}
		if own == nil || own.State != state || own.Value != best.value {
			s.record(now, e, s.self, s.tick(now), best.value, state, 0)
		}
	} else if own != nil && own.State.Living() {
		s.record(now, e, s.self, s.tick(now), own.Value, how, 0)
	}
	s.choose(now, e)
}

// record writes a record and makes it the latest change for servers.
func (s *Store) record(
	now time.Time, e *Entry, origin wire.ID, seq uint64, value string, state wire.State, via Source,
) {
	r := e.recordOf(origin)
	if r == nil {
		r = &Record{Key: e.Key, Origin: origin}
		r.order.item, r.sibling.item = r, r
		e.records = append(e.records, r)
		s.held++
	}
	r.Seq, r.Value, r.State, r.Via, r.goneAt = seq, value, state, via, now
	s.records.touch(&r.order)
	if o := s.origins[origin]; o != nil && r.sibling.index == 0 {
		o.records.touch(&r.sibling)
	}
	if !state.Living() {
		s.schedule(e)
	}
}

// removeRecord removes a record of an entry.
func (s *Store) removeRecord(e *Entry, r *Record) {
	s.records.remove(&r.order)
	if o := s.origins[r.Origin]; o != nil {
		o.records.remove(&r.sibling)
	}
	e.records = slices.DeleteFunc(e.records, func(x *Record) bool { return x == r })
	s.held--
}

// choose selects the value for clients.
func (s *Store) choose(now time.Time, e *Entry) {
	r := e.chosen(s.self)
	if r == nil {
		if e.Alive {
			e.replaced(now, s.cfg.HistoryWindow)
			e.Alive, e.endedAt = false, now
			s.alive--
			s.counts.Withdrawn++
			s.values.touch(&e.order)
		}
		return
	}
	e.Source, e.own = r.Via, r.Origin == s.self
	if e.own {
		e.Source = e.best().source
	}
	if e.Alive && e.Value == r.Value {
		return
	}
	if e.Alive {
		e.replaced(now, s.cfg.HistoryWindow)
	} else {
		s.alive++
	}
	e.Value, e.Alive = r.Value, true
	s.values.touch(&e.order)
}

// chosen returns the record whose value clients are told, nil if none is alive.
func (e *Entry) chosen(self wire.ID) *Record {
	var best *Record
	for _, r := range e.records {
		switch {
		case !r.State.Living():
		case r.State == wire.Alive && r.Origin == self:
			return r
		case best == nil || r.beats(best):
			best = r
		}
	}
	return best
}

// beats reports whether r counts rather than o: one from a publisher itself before one from
// a relay, then the newer.
func (r *Record) beats(o *Record) bool {
	switch {
	case r.State != o.State:
		return r.State == wire.Alive
	case r.Seq != o.Seq:
		return r.Seq > o.Seq
	}
	return slices.Compare(r.Origin[:], o.Origin[:]) > 0
}

func (e *Entry) recordOf(origin wire.ID) *Record {
	for _, r := range e.records {
		if r.Origin == origin {
			return r
		}
	}
	return nil
}

// replaced adds the present value to the history.
func (e *Entry) replaced(now time.Time, window time.Duration) {
	i := slices.IndexFunc(e.history, func(h past) bool { return h.value == e.Value })
	p := past{value: e.Value, source: e.Source, at: now}
	if i >= 0 {
		if now.Sub(e.history[i].at) < window {
			p.returns = e.history[i].returns
		}
		e.history = slices.Delete(e.history, i, i+1)
	} else if len(e.history) == maxHistory {
		e.history = slices.Delete(e.history, 0, 1)
	}
	e.history = append(e.history, p)
}
