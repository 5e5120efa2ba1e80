package store

import (
	"slices"
	"time"

	"github.com/gozre/zre/internal/gossip/wire"
)

// maxSeq leaves room to count up after the greatest sequence that is accepted.
const maxSeq = 1 << 62

// Merge takes in a record from another server that came by connection via. It
// says whether the record was new.
func (s *Store) Merge(now time.Time, r Record, via Source) (bool, error) {
	if r.Origin == s.self {
		return false, nil // our own, on its way round
	}
	if r.Seq == 0 || r.Seq > maxSeq {
		return false, ErrSequence
	}
	if !s.heard(now, r.Origin) {
		return false, nil // its beat will come first, if it is alive
	}
	e, known := s.entries[r.Key]
	if known {
		if old := e.recordOf(r.Origin); old != nil && old.Seq >= r.Seq {
			return false, nil
		}
	} else {
		var err error
		if e, err = s.entry(r.Key); err != nil {
			return false, err
		}
	}
	s.clock = max(s.clock, r.Seq)
	s.record(now, e, r.Origin, r.Seq, r.Value, r.State, via)
	if r.State == wire.Withdrawn {
		// Its publisher withdrew it: what relays say of the same tuple are copies.
		for _, c := range slices.Clone(e.claims) {
			if c.class == Relay && c.value == r.Value {
				s.drop(e, c.source)
			}
		}
	}
	s.settle(now, e, wire.Withdrawn)
	return true, nil
}

// settle brings our own record in line with the claims, and the value that clients
// are told in line with the records. how says why, if the tuple is gone.
func (s *Store) settle(now time.Time, e *Entry, how wire.State) {
	own := e.recordOf(s.self)
	if best := e.best(); best != nil {
		state := wire.Alive
		if best.class == Relay {
			state = wire.Hearsay
		}
		if own == nil || own.State != state || own.Value != best.value {
			s.record(now, e, s.self, s.tick(now), best.value, state, 0)
		}
	} else if own != nil && own.State.Living() {
		s.record(now, e, s.self, s.tick(now), own.Value, how, 0)
	}
	s.choose(now, e)
}

// record writes a record and puts it at the end of what servers are told.
func (s *Store) record(now time.Time, e *Entry, origin wire.ID, seq uint64, value string, state wire.State, via Source) {
	r := e.recordOf(origin)
	if r == nil {
		r = &Record{Key: e.Key, Origin: origin}
		r.order.item = r
		e.records = append(e.records, r)
	}
	r.Seq, r.Value, r.State, r.Via, r.goneAt = seq, value, state, via, now
	s.records.touch(&r.order)
	if !state.Living() {
		s.schedule(e)
	}
}

// choose selects the value that clients are told.
func (s *Store) choose(now time.Time, e *Entry) {
	r := e.chosen(s.self)
	if r == nil {
		if e.Alive {
			e.replaced(now, s.cfg.HistoryWindow)
			e.Alive, e.Frames = false, [2][]byte{}
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
	e.Value, e.Alive, e.Frames = r.Value, true, [2][]byte{}
	s.values.touch(&e.order)
}

// chosen gives the record that clients are told of, nil if none is alive.
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

// beats says whether r is to be believed rather than o: a publisher's own word
// before hearsay, then the newer.
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

// replaced notes that the present value is one of the past.
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
