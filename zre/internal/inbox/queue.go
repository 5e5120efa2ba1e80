package inbox

import (
	"context"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gozre/zre/zre/internal/core"
)

// Queue holds the events that the application has not taken yet. They are counted
// until the application has taken the chunk that they are in.
type Queue struct {
	limit  int64
	octets atomic.Int64
	wake   chan struct{} // 1: there is something to take, or the end
	done   chan struct{} // closed by Release
	steps  sync.Pool     // *[]Step, of connections
	chunks chunkPool
	acks   *acks // nil: what is taken counts as taken at once

	mu      sync.Mutex // guards what follows
	in      []*Chunk   // in order
	closed  bool
	open    bool          // connections do not wait for room any more
	room    *sync.Cond    // the octets went below the limit, or open was set
	blocked int           // connections that wait for room
	since   time.Time     // when the first of them began to
	total   time.Duration // that connections have waited, up to since

	takers atomic.Int32  // goroutines that wait for takeMu
	turn   chan struct{} // 1: one of them may have it

	takeMu sync.Mutex // guards what follows: one taker at a time, also while it waits
	out    []*Chunk   // in order
	freed  int64      // octets taken and not yet subtracted
	taken  uint64     // events
}

// Event is an event that the application takes: a message of a source, or another
// one.
type Event struct {
	Source Source
	Item   Item
	Other  *core.Event
}

// NewQueue returns a queue for about limit octets.
func NewQueue(limit int) *Queue {
	q := &Queue{
		limit: int64(limit),
		wake:  make(chan struct{}, 1),
		done:  make(chan struct{}),
		turn:  make(chan struct{}, 1),
	}
	q.room = sync.NewCond(&q.mu)
	return q
}

// Put appends chunks, which belong to the queue from then on. It never waits, and
// may exceed the limit.
func (q *Queue) Put(chunks []*Chunk) {
	var n int64
	for _, c := range chunks {
		n += c.cost
	}
	q.octets.Add(n)
	q.mu.Lock()
	for _, c := range chunks {
		q.append(c)
	}
	q.mu.Unlock()
	signal(q.wake)
}

// append appends a chunk, or its messages to the last one: a few messages at a time
// do not need a chunk each. Called under mu.
func (q *Queue) append(c *Chunk) {
	if len(q.in) > 0 && len(c.Items) > 0 && len(c.Items) <= fewItems {
		// While a PING waits, what was before it is in a chunk that ends there: a
		// source learns of a chunk as a whole.
		last := q.in[len(q.in)-1]
		if last.Source == c.Source && len(last.Items)+len(c.Items) <= cap(last.Items) &&
			last.cost < mostCost && !c.Source.Owes() {
			last.Items = append(last.Items, c.Items...)
			last.cost += c.cost
			q.chunks.put(c)
			return
		}
	}
	q.in = append(q.in, c)
}

// Drop lets the memory of a chunk be used again whose messages were refused.
func (q *Queue) Drop(c *Chunk) { q.chunks.put(c) }

// Octets returns what the events in the queue cost.
func (q *Queue) Octets() int64 { return q.octets.Load() }

// Full reports whether the limit is reached.
func (q *Queue) Full() bool { return q.octets.Load() >= q.limit }

// Progress returns a number that changes with each event that is taken, and with each Ack
// that tells of one. It reports false while a goroutine is in Take.
func (q *Queue) Progress() (n uint64, still bool) {
	if !q.takeMu.TryLock() {
		return 0, false
	}
	n = q.taken
	q.end()
	if q.acks != nil {
		n += q.acks.releases.Load()
	}
	return n, true
}

// AwaitRoom waits while the queue is full, until Open or Close.
func (q *Queue) AwaitRoom() {
	if !q.Full() {
		return
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	for q.Full() && !q.open && !q.closed {
		if q.blocked == 0 {
			q.since = time.Now()
		}
		q.blocked++
		q.room.Wait()
		if q.blocked--; q.blocked == 0 {
			q.total += time.Since(q.since)
		}
	}
}

// Blocked reports whether a connection waits for room, and for how long in all at
// least one has waited.
func (q *Queue) Blocked() (now bool, total time.Duration) {
	q.mu.Lock()
	defer q.mu.Unlock()
	total = q.total
	if q.blocked > 0 {
		total += time.Since(q.since)
	}
	return q.blocked > 0, total
}

// Open makes connections wait for room no more.
func (q *Queue) Open() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.open = true
	q.room.Broadcast()
}

// Release lets the connections that wait for Conn.Resume go on. What they have
// still received is dropped.
func (q *Queue) Release() { close(q.done) }

// Close makes Take give io.EOF after what is left.
func (q *Queue) Close() {
	q.mu.Lock()
	q.closed = true
	q.room.Broadcast()
	q.mu.Unlock()
	signal(q.wake)
}

// Take writes the next event to ev. It waits for one until ctx ends; after Close
// it gives what is left and then io.EOF.
func (q *Queue) Take(ctx context.Context, ev *Event) error {
	if !q.takeMu.TryLock() {
		if err := q.awaitTurn(ctx); err != nil {
			return err
		}
	}
	if len(q.out) == 0 {
		if err := q.refill(ctx); err != nil {
			q.end()
			return err
		}
	}
	c := q.out[0]
	ev.Source, ev.Other = c.Source, c.Other
	if c.next < len(c.Items) {
		ev.Item = c.Items[c.next]
		c.next++
	}
	if c.next == len(c.Items) {
		q.finish(c)
	}
	q.taken++
	q.end()
	return nil
}

// TakeSome is Take for up to most events, without waiting for more than one. It calls take for each
// run of messages of one source, and for each other event.
func (q *Queue) TakeSome(ctx context.Context, most int, take func(s Source, messages []Item, other *core.Event)) error {
	if !q.takeMu.TryLock() {
		if err := q.awaitTurn(ctx); err != nil {
			return err
		}
	}
	defer q.end()
	if len(q.out) == 0 {
		if err := q.refill(ctx); err != nil {
			return err
		}
	}
	for most > 0 && len(q.out) > 0 {
		c := q.out[0]
		n := min(len(c.Items)-c.next, most)
		take(c.Source, c.Items[c.next:c.next+n], c.Other)
		c.next += n
		if c.next == len(c.Items) {
			q.finish(c)
		}
		n = max(n, 1) // an event that is no message
		q.taken += uint64(n)
		most -= n
	}
	return nil
}

// finish ends a chunk of which everything was taken.
func (q *Queue) finish(c *Chunk) {
	q.out[0] = nil
	q.out = q.out[1:]
	switch {
	case c.Source == nil:
	case q.acks != nil:
		q.acks.add(c.Source, uint64(len(c.Items)))
	default:
		c.Source.Taken(uint64(len(c.Items)))
	}
	q.freed += c.cost
	if q.freed >= min(q.limit/8, 64<<10) || len(q.out) == 0 {
		q.flushFreed()
	}
	q.chunks.put(c)
}

// awaitTurn locks takeMu, or gives the error of ctx if that ends before.
func (q *Queue) awaitTurn(ctx context.Context) error {
	// In this order, so that the goroutine that unlocks sees a taker that did not
	// get the lock.
	q.takers.Add(1)
	defer q.takers.Add(-1)
	for !q.takeMu.TryLock() {
		select {
		case <-q.turn:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// end unlocks takeMu.
func (q *Queue) end() {
	q.takeMu.Unlock()
	if q.takers.Load() > 0 {
		signal(q.turn)
	}
}

// refill swaps in the chunks that were put, waiting for one. It gives io.EOF at the
// end.
func (q *Queue) refill(ctx context.Context) error {
	for {
		q.mu.Lock()
		q.in, q.out = q.out[:0], q.in
		closed := q.closed
		q.mu.Unlock()
		if len(q.out) > 0 {
			return nil
		}
		if closed {
			signal(q.wake) // for another taker
			return io.EOF
		}
		select {
		case <-q.wake:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// flushFreed subtracts what was taken. It is summed up so that the counter, which
// several goroutines share, is not changed for each chunk.
func (q *Queue) flushFreed() {
	if q.freed == 0 {
		return
	}
	was := q.octets.Add(-q.freed) + q.freed
	if was >= q.limit && was-q.freed < q.limit {
		q.mu.Lock()
		q.room.Broadcast()
		q.mu.Unlock()
	}
	q.freed = 0
}

// signal sets a flag that one goroutine waits for.
func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
