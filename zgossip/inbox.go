package zgossip

import (
	"sync"

	"github.com/gozre/zre/internal/transport"
)

// inboxSize is how many octets may wait in an inbox. Beyond it connections are not read.
const inboxSize = 1 << 20

// inbox holds what clients have sent until the server handles it. The goroutine of a
// connection only leaves its messages here: while it waited for the server it would hold the
// large buffer that it reads with.
type inbox struct {
	ready chan struct{} // has an element when there is something

	mu       sync.Mutex
	room     sync.Cond // of mu: there may be room, or the inbox is closed
	closed   bool
	arrivals []arrival
	octets   []byte // first frames
	unused   []arrival
	spare    []byte // the memory of what was taken last
}

// arrival is a message of a client, the end of its connection, or, without a client, that of
// some connection.
type arrival struct {
	client     *client
	start, end int // of the first frame, in inbox.octets
	rest       [][]byte
	ended      error // why the connection has ended; nil for a message
}

func newInbox() *inbox {
	in := &inbox{ready: make(chan struct{}, 1)}
	in.room.L = &in.mu
	return in
}

// add adds messages. It waits while the inbox is full, and drops them if it is closed.
func (in *inbox) add(c *client, messages []transport.Message) {
	in.mu.Lock()
	defer in.mu.Unlock()
	for len(in.octets) >= inboxSize && !in.closed {
		in.room.Wait()
	}
	if in.closed {
		return
	}
	for _, m := range messages {
		start := len(in.octets)
		in.octets = append(in.octets, m.First...)
		a := arrival{client: c, start: start, end: len(in.octets), rest: m.Rest}
		in.arrivals = append(in.arrivals, a)
	}
	poke(in.ready)
}

// addEnd adds the end of a connection; c is nil if it is not known of which. It does not wait.
func (in *inbox) addEnd(c *client, cause error) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.arrivals = append(in.arrivals, arrival{client: c, ended: cause})
	poke(in.ready)
}

// take calls f for all that there is. Only one goroutine calls it at a time.
func (in *inbox) take(f func(a *arrival, frame []byte)) {
	in.mu.Lock()
	arrivals, octets := in.arrivals, in.octets
	in.arrivals, in.octets = in.unused[:0], in.spare[:0]
	in.unused, in.spare = nil, nil
	in.room.Broadcast()
	in.mu.Unlock()
	for i := range arrivals {
		f(&arrivals[i], octets[arrivals[i].start:arrivals[i].end])
	}
	clear(arrivals)
	in.mu.Lock()
	defer in.mu.Unlock()
	in.unused, in.spare = arrivals, octets
}

// close makes add drop what it gets.
func (in *inbox) close() {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.closed = true
	in.room.Broadcast()
}

// poke leaves a note for a goroutine, if there is none yet.
func poke(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
