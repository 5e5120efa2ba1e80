package inbox

import (
	"sync"
	"sync/atomic"
)

// acks counts how much of the sources' messages the application has taken. The sources get the
// counts when the application says that it has handled that.
type acks struct {
	pending  atomic.Bool   // there are counts that the sources do not know
	releases atomic.Uint64 // how often they got them

	mu     sync.Mutex // guards what follows; taken after Queue.takeMu
	counts map[Source]uint64
	prune  int // how many counts are too many to keep those of ended sources
}

// minPrune is the least number of counts at which ended sources are looked for.
const minPrune = 64

func newAcks() *acks { return &acks{counts: make(map[Source]uint64), prune: minPrune} }

// add records messages that the application has taken.
func (a *acks) add(s Source, messages uint64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if _, known := a.counts[s]; !known && len(a.counts) >= a.prune {
		// An application that acknowledges nothing must not collect the sessions of peers
		// that come and go.
		for old := range a.counts {
			if old.Ended() {
				delete(a.counts, old)
			}
		}
		a.prune = max(minPrune, 2*len(a.counts))
	}
	a.counts[s] += messages
	a.pending.Store(true)
}

// release gives the sources what was added.
func (a *acks) release() {
	if !a.pending.Load() {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.pending.Store(false)
	a.releases.Add(1)
	for s, messages := range a.counts {
		s.Taken(messages)
	}
	clear(a.counts)
}

// HoldAcks makes Ack necessary: what Take gives does not count as taken before. Call it
// before the first Put.
func (q *Queue) HoldAcks() { q.acks = newAcks() }

// Ack tells the sources that the application has handled all messages that Take gave. It
// does nothing unless HoldAcks was called.
func (q *Queue) Ack() {
	if q.acks != nil {
		q.acks.release()
	}
}
