package link

import (
	"errors"
	"fmt"
	"time"
)

// ErrNotReading says that a peer has acknowledged nothing for a time, and was left out.
var ErrNotReading = errors.New("peer does not read")

// slowAfter is how long a peer may acknowledge nothing, while its window is full, until the
// log says so.
const slowAfter = 3 * time.Second

// slow is since when a link has no room, and nothing is acknowledged. It is guarded by the
// link's mutex.
type slow struct {
	since  time.Time // zero while there is room, or the window moves; later on a slow line
	warned bool      // the log says so
}

// noRoom records that data had no room.
func (l *Link) noRoom() {
	if l.slow.since.IsZero() {
		l.slow.since = time.Now()
	}
}

// moved records that the peer has acknowledged something. Called under the lock.
func (l *Link) moved() {
	if l.slow.warned {
		w := l.who.Load()
		l.set.cfg.Logger.Info("peer reads again", "peer", w.id, "name", w.name,
			"after", time.Since(l.slow.since).Round(time.Second))
	}
	l.slow = slow{}
}

// notReading returns how long the link has had no room and nothing was acknowledged, without the
// time in which messages were on a slow line; see line.
func (l *Link) notReading() time.Duration {
	l.conn.Lock()
	defer l.conn.Unlock()
	if l.slow.since.IsZero() {
		return 0
	}
	return time.Since(l.slow.since)
}

// warnSlow logs, once, that the peer does not read.
func (l *Link) warnSlow() {
	l.conn.Lock()
	defer l.conn.Unlock()
	if s := &l.slow; !s.since.IsZero() && !s.warned && time.Since(s.since) >= slowAfter {
		s.warned = true
		w := l.who.Load()
		l.set.cfg.Logger.Warn("peer does not read: messages to it wait", "peer", w.id, "name", w.name,
			"for", time.Since(s.since).Round(time.Second), "unacknowledged", l.win.UnackedOctets())
	}
}

// leftOut returns the error by which a sender leaves the peer out, nil if it waits for it.
func (l *Link) leftOut() error {
	limit := l.set.cfg.SlowPeer
	if limit == 0 || l.notReading() < limit {
		return nil
	}
	l.look(l.set.every() / 2) // A sender that never waits for long has not looked.
	if d := l.notReading(); d >= limit {
		return fmt.Errorf("%w for %v", ErrNotReading, d.Round(time.Second))
	}
	return nil
}
