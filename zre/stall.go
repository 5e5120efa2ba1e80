package zre

import (
	"fmt"
	"sync"
	"time"

	"github.com/gozre/zre/zre/internal/link"
)

// stallLook is how old what a stall knows may be. All waiting senders ask, each once a second.
const stallLook = 500 * time.Millisecond

// stall measures how long peers have waited for this node's application: they have sent PINGs
// that are answered when it has taken, or acknowledged, the messages before them; or nothing is
// read from them, because the queue of events is full. Peers that wait for that may not take
// anything themselves. If the application does not, because it waits for them in turn, nothing
// goes on any more.
type stall struct {
	mu     sync.Mutex    // guards what follows
	looked time.Time     // the last look
	time   time.Duration // what it gave
	since  time.Time     // the first one with peers that wait and this progress; zero: none waits
	seen   uint64        // the progress then
}

// lasts returns that time. It calls look, which returns the progress of the application and
// whether peers wait for more, unless that was done just before.
func (s *stall) lasts(now time.Time, look func() (progress uint64, waits bool)) time.Duration {
	s.mu.Lock()
	if !s.looked.IsZero() && now.Sub(s.looked) < stallLook {
		defer s.mu.Unlock()
		return s.time
	}
	s.looked = now
	s.mu.Unlock()
	progress, waits := look()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.time = 0
	switch {
	case !waits:
		s.since = time.Time{}
	case s.since.IsZero() || progress != s.seen:
		s.since, s.seen = now, progress
	default:
		s.time = now.Sub(s.since)
	}
	return s.time
}

// stalled returns an error if there is no point in waiting for a peer: peers wait for this
// node's application, which takes no events. While more and more arrives at the awaited peers'
// systems there is: the application may wait for just that. It was last seen quiet ago.
func (n *Node) stalled(quiet time.Duration) error {
	if n.closing.Load() {
		return nil // Events need not be taken any more.
	}
	d := n.stall.lasts(time.Now(), func() (progress uint64, waits bool) {
		progress, still := n.queue.Progress()
		return progress, still && (n.queue.Full() || n.owes())
	})
	if d = min(d, quiet); d < n.cfg.Timing.StallTimeout {
		return nil
	}
	return fmt.Errorf("%w for %v, and peers wait for that: take events while sending, from another "+
		"goroutine, or raise Timing.StallTimeout", ErrEventsNotTaken, d.Round(time.Second))
}

// owes reports whether a peer waits until the application has taken its messages.
func (n *Node) owes() (owes bool) {
	n.engine.Links(func(l *link.Link) { owes = owes || l.Owes() })
	return owes
}
