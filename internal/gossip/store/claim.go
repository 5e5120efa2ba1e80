package store

import (
	"iter"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/gozre/zre/internal/gossip/wire"
)

// Publication is one PUBLISH from a client or from a server without provenance.
type Publication struct {
	Source    Source
	Class     Class
	Connected time.Time // since when the source is connected
	Told      bool      // the source was sent every value that is not its own
	Key       string
	Value     string
	TTL       time.Duration // 0: as long as the source is connected
}

// Outcome is the result of a publication.
type Outcome uint8

// The outcomes.
const (
	Accepted  Outcome = iota // a new claim, or a new value of an old one
	Refreshed                // the same again
	Echo                     // what we told the source
	Stale                    // an old value that still goes round
	Withdrawn                // the end of a tuple
)

// withdrawTTL is the TTL that withdraws, the smallest there is. On a server that counts
// in milliseconds or seconds the tuple ends at once; a server that ignores TTLs sees a
// duplicate and does nothing.
const withdrawTTL = time.Millisecond

// Publish applies what a source has published. The caller has checked its form.
func (s *Store) Publish(now time.Time, p Publication) (Outcome, error) {
	if p.TTL > 0 && p.TTL <= withdrawTTL {
		return s.withdraw(now, p), nil
	}
	e, known := s.entries[p.Key]
	var mine *claim
	if known {
		mine = e.claimOf(p.Source)
		if p.Class == Relay {
			if out, stop := s.relayed(now, e, mine, p); stop {
				return out, nil
			}
		}
	}
	if mine == nil && len(s.sources[p.Source]) >= s.cfg.MaxPerSource {
		return 0, ErrTooManyForSource
	}
	if !known {
		var err error
		if e, err = s.entry(p.Key); err != nil {
			return 0, err
		}
	} else if !e.Alive && s.alive >= s.cfg.MaxTuples {
		return 0, ErrTooManyTuples
	}
	out := Accepted
	switch {
	case mine == nil:
		c := claim{source: p.Source, class: p.Class, value: p.Value, since: now}
		e.claims = append(e.claims, c)
		mine = &e.claims[len(e.claims)-1]
		if s.sources[p.Source] == nil {
			s.sources[p.Source] = make(map[*Entry]struct{})
		}
		s.sources[p.Source][e] = struct{}{}
		s.counts.Published++
	case mine.value != p.Value:
		mine.value, mine.since = p.Value, now
		s.counts.Published++
	default:
		out = Refreshed
		s.counts.Refreshed++
	}
	mine.class, mine.leaves, mine.expires = p.Class, time.Time{}, time.Time{}
	if p.TTL > 0 {
		mine.expires = now.Add(p.TTL)
	}
	s.schedule(e)
	s.settle(now, e, wire.Withdrawn)
	return out, nil
}

// relayed applies the rules for a source that may be an echo.
func (s *Store) relayed(now time.Time, e *Entry, mine *claim, p Publication) (Outcome, bool) {
	if e.Alive && e.Value == p.Value {
		if !p.Told || e.Source == p.Source || mine != nil && mine.value == p.Value || e.Leaving() {
			return 0, false
		}
		if mine != nil { // The value that it published before is out of date.
			s.drop(e, p.Source)
			s.settle(now, e, wire.Withdrawn)
		}
		s.counts.Echoes++
		return Echo, true
	}
	if mine != nil && mine.value == p.Value && mine.leaves.IsZero() {
		return 0, false // It repeats its value, and that of another source counts.
	}
	for i := range e.history {
		h := &e.history[i]
		if h.value != p.Value || now.Sub(h.at) >= s.cfg.HistoryWindow {
			continue
		}
		switch {
		case !e.Alive && (p.Connected.After(h.at) || h.source == p.Source):
			return 0, false // This is its publisher, or a later connection that may be.
		case e.Alive && e.Source == p.Source && h.returns < s.cfg.FlapLimit:
			h.returns++
			return 0, false
		case e.Alive && e.Source == p.Source:
			h.at = now // It oscillates, and is accepted again after a pause.
		}
		s.counts.Stale++
		return Stale, true
	}
	return 0, false
}

// withdraw ends what a source has published, and the copies of it.
func (s *Store) withdraw(now time.Time, p Publication) Outcome {
	e, ok := s.entries[p.Key]
	if !ok {
		return Withdrawn
	}
	s.drop(e, p.Source)
	for _, c := range slices.Clone(e.claims) {
		if c.value == p.Value && (c.class == Relay || !c.leaves.IsZero()) {
			s.drop(e, c.source)
		}
	}
	s.settle(now, e, wire.Withdrawn)
	s.forget(now, e)
	return Withdrawn
}

// Withdraw ends one tuple of a source.
func (s *Store) Withdraw(now time.Time, source Source, key string) {
	if e, ok := s.entries[key]; ok {
		if c := e.claimOf(source); c != nil {
			s.withdraw(now, Publication{Source: source, Key: key, Value: c.value})
		}
	}
}

// Lost says that the connection of a source has ended: its tuples stay for the
// grace period.
func (s *Store) Lost(now time.Time, source Source) {
	for _, e := range inOrder(maps.Keys(s.sources[source])) {
		if c := e.claimOf(source); c.leaves.IsZero() {
			c.leaves = now.Add(s.cfg.Grace)
			s.schedule(e)
		}
	}
}

// Forget ends all that a source has published, without a grace period.
func (s *Store) Forget(now time.Time, source Source) {
	for _, e := range inOrder(maps.Keys(s.sources[source])) {
		s.drop(e, source)
		s.settle(now, e, wire.Lost)
		s.forget(now, e)
	}
}

// Untimed removes the TTLs of all that a source has published. It turned out to be a czmq
// server, which sends the TTL of some other message.
func (s *Store) Untimed(source Source) {
	for _, e := range inOrder(maps.Keys(s.sources[source])) {
		e.claimOf(source).expires = time.Time{}
		s.schedule(e)
	}
}

// Leaving reports whether an entry is in its grace period: no source that published it here
// is connected any more. New clients are not told of it until its publisher is back.
func (e *Entry) Leaving() bool {
	for i := range e.claims {
		if e.claims[i].leaves.IsZero() {
			return false
		}
	}
	return len(e.claims) > 0 && e.own
}

// inOrder sorts entries by key, so that the same calls always have the same result.
func inOrder(entries iter.Seq[*Entry]) []*Entry {
	return slices.SortedFunc(entries, func(a, b *Entry) int {
		return strings.Compare(a.Key, b.Key)
	})
}

// Claims returns the number of tuples that a source has published.
func (s *Store) Claims(source Source) int { return len(s.sources[source]) }

// drop removes a claim.
func (s *Store) drop(e *Entry, source Source) {
	i := slices.IndexFunc(e.claims, func(c claim) bool { return c.source == source })
	if i < 0 {
		return
	}
	e.claims = slices.Delete(e.claims, i, i+1)
	delete(s.sources[source], e)
	if len(s.sources[source]) == 0 {
		delete(s.sources, source)
	}
}

func (e *Entry) claimOf(source Source) *claim {
	for i := range e.claims {
		if e.claims[i].source == source {
			return &e.claims[i]
		}
	}
	return nil
}

// best returns the claim that counts: one of a Direct source before one of a Relay, then
// the newest.
func (e *Entry) best() *claim {
	var best *claim
	for i := range e.claims {
		if c := &e.claims[i]; best == nil || c.beats(best) {
			best = c
		}
	}
	return best
}

// beats reports whether c counts rather than o. Of two of the same time it is the one of the
// later connection.
func (c *claim) beats(o *claim) bool {
	switch {
	case c.class != o.class:
		return c.class > o.class
	case !c.since.Equal(o.since):
		return c.since.After(o.since)
	}
	return c.source > o.source
}
