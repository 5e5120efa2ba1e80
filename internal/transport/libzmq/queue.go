//go:build libzmq

package libzmq

import (
	"sync"

	"github.com/gozre/zre/internal/transport"
)

// queue is what the Handler of a connection has to be told, in this order. It has a
// goroutine while there is something.
type queue struct {
	t *Transport
	c *transport.Conn

	mu       sync.Mutex
	handler  transport.Handler // nil until accepted
	running  bool
	accept   bool   // Config.Accept has to be called
	refused  bool   // it has refused the connection
	refuse   func() // is posted then
	retries  []error
	up       bool
	messages []transport.Message
	octets   int64 // of messages
	source   *source
	down     error

	lost bool // of the ROUTER's queue: Config.Lost has to be called
}

// messageCost is what a message or frame counts on top of its octets.
const messageCost = 64

// put adds to the queue. Only the loop calls it.
func (q *queue) put(add func(*queue)) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.refused {
		return
	}
	add(q)
	if !q.running {
		q.running = true
		q.t.calls.Go(q.run)
	}
}

// receive adds a message of the source.
func (q *queue) receive(s *source, m transport.Message) {
	size := int64(messageCost + len(m.First))
	for _, f := range m.Rest {
		size += int64(messageCost + len(f))
	}
	q.put(func(q *queue) {
		q.messages = append(q.messages, m)
		q.octets += size
		q.source = s
		s.held.Add(size)
	})
}

// run calls the Handler until there is nothing to tell.
func (q *queue) run() {
	for {
		q.mu.Lock()
		switch {
		case q.accept:
			q.accept = false
			q.mu.Unlock()
			q.begin()
		case q.refused:
			q.release()
			q.mu.Unlock()
			return
		case len(q.retries) > 0:
			err := q.retries[0]
			q.retries = q.retries[1:]
			q.mu.Unlock()
			q.handler.Retry(q.c, err)
		case q.up:
			q.up = false
			q.mu.Unlock()
			q.handler.Up(q.c)
		case len(q.messages) > 0:
			messages, octets, source := q.messages, q.octets, q.source
			q.messages, q.octets = nil, 0
			q.mu.Unlock()
			q.handler.Receive(q.c, messages)
			source.taken(octets)
		case q.lost:
			q.lost = false
			q.mu.Unlock()
			q.t.cfg.Lost()
		case q.down != nil:
			q.mu.Unlock()
			q.handler.Down(q.c, q.down)
			return // It is the last: running stays true.
		default:
			q.running = false
			q.mu.Unlock()
			return
		}
	}
}

// begin asks who accepts connections for a Handler.
func (q *queue) begin() {
	h := q.t.cfg.Accept(q.c)
	q.mu.Lock()
	q.handler, q.refused = h, h == nil
	q.mu.Unlock()
	if h == nil {
		q.t.post(q.refuse)
	}
}

// release drops the messages of a connection that was refused. Called under mu.
func (q *queue) release() {
	if q.source != nil {
		q.source.taken(q.octets)
	}
	q.messages, q.octets = nil, 0
}
