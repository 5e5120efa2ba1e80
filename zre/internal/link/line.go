package link

import (
	"math"
	"time"

	"github.com/gozre/zre/internal/transport"
)

// line is what a link knows of the way to its peer's system. On a slow line it takes long until
// the WHISPERs and SHOUTs that were sent have arrived there, and a peer does not acknowledge them
// before. As long as more and more of them arrives, it is the line that is slow, not the peer; but
// less than slowestLine is no line: a peer that takes an octet now and then does not read.
// What arrives later, such as answers to PINGs, says nothing. It is guarded by the link's mutex.
type line struct {
	looked time.Time // the last look; zero: none yet
	moved  time.Time // the last look at which more of the messages had arrived; zero: none
	acked  uint64    // octets that the peer's system had acknowledged
	base   uint64    // acked at the look from which the rate is counted
	from   time.Time // that look
	data   uint64    // WHISPERs and SHOUTs that were sent
	end    uint64    // acked when these have arrived; 0 while a part is not with this system
}

const (
	slowestLine = 1 << 10          // octets a second
	slowestFor  = 10 * time.Second // a pause of TCP that is longer counts as so long
)

// look records a look: how much was acknowledged, how many octets waited to be written, and
// how many WHISPERs and SHOUTs were sent before. It reports whether more of these has arrived since
// a look before, and fast enough.
func (n *line) look(now time.Time, b transport.Backlog, queued int, data uint64) (more bool) {
	if data < n.data {
		return false // Another goroutine has looked later, and was here sooner.
	}
	if data > n.data {
		n.data, n.end = data, 0
	}
	switch {
	case n.looked.IsZero():
		n.base, n.from = b.Acked, now
	case b.Acked > n.acked && (n.end == 0 || n.acked < n.end):
		least := min(now.Sub(n.from), slowestFor).Seconds() * slowestLine
		if more = float64(b.Acked-n.base) >= least || n.end != 0 && b.Acked >= n.end; more {
			n.moved, n.base, n.from = now, b.Acked, now
		}
	}
	n.looked, n.acked = now, max(n.acked, b.Acked)
	if n.end == 0 && queued == 0 {
		n.end = b.Acked + b.Unacked
	}
	return more
}

// look looks at the line, unless the last look was less than so long ago.
func (l *Link) look(unless time.Duration) {
	l.conn.Lock()
	if l.line == nil {
		l.line = new(line)
	}
	data, recent := l.win.sent.data, time.Since(l.line.looked) < unless
	l.conn.Unlock()
	if recent {
		return
	}
	// In this order: what was sent before has then been written, or it still waits.
	queued := l.conn.Queued()
	b, known := l.conn.Backlog()
	if !known {
		return
	}
	l.conn.Lock()
	defer l.conn.Unlock()
	now := time.Now()
	if l.line.look(now, b, queued, data) && !l.slow.since.IsZero() {
		l.slow.since = now
	}
}

// quiet returns for how long it was not seen that more messages have arrived at the peer's system.
func (l *Link) quiet() time.Duration {
	l.conn.Lock()
	defer l.conn.Unlock()
	if l.line == nil || l.line.moved.IsZero() {
		return math.MaxInt64
	}
	return time.Since(l.line.moved)
}
