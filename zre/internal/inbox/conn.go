package inbox

import (
	"sync/atomic"

	"github.com/gozre/zre/internal/codec/zremsg"
	"github.com/gozre/zre/internal/transport"
	"github.com/gozre/zre/zre/internal/core"
)

// Protocol is what happens to the messages of connections. Its methods are called
// from the goroutines of the connections.
type Protocol interface {
	// Accept handles a new connection, and sets Conn.Core. It reports false if the
	// connection is refused.
	Accept(c *Conn) bool
	// Receive handles steps in order. It returns those that have to wait until
	// Conn.Resume is called.
	Receive(c *Conn, steps []Step) []Step
	// Down handles the end of the connection.
	Down(c *Conn, err error)
}

// Step is what the protocol handles at once: a run of data messages, or one
// message of another kind.
type Step struct {
	Run   core.Run
	Chunk *Chunk // the messages of the Run, without their Source
	First []byte // of another message: its first frame
	Rest  [][]byte
}

// Conn is an accepted connection. It implements transport.Handler and core.Inbound.
type Conn struct {
	Transport *transport.Conn
	Core      *core.Conn // set by Protocol.Accept

	protocol Protocol
	queue    *Queue
	resume   atomic.Pointer[chan struct{}] // 1: the steps that wait may go on; nil before that is asked
	group    string                        // of the last SHOUT
}

// NewConn returns the part of an accepted connection, nil if it is refused.
func NewConn(t *transport.Conn, protocol Protocol, queue *Queue) *Conn {
	c := &Conn{Transport: t, protocol: protocol, queue: queue}
	if !protocol.Accept(c) {
		return nil
	}
	return c
}

// Up implements transport.Handler. It is for dialed connections only.
func (c *Conn) Up(*transport.Conn) {}

// Retry implements transport.Handler, likewise.
func (c *Conn) Retry(*transport.Conn, error) {}

// Down implements transport.Handler.
func (c *Conn) Down(_ *transport.Conn, err error) { c.protocol.Down(c, err) }

// Admit implements core.Inbound.
func (c *Conn) Admit() { c.Transport.Admit() }

// Ended implements core.Inbound.
func (c *Conn) Ended() bool { return c.Transport.Ended() }

// Arriving implements core.Inbound.
func (c *Conn) Arriving() bool { return c.Transport.Arriving() }

// Resume implements core.Inbound.
func (c *Conn) Resume() { signal(c.resumed()) }

// resumed is what Resume signals. Few connections ever wait for that.
func (c *Conn) resumed() chan struct{} {
	if made := c.resume.Load(); made != nil {
		return *made
	}
	made := make(chan struct{}, 1)
	c.resume.CompareAndSwap(nil, &made)
	return *c.resume.Load()
}

// Close implements core.Inbound.
func (c *Conn) Close() {
	c.Transport.Close(0)
	c.Resume()
}

// keepSteps bounds the memory that is kept for the next batch.
const keepSteps = 1024

// Receive implements transport.Handler.
func (c *Conn) Receive(_ *transport.Conn, messages []transport.Message) {
	memory, ok := c.queue.steps.Get().(*[]Step)
	if !ok {
		memory = new([]Step)
	}
	steps := c.parse((*memory)[:0], messages)
	for left := c.protocol.Receive(c, steps); len(left) > 0 && c.mayResume(); {
		left = c.protocol.Receive(c, left)
	}
	clear(steps)
	if *memory = steps; cap(steps) <= keepSteps {
		c.queue.steps.Put(memory)
	}
	c.queue.AwaitRoom()
}

// mayResume waits until the steps that are left may go on. It reports false if the
// node is closed.
func (c *Conn) mayResume() bool {
	select {
	case <-c.resumed():
		return true
	case <-c.queue.done:
		return false
	}
}

// parse appends steps for messages.
func (c *Conn) parse(steps []Step, messages []transport.Message) []Step {
	var run *Step // that may be continued
	for i := range messages {
		m := &messages[i]
		typ, sequence := c.data(m.First)
		if typ == 0 {
			steps = append(steps, Step{First: m.First, Rest: m.Rest})
			run = nil
			continue
		}
		if run == nil || sequence != run.Run.Last+1 || run.Chunk.full() {
			steps = append(steps, Step{Chunk: c.queue.chunks.get(len(messages) - i), Run: core.Run{First: sequence}})
			run = &steps[len(steps)-1]
		}
		it := run.Chunk.extend()
		it.Type, it.Content = typ, m.Rest
		if typ == core.EventShout {
			it.Group = c.group
		}
		octets := it.octets()
		run.Chunk.charge(it, octets)
		run.Run.Last = sequence
		run.Run.Messages++
		run.Run.Octets += len(m.First) + octets
	}
	return steps
}

// data returns the type and the sequence of a WHISPER or SHOUT, of which this is the first frame,
// and sets group. The type is 0 for any other message, and for one with a fault.
func (c *Conn) data(first []byte) (typ core.EventType, sequence uint16) {
	h, err := zremsg.DecodeHeader(first)
	if err != nil {
		return 0, 0
	}
	switch h.ID {
	case zremsg.IDWhisper:
		if len(first) == headerSize {
			return core.EventWhisper, h.Sequence
		}
	case zremsg.IDShout:
		if len(first) < headerSize+1 || len(first) != headerSize+1+int(first[headerSize]) {
			return 0, 0
		}
		if group := first[headerSize+1:]; string(group) != c.group {
			c.group = string(group)
		}
		return core.EventShout, h.Sequence
	}
	return 0, 0
}

// headerSize is the length of what all messages begin with: signature, id, version,
// sequence (RFC 36, "Protocol Grammar"). A WHISPER has nothing more, a SHOUT a
// string of one octet of length.
const headerSize = 6
