package zre

import (
	"context"
	"io"
	"sync"
	"sync/atomic"
)

// eventCost is what an event counts for in a queue besides the octets of its
// content: about what it takes to hold it.
const eventCost = 256

// frameCost is what a frame of an event counts for besides its octets: the slice
// that refers to it.
const frameCost = 24

// headerCost is what a header of an ENTER counts for besides its octets.
const headerCost = 64

// keepItems bounds the room that an empty queue keeps for next time.
const keepItems = 4096

// queue holds the events that the application has not taken yet. The inbox puts
// in whole batches, and the application takes from a batch of its own, so that
// the lock between them is taken once a batch. Its bound is in octets; an event
// is counted until the application has taken it.
type queue struct {
	limit  int64
	octets atomic.Int64
	wake   chan struct{}                                // 1: there is something to take, or the end
	room   chan struct{}                                // 1: the octets went below the limit
	wait   func(context.Context, <-chan struct{}) error // returns when wake is signalled, or earlier

	mu     sync.Mutex
	in     []item
	closed bool

	takers atomic.Int32  // who wait for takeMu
	turn   chan struct{} // 1: one of them may have it

	takeMu sync.Mutex // guards what follows: one taker at a time, also while it waits
	out    []item
	next   int
	freed  int64 // octets taken and not yet subtracted
	// run is how many messages were taken and not yet counted as consumed. They
	// are in a row from one link, and the next one is from it as well, so that no
	// answer to a PING depends on them.
	run uint64
}

// item is an event in the queue: a message, with who sent it, or anything else.
// It is small, because there may be many.
type item struct {
	from    *sender // of a message
	content [][]byte
	group   string
	typ     EventType
	other   *Event // no message
}

// sender is who the messages of a session come from. It does not change.
type sender struct {
	link *link
	says Event // what all its messages have in common: Peer and Name
}

func (it *item) cost() int64 {
	n := int64(eventCost)
	for _, f := range it.content {
		n += int64(len(f)) + frameCost
	}
	if it.other != nil {
		n += int64(len(it.other.Name) + len(it.other.Group))
		for k, v := range it.other.Headers {
			n += int64(len(k)+len(v)) + headerCost
		}
	}
	return n
}

// tell writes the event to ev. It is filled in where the application will find it,
// and long before that: a processor that copies what was just written in other
// portions waits for the writes, four times what the rest of take costs.
func (it *item) tell(ev *Event) {
	if it.from == nil {
		*ev = *it.other
		return
	}
	*ev = it.from.says
	ev.Type, ev.Group, ev.Content = it.typ, it.group, it.content
}

func newQueue(limit int, wait func(context.Context, <-chan struct{}) error) *queue {
	return &queue{
		limit: int64(limit),
		wait:  wait,
		wake:  make(chan struct{}, 1),
		room:  make(chan struct{}, 1),
		turn:  make(chan struct{}, 1),
	}
}

// put appends a batch and returns an empty slice for the next one. It never
// blocks and may exceed the limit by that batch.
func (q *queue) put(batch []item) []item {
	var n int64
	for i := range batch {
		n += batch[i].cost()
	}
	q.octets.Add(n)
	q.mu.Lock()
	if len(q.in) == 0 {
		q.in, batch = batch, q.in
	} else {
		q.in = append(q.in, batch...)
		clear(batch)
	}
	q.mu.Unlock()
	signal(q.wake)
	if cap(batch) > keepItems {
		return nil
	}
	return batch[:0]
}

// full reports whether the limit is reached.
func (q *queue) full() bool { return q.octets.Load() >= q.limit }

// close lets the taker come to the end after what is left.
func (q *queue) close() {
	q.mu.Lock()
	q.closed = true
	q.mu.Unlock()
	signal(q.wake)
	signal(q.room)
}

// take writes the next event to ev. It waits for one until ctx ends; after close
// it gives what is left and then io.EOF.
func (q *queue) take(ctx context.Context, ev *Event) error {
	if !q.takeMu.TryLock() {
		if err := q.awaitTurn(ctx); err != nil {
			return err
		}
	}
	for q.next == len(q.out) {
		if end, err := q.refill(ctx); end || err != nil {
			q.end()
			if err == nil {
				err = io.EOF
			}
			return err
		}
	}
	it := &q.out[q.next]
	q.next++
	it.tell(ev)
	from := it.from
	q.free(it.cost())
	*it = item{} // the content is the application's alone now
	if from != nil {
		q.run++
		if q.next == len(q.out) || q.out[q.next].from != from || from.link.pending.Load() > 0 {
			from.link.taken(q.run)
			q.run = 0
		}
	}
	q.end()
	return nil
}

// awaitTurn locks takeMu, or gives the error of ctx if that ends before.
func (q *queue) awaitTurn(ctx context.Context) error {
	// In this order, so that who unlocks sees a taker that did not get the lock.
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
func (q *queue) end() {
	q.takeMu.Unlock()
	if q.takers.Load() > 0 {
		signal(q.turn)
	}
}

// refill swaps in the next batch, waiting for one.
func (q *queue) refill(ctx context.Context) (end bool, err error) {
	q.flushFreed()
	for {
		q.mu.Lock()
		if cap(q.out) > keepItems {
			q.out = nil
		}
		q.in, q.out, q.next = q.out[:0], q.in, 0
		closed := q.closed
		q.mu.Unlock()
		if len(q.out) > 0 {
			select { // What was put until now will be seen; the next wait is for more.
			case <-q.wake:
			default:
			}
			return false, nil
		}
		if closed {
			signal(q.wake) // for another taker
			return true, nil
		}
		if q.wait(ctx, q.wake) != nil {
			return false, ctx.Err()
		}
	}
}

// free gives back the octets of an event that was taken. They are summed up so
// that the counter, which two threads share, is not touched for each small one.
func (q *queue) free(n int64) {
	if q.freed += n; q.freed >= min(q.limit/8, 64<<10) {
		q.flushFreed()
	}
}

func (q *queue) flushFreed() {
	if q.freed == 0 {
		return
	}
	was := q.octets.Add(-q.freed) + q.freed
	if was >= q.limit && was-q.freed < q.limit {
		signal(q.room)
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
