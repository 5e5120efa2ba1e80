package zmq

import (
	"encoding/binary"
	"fmt"
	"sync/atomic"

	zmq4 "github.com/pebbe/zmq4"
)

// ConnectionEvent is what a Monitor tells.
type ConnectionEvent uint8

const (
	// Connected says that a connection is up: the handshake has succeeded.
	Connected ConnectionEvent = iota + 1
	// Disconnected says that a connection has ended.
	Disconnected
)

// Event is one change of one connection of a socket. Endpoint is that of the listener or
// the one connected to, not the peer's own: a socket bound to one endpoint says the same
// for all its peers.
type Event struct {
	Kind     ConnectionEvent
	Endpoint string
}

// monitors numbers the inproc endpoints that libzmq publishes events on. A name must not
// be used twice in the process, and there is one libzmq context in it.
var monitors atomic.Uint64

// Monitor tells of the connections of one socket. It belongs to the Context that made the
// socket, and to the caller, who closes it.
type Monitor struct {
	pair  *Socket
	batch Batch
	next  int
}

// Monitor begins to watch the connections of the socket. To miss none, call it before Bind
// and Connect; a socket has one Monitor at a time.
func (s *Socket) Monitor() (*Monitor, error) {
	pair, err := s.ctx.socket(zmq4.PAIR, Options{})
	if err != nil {
		return nil, err
	}
	name := fmt.Sprintf("inproc://zmq-monitor-%d", monitors.Add(1))
	s.mu.Lock()
	err = ErrClosed
	if !s.closed {
		err = mapped(s.zs.Monitor(name, zmq4.EVENT_HANDSHAKE_SUCCEEDED|zmq4.EVENT_DISCONNECTED))
		s.settle()
	}
	s.mu.Unlock()
	if err == nil {
		err = pair.Connect(name)
	}
	if err != nil {
		_ = pair.Close() // It was never used, so it has nothing to say.
		return nil, fmt.Errorf("zmq: monitor: %w", err)
	}
	return &Monitor{pair: pair}, nil
}

// Next waits for the next event. It returns ErrClosed after Close, also when it was
// waiting. When the watched socket is closed there are no more events, but Next waits on.
func (m *Monitor) Next() (Event, error) {
	for {
		for m.next < m.batch.Len() {
			frames := m.batch.Message(m.next)
			m.next++
			if ev, ok := parseEvent(frames); ok {
				return ev, nil
			}
		}
		m.next = 0
		if err := m.pair.Receive(&m.batch); err != nil {
			return Event{}, err
		}
	}
}

// Close ends the watching.
func (m *Monitor) Close() error { return m.pair.Close() }

// parseEvent reads libzmq's form of an event: a frame with the event in 16 bits and a value
// in 32, both in the order of the machine, and a frame with the endpoint.
func parseEvent(frames [][]byte) (Event, bool) {
	if len(frames) != 2 || len(frames[0]) != 6 {
		return Event{}, false
	}
	ev := Event{Endpoint: string(frames[1])}
	switch zmq4.Event(binary.NativeEndian.Uint16(frames[0])) {
	case zmq4.EVENT_HANDSHAKE_SUCCEEDED:
		ev.Kind = Connected
	case zmq4.EVENT_DISCONNECTED:
		ev.Kind = Disconnected
	default:
		return Event{}, false
	}
	return ev, true
}
