package zmq

const (
	// MaxFrames is the number of frames in a message, identity included, beyond which the message is
	// dropped whole. It bounds the memory that a peer can take with frames of no size: 24 octets each.
	MaxFrames = 65536

	// slabSize is the memory that small frames are laid into. One frame that the receiver keeps keeps
	// its whole slab.
	slabSize = 32 << 10
	// ownBuffer is the size from which on a frame gets a buffer of its own.
	ownBuffer = 8 << 10
	// tableSize is the number of slice headers that are allocated together.
	tableSize = 1024

	defaultMessages = 256
	defaultOctets   = 256 << 10
)

// Batch holds the messages of one Receive. The zero value is ready for use. One Batch serves one receiving
// goroutine; it is used again for the next Receive, but the memory of frames is not: the caller may keep
// and change frames, and slices of frames, for ever.
//
// Small frames share slabs of 32 KiB, so that a frame that is kept for long keeps up to 32 KiB. Who keeps
// few of many should copy them.
type Batch struct {
	// MaxMessages and MaxOctets bound what one Receive takes from libzmq's queue: it stops at the first
	// message that reaches either. 0 means 256 messages and 256 KiB.
	MaxMessages, MaxOctets int

	messages [][][]byte
	octets   int    // in all frames of the batch, the message under way included
	slab     []byte // not yet used

	table [][]byte // frames, of finished messages and of the one under way
	begin int      // where in table the message under way begins
	size  int64    // octets in the message under way
}

// Len is the number of messages.
func (b *Batch) Len() int { return len(b.messages) }

// Message gives all frames of the i-th message. From a ROUTER, the first is the sender's identity; a
// hostile peer can leave it at that.
func (b *Batch) Message(i int) [][]byte { return b.messages[i] }

// Octets is the number of octets in all frames of the batch.
func (b *Batch) Octets() int { return b.octets }

// reset forgets the messages of the last Receive, lest they stay in memory until they are overwritten.
func (b *Batch) reset() {
	clear(b.messages)
	b.messages = b.messages[:0]
	b.octets = 0
}

// room is the number of messages that may still be added; 0 ends the batch. It is never 0 within a
// message.
func (b *Batch) room() int {
	messages, octets := b.MaxMessages, b.MaxOctets
	if messages <= 0 {
		messages = defaultMessages
	}
	if octets <= 0 {
		octets = defaultOctets
	}
	n := messages - len(b.messages)
	if n < 0 || b.octets >= octets {
		n = 0
	}
	if n == 0 && b.inMessage() {
		n = 1
	}
	return n
}

// inMessage tells whether a message has begun and not ended.
func (b *Batch) inMessage() bool { return len(b.table) > b.begin }

// add puts a frame behind those of the message under way.
func (b *Batch) add(frame []byte) {
	if len(b.table) == cap(b.table) {
		under := b.table[b.begin:]
		b.table = append(make([][]byte, 0, max(tableSize, 2*len(under))), under...)
		b.begin = 0
	}
	b.table = append(b.table, frame)
	b.size += int64(len(frame))
	b.octets += len(frame)
}

// end ends the message under way.
func (b *Batch) end() {
	b.messages = append(b.messages, b.table[b.begin:len(b.table):len(b.table)])
	b.begin = len(b.table)
	b.size = 0
}

// drop forgets the message under way. Its octets still count towards MaxOctets, which bounds the work.
func (b *Batch) drop() {
	clear(b.table[b.begin:])
	b.table = b.table[:b.begin]
	b.size = 0
}
