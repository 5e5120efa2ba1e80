package problems

import (
	"cmp"
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/gozre/zre/zre/internal/pace"
)

const (
	// patience is how long a problem has to last until it is told: a program that is
	// starting, or a server that restarts, is reached sooner.
	patience = 3 * time.Second
	// keep is how long an episode outlives its last sign. A peer that is dropped and found
	// again meanwhile is told of once.
	keep = time.Minute
	// interval is the time between two looks at the sources.
	interval = time.Second

	maxEntries = 256 // problems that are kept
	maxPerHost = 16  // of them, about one host
	toldOfHost = 5   // of these, with a line in the log
	maxCauses  = 3   // causes of one problem that are told
)

// Source returns what is wrong now. It is called without a lock of the List.
type Source func(now time.Time) []Problem

// Config is what a List is made of.
type Config struct {
	Logger  *slog.Logger
	Sources []Source
	// Solved reports whether a problem, which is not present any more, was solved. The
	// others were forgotten: their host is not heard any more.
	Solved func(Problem) bool
}

// List is the problems of a node. All methods are safe for concurrent use.
type List struct {
	cfg  Config
	wake chan struct{} // holds one value when there is something to be told at once

	mu      sync.Mutex // guards what follows
	entries map[string]*entry
	budget  budget
	dropped int // problems that there was no room for, since this was told
}

// entry is an episode.
type entry struct {
	Problem
	seen     time.Time // when it was last noticed
	present  bool      // at the last look
	reported bool      // by Report, so that it holds for a time
	told     []string  // the classes of the causes in the log
}

// New returns an empty List.
func New(cfg Config) *List {
	return &List{cfg: cfg, wake: make(chan struct{}, 1), entries: make(map[string]*entry)}
}

// Run writes the log until ctx ends.
func (l *List) Run(ctx context.Context) {
	timer := time.NewTimer(pace.Left(interval))
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
			timer.Reset(pace.Left(interval))
		case <-l.wake:
		}
		l.look(time.Now())
	}
}

// Report adds a problem that is noticed when something arrives. It does not block, and
// it does not write the log.
func (l *List) Report(now time.Time, p Problem) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if e := l.put(now, p); e != nil {
		e.reported = true
		if p.Lasting && len(e.told) == 0 {
			select {
			case l.wake <- struct{}{}:
			default:
			}
		}
	}
}

// All returns what is wrong now, the oldest first.
func (l *List) All() []Problem {
	l.look(time.Now())
	l.mu.Lock()
	defer l.mu.Unlock()
	all := make([]Problem, 0, len(l.entries))
	for _, e := range l.entries {
		if e.present {
			all = append(all, e.Problem)
		}
	}
	slices.SortFunc(all, func(a, b Problem) int {
		return cmp.Or(a.Since.Compare(b.Since), cmp.Compare(a.Key, b.Key))
	})
	return all
}

// Len returns how many problems there were at the last look.
func (l *List) Len() (n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, e := range l.entries {
		if e.present {
			n++
		}
	}
	return n
}

// put adds or updates an entry. It returns nil if there is no room. Called under mu.
func (l *List) put(now time.Time, p Problem) *entry {
	e := l.entries[p.Key]
	if e == nil {
		if len(l.entries) >= maxEntries || p.Host != "" && l.about(p.Host, 0) >= maxPerHost {
			l.dropped++
			return nil
		}
		if p.Since.IsZero() {
			p.Since = now
		}
		e = &entry{Problem: p}
		l.entries[p.Key] = e
	}
	p.Since = e.Since
	e.Problem, e.seen = p, now
	return e
}

// about counts the entries about a host that have this many lines in the log or more.
func (l *List) about(host string, lines int) (n int) {
	for _, e := range l.entries {
		if e.Host == host && len(e.told) >= lines {
			n++
		}
	}
	return n
}

// look asks the sources, and writes what is to be told.
func (l *List) look(now time.Time) {
	var current []Problem
	for _, source := range l.cfg.Sources {
		current = append(current, source(now)...)
	}
	for _, line := range l.merge(now, current) {
		l.cfg.Logger.Warn(line.text, line.args...)
	}
}

// line is one of the log.
type line struct {
	text string
	args []any
}

// merge brings the list up to date, and returns what is to be told.
func (l *List) merge(now time.Time, current []Problem) (lines []line) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, p := range current {
		l.put(now, p)
	}
	present := make(map[string]bool, len(current))
	for _, p := range current {
		present[p.Key] = true
	}
	for _, e := range l.inOrder() {
		e.present = present[e.Key] ||
			e.reported && now.Sub(e.seen) < cmp.Or(e.Holds, DefaultHolds)
		switch {
		case e.present:
			if l.isDue(now, e) {
				e.told = append(e.told, cmp.Or(e.Class, e.Cause))
				lines = append(lines, e.opening())
			}
		case l.cfg.Solved(e.Problem):
			delete(l.entries, e.Key)
			if len(e.told) > 0 {
				lines = append(lines, e.closing(now))
			}
		case now.Sub(e.seen) >= keep:
			delete(l.entries, e.Key)
		}
	}
	if l.dropped > 0 && l.budget.mayTellOfMore(now) {
		lines = append(lines, line{"there are more problems than are listed", []any{"more", l.dropped}})
		l.dropped = 0
	}
	return lines
}

// inOrder returns the entries in the order in which they began.
func (l *List) inOrder() []*entry {
	all := make([]*entry, 0, len(l.entries))
	for _, e := range l.entries {
		all = append(all, e)
	}
	slices.SortFunc(all, func(a, b *entry) int {
		return cmp.Or(a.Since.Compare(b.Since), cmp.Compare(a.Key, b.Key))
	})
	return all
}

// isDue reports whether an entry that is present is to be told now.
func (l *List) isDue(now time.Time, e *entry) bool {
	switch {
	case slices.Contains(e.told, cmp.Or(e.Class, e.Cause)), len(e.told) >= maxCauses:
		return false
	case !e.Lasting && now.Sub(e.Since) < patience:
		return false
	case e.Host != "" && len(e.told) == 0 && l.about(e.Host, 1) >= toldOfHost:
		return false
	}
	return l.budget.take(now)
}

func (e *entry) opening() line {
	args := []any{"where", e.Where, "cause", e.Cause}
	if e.Public != "" {
		args = append(args, "key", e.Public)
	}
	if e.Advice != "" {
		args = append(args, "advice", e.Advice)
	}
	return line{e.Kind.opening(), args}
}

func (e *entry) closing(now time.Time) line {
	return line{e.Kind.closing(), []any{"where", e.Where, "after", now.Sub(e.Since).Round(time.Second)}}
}
