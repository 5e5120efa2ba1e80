package zmtp

import (
	"cmp"
	"log/slog"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// memory bounds what the messages take that are being received on all links together, so that many
// peers which send large messages, or begin them and never end, cannot fill the memory of the
// host.
//
// A link whose message takes more than shareLeast has a share. While all shares together are above
// the bound, a link that needs more reads nothing, as when the application is slow. One link at a
// time has the turn: it may go beyond the bound until its message is whole, so that messages go on
// whatever the others do. If nothing becomes free for memoryPatience, the largest share of the
// host that has most of it is given up, by the end of its connection.
type memory struct {
	most     int64
	patience time.Duration // memoryPatience
	log      *slog.Logger
	links    func() []*link

	used    atomic.Int64
	waiting atomic.Int32

	mu    sync.Mutex    // may be taken under link.mu
	freed chan struct{} // closed when something has become free, or a link has ended
	since time.Time     // when something became free last, or was found to be short
	turn  *link         // nil if nobody has it
	episode
}

const (
	// shareLeast is what a message takes, in octets, before it counts.
	shareLeast = 32 << 10
	// leastMemory is the least bound, in octets.
	leastMemory    = 16 << 20
	memoryPatience = 10 * time.Second
)

func newMemory(e *engine) *memory {
	return &memory{
		most: max(e.cfg.Limits.MaxMessage, leastMemory), patience: memoryPatience,
		log: e.cfg.Logger, links: e.snapshot, freed: make(chan struct{}),
	}
}

// account adjusts the share of the link to what its message takes now. It is called by the
// goroutine that reads, and may wait.
func (l *link) account() error {
	takes := l.in.unfinished()
	if takes < shareLeast {
		takes = 0
	}
	l.conn.Arrives(takes > 0)
	had := l.share.Load()
	if takes == had {
		return nil
	}
	m := l.engine.memory
	l.share.Store(takes)
	switch used := m.used.Add(takes - had); {
	case takes < had:
		m.release(l)
		return nil
	case used <= m.most:
		return nil
	}
	return m.await(l)
}

// unfinished is what the message in progress takes, in octets.
func (in *inbound) unfinished() int64 {
	if in.large.active {
		return in.octets + int64(cap(in.large.body))
	}
	return in.octets
}

// leave gives the share back when the link has ended.
func (m *memory) leave(l *link) {
	if had := l.share.Swap(0); had > 0 {
		m.used.Add(-had)
		m.release(l)
	}
}

// release is called when a link has less than before, or has ended.
func (m *memory) release(l *link) {
	if m.used.Load() <= m.most {
		m.worked(func() { m.log.Info("messages are received without waiting again") })
	}
	if m.waiting.Load() == 0 {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.since = time.Now()
	if m.turn == l {
		m.turn = nil
	}
	m.wake()
}

// ended makes a link that has ended wait no longer.
func (m *memory) ended() {
	if m.waiting.Load() > 0 {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.wake()
	}
}

// wake makes all links that wait look again. Called under mu.
func (m *memory) wake() {
	close(m.freed)
	m.freed = make(chan struct{})
}

// await waits until there is room, or the link has the turn.
func (m *memory) await(l *link) error {
	first := m.waiting.Add(1) == 1
	defer m.waiting.Add(-1)
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
	for ; ; first = false {
		freed, left, done := m.look(l, first)
		if done {
			return l.conn.Err()
		}
		if left <= 0 {
			m.evict()
			continue
		}
		timer := time.NewTimer(left)
		select {
		case <-freed:
		case <-timer.C:
		}
		timer.Stop()
	}
}

// look reports whether the link need not wait: there is room, it has the turn now, or it has
// ended. Else it returns what to wait for, and for how long. If nobody has waited before, the time
// begins now.
func (m *memory) look(l *link, first bool) (freed <-chan struct{}, left time.Duration, done bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if first {
		m.since = time.Now()
	}
	if m.turn == nil || m.turn.share.Load() == 0 || m.turn.conn.Err() != nil {
		m.turn = l
	}
	if m.turn == l || m.used.Load() <= m.most || l.conn.Err() != nil {
		return nil, 0, true
	}
	return m.freed, m.patience - time.Since(m.since), false
}

// evict ends the link that has the largest share on the host that has most, if nothing has become
// free for long. Links that wait for the application are not to blame.
func (m *memory) evict() {
	m.mu.Lock()
	turn, due := m.turn, time.Since(m.since) >= m.patience
	if due {
		m.since = time.Now()
	}
	m.mu.Unlock()
	if !due || turn != nil && turn.busy.Load() {
		return
	}
	hosts := make(map[netip.Addr]int64)
	var all []*link
	for _, l := range m.links() {
		if share := l.share.Load(); share > 0 && !l.busy.Load() {
			hosts[l.conn.Remote.Addr()] += share
			all = append(all, l)
		}
	}
	if len(all) == 0 {
		return
	}
	worst := slices.MaxFunc(all, func(a, b *link) int {
		of, other := a.conn.Remote.Addr(), b.conn.Remote.Addr()
		return cmp.Or(cmp.Compare(hosts[of], hosts[other]), of.Compare(other),
			cmp.Compare(a.share.Load(), b.share.Load()))
	})
	worst.end(tooLarge("an unfinished message of %d octets, for whose memory others wait",
		worst.share.Load()))
}
