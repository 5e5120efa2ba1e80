package zre

import (
	"context"
	"io"
	"sync"
	"sync/atomic"

	"github.com/google/uuid"
)

// eventCost is what an event counts for in a queue besides the octets of its
// content: about what it takes to hold it.
const eventCost = 256

// keepItems bounds the room that an empty queue keeps for next time.
const keepItems = 4096

// queue holds the events that the application has not taken yet. The inbox puts
// in whole batches, and the application takes from a batch of its own, so that
// the lock between them is taken once a batch. Its bound is in octets; an event
// is counted until the application has taken it.
type queue struct {
	limit  int64
	octets atomic.Int64
	wake   chan struct{} // 1: there is something to take, or the end
	room   chan struct{} // 1: the octets went below the limit

	mu     sync.Mutex
	in     []item
	closed bool

	takeMu sync.Mutex // guards what follows: one taker at a time
	out    []item
	next   int
	freed  int64 // octets taken and not yet subtracted
}

// item is an event that waits. A message is kept by itself, because there may be
// millions a second, and half the size is half the time to put it in and out.
type item struct {
	from    *sender // of a message; nil for other events
	content [][]byte
	group   string
	kind    EventType
	other   *Event // what is not a message
}

// sender is who a message is from. It is made with each ENTER and not changed.
type sender struct {
	link *link
	peer uuid.UUID
	name string
}

// event is what the application gets.
func (it *item) event() Event {
	if it.from == nil {
		return *it.other
	}
	return Event{Type: it.kind, Peer: it.from.peer, Name: it.from.name, Group: it.group, Content: it.content}
}

func (it *item) cost() int64 {
	n := int64(eventCost)
	for _, f := range it.content {
		n += int64(len(f))
	}
	return n
}

func newQueue(limit int) *queue {
	return &queue{
		limit: int64(limit),
		wake:  make(chan struct{}, 1),
		room:  make(chan struct{}, 1),
	}
}

// put appends a batch. It never blocks and may exceed the limit by that batch. It
// returns an empty slice for the next batch: the one it was given or another.
func (q *queue) put(items []item) []item {
	var n int64
	for i := range items {
		n += items[i].cost()
	}
	q.octets.Add(n)
	q.mu.Lock()
	if len(q.in) == 0 {
		q.in, items = items, q.in
	} else {
		q.in = append(q.in, items...)
		clear(items)
	}
	q.mu.Unlock()
	signal(q.wake)
	if cap(items) > keepItems {
		return nil
	}
	return items[:0]
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

// take returns the next event. It waits for one until ctx ends; after close it
// returns what is left and then io.EOF.
func (q *queue) take(ctx context.Context) (Event, error) {
	q.takeMu.Lock()
	defer q.takeMu.Unlock()
	for q.next == len(q.out) {
		end, err := q.refill(ctx)
		if err != nil {
			return Event{}, err
		}
		if end {
			return Event{}, io.EOF
		}
	}
	it := &q.out[q.next]
	q.next++
	ev := it.event()
	from := it.from
	q.free(it.cost())
	*it = item{} // the content is the application's alone now
	if from != nil {
		from.link.taken()
	}
	return ev, nil
}

// refill swaps in the next batch, waiting for one.
func (q *queue) refill(ctx context.Context) (end bool, err error) {
	q.flushFreed()
	for {
		q.mu.Lock()
		q.in, q.out, q.next = q.out[:0], q.in, 0
		if cap(q.in) > keepItems {
			q.in = nil
		}
		closed := q.closed
		q.mu.Unlock()
		if len(q.out) > 0 {
			return false, nil
		}
		if closed {
			signal(q.wake) // for another taker
			return true, nil
		}
		select {
		case <-q.wake:
		case <-ctx.Done():
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
