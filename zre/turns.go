package zre

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gozre/zre/internal/zmq"
)

// turns says who reads the inbox: one goroutine at a time, and best one that waits
// for what the inbox brings. An application in Next reads its messages for itself,
// and one that waits for room in Whisper the answers to its own, with no other
// goroutine, thread and processor's cache in between. While nobody waits the
// node's own goroutine reads, so that peers are answered and the queue fills.
//
//	                     somebody waits
//	  ┌───────────────────────────────────────────────▶ who waits reads
//	the node's goroutine                                  │  ▲ somebody else waits,
//	reads                                                 ▼  │ or comes back
//	  ◀───────────────────────────────────────────────  nobody reads
//	          nobody came for reliefAfter
//
// Who waits and finds another one reading is told by free when that one stops.
type turns struct {
	reading sync.Mutex      // held by who reads; taken before Node.mu
	batch   zmq.Batch       // guarded by reading
	heeded  <-chan struct{} // the end of the context that interrupts who reads; likewise
	forget  func() bool     // what it does not any more; nil without one; likewise
	ended   atomic.Bool     // the inbox is closed

	leads   atomic.Bool   // who reads waits for something that may come from elsewhere, too
	waiters atomic.Int32  // goroutines that wait and do not read
	free    chan struct{} // 1: one of them may read
	visits  atomic.Uint32 // how often somebody who waited has read, or was about to
	relief  chan struct{} // 1: the node's goroutine is to read

	timer *time.Timer   // runs Node.relieve
	timed atomic.Bool   // it is set
	seen  atomic.Uint32 // visits when it was set
}

// reliefAfter is how long nobody reads, twice that at the most, until the node's
// goroutine does. It bounds what a peer waits for an answer while an application
// handles a message; the timer that measures it costs less the longer it is.
const reliefAfter = 4 * time.Millisecond

func newTurns(relieve func(), heads int) *turns {
	t := &turns{
		// The core keeps nothing of identity, key and header.
		batch:  zmq.Batch{Heads: heads, MaxMessages: batchMessages, MaxOctets: batchOctets},
		free:   make(chan struct{}, 1),
		relief: make(chan struct{}, 1),
	}
	t.timer = time.AfterFunc(time.Hour, relieve)
	t.timer.Stop()
	return t
}

// wait returns when wake is signalled, or the inbox has brought something, or for
// no reason: the caller looks whether it has what it waits for. It gives the cause
// when ctx has ended. Whoever signals wake calls interrupt after that.
func (n *Node) wait(ctx context.Context, wake <-chan struct{}) error {
	t := n.turns
	for {
		if ctx.Err() != nil {
			n.leave() // lest free was for this one
			return context.Cause(ctx)
		}
		// In this order, so that who stops reading sees a waiter that did not get the
		// lock from him.
		t.waiters.Add(1)
		if n.mayLead() {
			t.waiters.Add(-1)
			n.lead(ctx, wake)
			return nil
		}
		woken := false
		select {
		case <-wake:
			woken = true
		case <-t.free:
			// Leading passes it on, also when there is no need to read any more.
		case <-ctx.Done():
		}
		t.waiters.Add(-1)
		if woken {
			return nil
		}
	}
}

// mayLead locks reading, unless somebody else reads or nobody is to.
func (n *Node) mayLead() bool {
	t := n.turns
	if t.ended.Load() || n.queue.full() || !t.reading.TryLock() {
		return false
	}
	if n.queue.full() { // by who had the lock before
		t.reading.Unlock()
		return false
	}
	return true
}

// lead reads a batch for who waits for wake. It is called with reading locked, and
// unlocks it.
func (n *Node) lead(ctx context.Context, wake <-chan struct{}) {
	t := n.turns
	t.visits.Add(1)
	// Who signals wake looks at leads after that, so the signal is seen by one or
	// by the other.
	t.leads.Store(true)
	select {
	case <-wake:
		t.leads.Store(false)
		t.reading.Unlock()
	default:
		n.heed(ctx)
		n.read(true)
	}
	n.leave()
}

// heed has the end of ctx interrupt who reads. It stays so afterwards, as the next
// one to read often comes with the same ctx. Called under reading.
func (n *Node) heed(ctx context.Context) {
	t := n.turns
	if ctx.Done() == t.heeded || t.ended.Load() {
		return
	}
	t.heedNone()
	if t.heeded = ctx.Done(); t.heeded != nil {
		t.forget = context.AfterFunc(ctx, n.inbox.Interrupt)
	}
}

func (t *turns) heedNone() {
	if t.forget != nil {
		t.forget()
	}
	t.heeded, t.forget = nil, nil
}

// interrupt has who waits look whether he has what he waits for, if he reads.
func (n *Node) interrupt() {
	if n.turns.leads.Load() {
		n.inbox.Interrupt()
	}
}

// leave is called by who has stopped to read.
func (n *Node) leave() {
	t := n.turns
	if t.ended.Load() {
		return
	}
	if t.waiters.Load() > 0 {
		signal(t.free)
	}
	if !t.timed.Load() && t.timed.CompareAndSwap(false, true) {
		t.seen.Store(t.visits.Load())
		t.timer.Reset(reliefAfter)
	}
}

// relieve lets the node's goroutine read if nobody else has for a while.
func (n *Node) relieve() {
	t := n.turns
	t.timed.Store(false)
	switch {
	case t.leads.Load():
		// Who reads will leave.
	case t.seen.Load() != t.visits.Load():
		n.leave()
	default:
		signal(t.relief)
	}
}

// standBy leaves the inbox to those who wait, until nobody reads for a while.
func (n *Node) standBy() {
	t := n.turns
	select {
	case <-t.relief: // of an earlier time
	default:
	}
	n.leave()
	select {
	case <-t.relief:
	case <-n.life.Done():
	}
}
