package inbox

import (
	"sync"

	"github.com/google/uuid"

	"github.com/gozre/zre/zre/internal/core"
)

// The costs of an event in a queue, in octets, in addition to its content: about the
// memory that holds it.
const (
	EventCost  = 256 // each event
	FrameCost  = 24  // each frame of a message
	HeaderCost = 64  // each header of an ENTER
)

// Item is a WHISPER or SHOUT.
type Item struct {
	Content [][]byte
	Group   string
	Type    core.EventType
}

// Source is where the messages of one session come from.
type Source interface {
	// Peer returns the sender. It does not change.
	Peer() (id uuid.UUID, name string)
	// Taken records how many more messages the application has taken.
	Taken(messages uint64)
	// Owes reports whether a PING is not answered yet, because the application has not
	// taken the messages before it.
	Owes() bool
	// Ended reports whether the session has ended, so that nobody waits for an answer.
	Ended() bool
}

// Chunk is messages of one session, in order, or one other event. It goes through
// the inbox as a whole: messages are not copied on their way to the application.
type Chunk struct {
	Source Source      // of the messages
	Items  []Item      // the messages
	Other  *core.Event // if there are none
	cost   int64
	next   int // of the items, that the application has not taken
}

// The capacities of chunks: for messages that come now and then, and for a stream.
const (
	fewItems  = 4
	manyItems = 256
)

// mostCost bounds what the messages of a chunk cost, but for one message more, in
// octets: the memory of a chunk is given back as a whole.
const mostCost = 256 << 10

// chunkPool has chunks that are used again.
type chunkPool struct{ few, many sync.Pool }

// get returns an empty chunk for about n messages.
func (p *chunkPool) get(n int) *Chunk {
	pool, capacity := &p.few, fewItems
	if n > fewItems {
		pool, capacity = &p.many, manyItems
	}
	if c, ok := pool.Get().(*Chunk); ok {
		return c
	}
	return &Chunk{Items: make([]Item, 0, capacity)}
}

// put lets a chunk be used again.
func (p *chunkPool) put(c *Chunk) {
	clear(c.Items)
	*c = Chunk{Items: c.Items[:0]}
	switch cap(c.Items) {
	case fewItems:
		p.few.Put(c)
	case manyItems:
		p.many.Put(c)
	}
}

// full reports whether the chunk takes no further message.
func (c *Chunk) full() bool { return len(c.Items) == cap(c.Items) || c.cost >= mostCost }

// octets is the size of the content.
func (it *Item) octets() (n int) {
	for _, f := range it.Content {
		n += len(f)
	}
	return n
}

// extend appends an empty message to a chunk that is not full, and returns it.
func (c *Chunk) extend() *Item {
	n := len(c.Items)
	c.Items = c.Items[:n+1]
	return &c.Items[n]
}

// charge counts what a message costs; octets is the size of its content.
func (c *Chunk) charge(it *Item, octets int) {
	c.cost += int64(EventCost + octets + FrameCost*len(it.Content))
}

// NewEvent returns a chunk with an event that is no message.
func NewEvent(ev *core.Event) *Chunk {
	n := EventCost + len(ev.Name) + len(ev.Group)
	for k, v := range ev.Headers {
		n += len(k) + len(v) + HeaderCost
	}
	return &Chunk{Other: ev, cost: int64(n)}
}

// NewMessage returns a chunk with one message.
func NewMessage(it Item) *Chunk {
	c := &Chunk{Items: []Item{it}}
	c.charge(&it, it.octets())
	return c
}
