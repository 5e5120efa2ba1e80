package link

import "time"

// Stats counts what was sent on links.
type Stats struct {
	MessagesOut     uint64
	OctetsOut       uint64 // headers and content
	Waits           uint64 // messages that waited for room in the window
	PongsUnexpected uint64 // PING-OKs that answer no PING of the link
	Unacknowledged  uint64 // octets in flight, see Window; 0 if no data is

	NotReading time.Duration // how long the window is full and nothing was acknowledged
}

// Add adds the counters of another link.
func (s *Stats) Add(o Stats) {
	s.MessagesOut += o.MessagesOut
	s.OctetsOut += o.OctetsOut
	s.Waits += o.Waits
	s.PongsUnexpected += o.PongsUnexpected
	s.Unacknowledged += o.Unacknowledged
	s.NotReading = max(s.NotReading, o.NotReading)
}

// Stats returns what the link has counted.
func (l *Link) Stats() Stats {
	l.conn.Lock()
	defer l.conn.Unlock()
	s := l.count
	if l.win.UnackedData() > 0 {
		s.Unacknowledged = l.win.UnackedOctets()
	}
	if !l.slow.since.IsZero() {
		s.NotReading = time.Since(l.slow.since)
	}
	return s
}
