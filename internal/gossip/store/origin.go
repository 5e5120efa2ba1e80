package store

import (
	"errors"
	"time"

	"github.com/gozre/zre/internal/gossip/wire"
)

// ErrTooManyOrigins says that the store, or the connection that a record or beat came by,
// has brought in as many other servers as it may.
var ErrTooManyOrigins = errors.New("too many other servers")

// origin is another server. A silent one is kept without records, with the last beat that
// was received: it is cut off, and may come back.
type origin struct {
	id      wire.ID
	beat    uint64
	heard   time.Time
	silent  bool
	via     Source            // the connection that made it known
	records sequence[*Record] // what it says, so that its end costs no search
	order   node[*origin]     // in Store.living or Store.silent
	due     deadline
}

// maxSilent bounds the silent servers that are kept.
const maxSilent = 10000

// Beat increments our own beat. It is called about five times in OriginTTL.
func (s *Store) Beat() { s.beat++ }

// Beats returns what was heard of all living servers, this one first.
func (s *Store) Beats(now time.Time) []wire.Beat {
	beats := make([]wire.Beat, 0, s.servers+1)
	beats = append(beats, wire.Beat{Origin: s.self, Beat: s.beat})
	s.living.each(0, func(_ uint64, o *origin) bool {
		beats = append(beats, wire.Beat{Origin: o.id, Beat: o.beat, Age: now.Sub(o.heard)})
		return true
	})
	return beats
}

// MergeBeats merges the beats that another server has sent over connection via. It reports
// whether a silent server is back. Its records were dropped, and the server that sent the
// beats has to be asked for them, because it does not know that they were. The error says
// that some beats were left out because of a limit.
func (s *Store) MergeBeats(now time.Time, beats []wire.Beat, via Source) (back bool, err error) {
	for _, b := range beats {
		if b.Origin == s.self || b.Age >= s.cfg.OriginTTL {
			continue
		}
		heard := now.Add(-b.Age)
		o, known := s.origins[b.Origin]
		if known && b.Beat <= o.beat {
			continue
		}
		if !known || o.silent {
			if o = s.addOrigin(b.Origin, heard, via); o == nil {
				err = ErrTooManyOrigins
				continue
			}
			back = back || known
		}
		o.beat = b.Beat
		if heard.After(o.heard) {
			o.heard = heard
		}
	}
	return back, err
}

// origin returns the origin of a record. The first record of a server makes it known.
func (s *Store) origin(now time.Time, id wire.ID, via Source) (*origin, error) {
	o, known := s.origins[id]
	if !known {
		if o = s.addOrigin(id, now, via); o == nil {
			return nil, ErrTooManyOrigins
		}
	}
	return o, nil
}

// addOrigin makes a server known, or alive again. It returns nil if a limit is reached.
func (s *Store) addOrigin(id wire.ID, heard time.Time, via Source) *origin {
	if s.servers >= s.cfg.MaxOrigins || s.brought[via] >= s.cfg.MaxOriginsPerSource {
		return nil
	}
	o := s.origins[id]
	if o == nil {
		o = &origin{id: id}
		o.order.item, o.due.origin = o, o
		s.origins[id] = o
	} else {
		s.silent.remove(&o.order)
	}
	o.silent, o.heard, o.via = false, heard, via
	s.living.touch(&o.order)
	s.servers++
	s.brought[via]++
	s.due.set(&o.due, heard.Add(s.cfg.OriginTTL))
	return o
}

// expireOrigin drops all records of a server that is silent. It costs as much as there are.
func (s *Store) expireOrigin(now time.Time, o *origin) {
	if at := o.heard.Add(s.cfg.OriginTTL); at.After(now) {
		s.due.set(&o.due, at)
		return
	}
	for o.records.first != nil {
		r := o.records.first.item
		e := s.entries[r.Key]
		s.removeRecord(e, r)
		s.choose(now, e)
		s.schedule(e)
		s.forget(now, e)
	}
	s.living.remove(&o.order)
	s.servers--
	if s.brought[o.via]--; s.brought[o.via] == 0 {
		delete(s.brought, o.via)
	}
	o.silent = true
	s.silent.touch(&o.order)
	if len(s.origins)-s.servers > maxSilent {
		oldest := s.silent.first.item
		s.silent.remove(&oldest.order)
		delete(s.origins, oldest.id)
	}
}
