package discovery

import (
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"
)

// A node's beacon is sent again shortly after its start, as a datagram may be lost, and
// those who do not hear it find the node a period later only. That is long for a program
// that asks who is there and leaves.
func startAgain() []time.Duration {
	return []time.Duration{100 * time.Millisecond, 300 * time.Millisecond}
}

// A node that has heard the beacon of another one and has no session with it yet, a moment
// later, sends its own one: its connection may have failed, and then the other one does
// not know of it until its next beacon. As a rule the session has begun by then, and
// nothing is sent, so an arrival among many nodes costs nothing. Under a flood of forged
// beacons, or among nodes of which many cannot be reached, it is one beacon in answerGap. That
// grows to mostGap with each beacon: two hundred nodes that start at the same time would
// otherwise spend their hosts' time on each other's beacons, and so not begin their sessions.
const (
	answerAfter  = 60 * time.Millisecond  // this at least
	answerJitter = 120 * time.Millisecond // and up to this longer, so that not all do at once
	answerGap    = 300 * time.Millisecond // between two beacons, at first
	mostGap      = 8 * answerGap
	mostHeard    = 64 // nodes that are remembered for an answer
)

// again sends a node's beacon between the regular ones.
type again struct {
	isNew func(uuid.UUID) bool // the node has announced itself, and there is no session yet

	mu    sync.Mutex
	send  func() // nil before the first beacon
	ended bool
	start []*time.Timer
	timer *time.Timer // of the answer; nil before the first one
	due   bool        // the timer runs
	last  time.Time   // when the last beacon was sent
	gap   time.Duration
	heard []uuid.UUID
}

// begin says that the first beacon was sent, and how the next ones are. No call of send
// begins after end.
func (a *again) begin(period time.Duration, send func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.last, a.send = time.Now(), send
	for _, after := range startAgain() {
		if after < period {
			a.start = append(a.start, time.AfterFunc(after, func() { a.fire(true) }))
		}
	}
}

// answer makes the beacon be sent soon, if the node has no session with the other one then.
func (a *again) answer(id uuid.UUID) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.ended || len(a.heard) >= mostHeard || slices.Contains(a.heard, id) {
		return
	}
	a.heard = append(a.heard, id)
	if a.due {
		return
	}
	a.due = true
	if time.Since(a.last) >= 2*mostGap {
		a.gap = 0
	}
	after := max(answerAfter, max(a.gap, answerGap)-time.Since(a.last)) + rand.N(answerJitter)
	if a.timer == nil {
		a.timer = time.AfterFunc(after, func() { a.fire(false) })
	} else {
		a.timer.Reset(after)
	}
}

// fire sends the beacon: in any case, or if it is an answer that is still needed.
func (a *again) fire(always bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.ended || a.send == nil {
		return
	}
	if !always {
		a.due = false
		needed := slices.ContainsFunc(a.heard, a.isNew)
		a.heard = a.heard[:0]
		if !needed {
			return
		}
		a.gap = min(max(2*a.gap, answerGap), mostGap)
	}
	a.last = time.Now()
	a.send()
}

// end makes sure that nothing is sent any more.
func (a *again) end() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.ended = true
	for _, t := range a.start {
		t.Stop()
	}
	if a.timer != nil {
		a.timer.Stop()
	}
}
