package zmtp

import (
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// memory bounds what the messages take that are being received on all links together, so that many
// peers which send large messages, or begin them and never end, cannot fill the memory of the
// host.
//
// A link whose message takes more than shareLeast has a share, until the message is handed over.
// While all shares together are above the bound, a link that needs more reads nothing, as when the
// application is slow. One link at a time is exempt from the bound until its message is whole, so
// that messages go on whatever the others do. The links that wait become exempt in the order in
// which they came. See memory_evict.go for links on which nothing arrives.
type memory struct {
	most     int64         // the bound
	patience time.Duration // memoryPatience
	least    int64         // what the exempt link has to receive in this time, in octets
	log      *slog.Logger
	links    func() []*link

	used atomic.Int64 // all shares

	mu     sync.Mutex // may be taken under link.mu
	queue  []*waiter  // the first one has waited longest
	exempt *link      // if there is none, no link waits
	since  time.Time  // when the exempt link was looked at last, or links began to wait for it
	mark   int64      // link.got of the exempt link at that time
	episode
}

// waiter is a link that waits for memory.
type waiter struct {
	link *link
	done chan struct{} // closed when it need not wait any more; it is out of the queue then
}

const (
	// shareLeast is what a message takes, in octets, before it counts.
	shareLeast = 32 << 10
	// leastMemory is the least bound, in octets.
	leastMemory    = 16 << 20
	memoryPatience = 10 * time.Second
	// leastProgress is what the exempt link has to receive in memoryPatience, in octets.
	leastProgress = 1 << 20
)

func newMemory(e *engine) *memory {
	return &memory{
		most: max(e.cfg.Limits.MaxMessage, leastMemory), patience: memoryPatience, least: leastProgress,
		log: e.cfg.Logger, links: e.snapshot,
	}
}

// account adjusts the share of the link to what its message takes now that n octets have arrived.
// It is called by the goroutine that reads, and may wait.
func (l *link) account(n int) {
	m := l.engine.memory
	takes := l.in.unfinished()
	if takes < shareLeast {
		takes = 0
	}
	l.conn.Arrives(takes > 0)
	had := l.share.Load()
	if had > 0 && (l.delivered || takes == 0) {
		m.leave(l) // Also if the next message takes the same: it waits behind the others.
		had = 0
	}
	l.delivered = false
	if takes > 0 {
		l.got.Add(int64(n))
	}
	if takes == had {
		return
	}
	l.share.Store(takes)
	switch used := m.used.Add(takes - had); {
	case takes < had:
		m.release(nil)
	case used > m.most:
		m.await(l)
	}
}

// unfinished is what the message in progress takes, in octets.
func (in *inbound) unfinished() int64 {
	if in.large.active {
		return in.octets + int64(cap(in.large.body))
	}
	return in.octets
}

// leave gives the share back, when the message was handed over or the link has ended.
func (m *memory) leave(l *link) {
	if had := l.share.Swap(0); had > 0 {
		m.used.Add(-had)
		m.release(l)
	}
}

// release lets links go on after something has become free. The link left is not exempt any more.
func (m *memory) release(left *link) {
	if m.used.Load() <= m.most {
		m.worked(func() { m.log.Info("messages are received without waiting again") })
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.next(left)
}

// ended makes a link that has ended wait no longer, and be exempt no longer.
func (m *memory) ended(l *link) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.queue = slices.DeleteFunc(m.queue, func(w *waiter) bool {
		if w.link == l {
			close(w.done)
		}
		return w.link == l
	})
	m.next(l)
}

// next lets all links go on if there is room. Else it makes the first one that waits exempt, if no
// link other than left is. Called under mu.
func (m *memory) next(left *link) {
	room := m.used.Load() <= m.most
	if room || m.exempt == left {
		m.exempt = nil
	}
	for len(m.queue) > 0 && (room || m.exempt == nil) {
		w := m.queue[0]
		m.queue = slices.Delete(m.queue, 0, 1)
		if !room {
			m.exempt = w.link
			m.look()
		}
		close(w.done)
	}
}

// look begins the time in which the exempt link has to receive something. It returns how much it
// has received in the time before. Called under mu.
func (m *memory) look() (received int64) {
	received = -m.mark
	m.since, m.mark = time.Now(), 0
	if m.exempt != nil {
		m.mark = m.exempt.got.Load()
	}
	return received + m.mark
}

// await waits until there is room, or the link is exempt, or has ended. Meanwhile the link holds
// no memory to read to. It is called by the goroutine that reads.
func (m *memory) await(l *link) {
	w := m.enqueue(l)
	if w == nil {
		return
	}
	l.in.park()
	l.waits.Store(true)
	defer func() {
		l.heard.Store(l.engine.beat.Load()) // First, so that the link does not look silent.
		l.waits.Store(false)
	}()
	m.failed(func() {
		m.log.Warn("messages that are being received take more memory than allowed: "+
			"connections wait for each other", "octets", m.most,
			"hint", "large content is better sent in parts; this limit is that of one message")
	})
	if l.isDown() {
		m.ended(l) // It may have ended before it was in the queue.
	}
	for {
		timer := time.NewTimer(m.left())
		select {
		case <-w.done:
			timer.Stop()
			return
		case <-timer.C:
			m.evict()
		}
	}
}

// enqueue returns what the link has to wait for, nil if it need not wait.
func (m *memory) enqueue(l *link) *waiter {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case m.exempt == l || m.used.Load() <= m.most:
		return nil
	case m.exempt == nil:
		m.exempt = l
		m.look()
		return nil
	case len(m.queue) == 0:
		m.look()
	}
	w := &waiter{l, make(chan struct{})}
	m.queue = append(m.queue, w)
	return w
}

// left is how much of the patience is left.
func (m *memory) left() time.Duration {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.patience - time.Since(m.since)
}
