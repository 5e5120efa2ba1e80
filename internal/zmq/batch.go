package zmq

const (
	// MaxFrames is the number of frames in a message, identity included, beyond which the message is
	// dropped whole. It bounds the memory that a peer can take with frames of no size: 24 octets each.
	MaxFrames = 65536

	// Small frames are laid into slabs. There are few large slabs to allocate where much comes in, and
	// little memory held by a frame that is kept where little does.
	smallSlab = 4 << 10
	largeSlab = 32 << 10
	// ownBuffer is the size from which on a frame gets memory of its own.
	ownBuffer = 8 << 10
	// tableSize is the number of slice headers that are allocated together, at most.
	tableSize = 1024
	// passageSize is the memory for the heads of one batch; when it is full they are kept like the rest.
	passageSize = 16 << 10

	// frameSize is what a frame takes besides its octets.
	frameSize = 24

	defaultMessages = 256
	defaultOctets   = 256 << 10
)

// Batch holds the messages of one Receive. The zero value is ready for use. One Batch serves one receiving
// goroutine at a time; it is used again for the next Receive, but the memory of frames is not: the caller may keep
// and change frames, and the slices of frames that Message gives, for ever.
//
// Frames below 8 KiB share slabs with their neighbours, and so do slices of frames: who keeps one frame
// keeps up to 32 KiB, and who keeps the slice of a message's frames up to 100 KiB. Who keeps few of many for long should copy them. Larger frames share nothing.
type Batch struct {
	// MaxMessages and MaxOctets bound what one Receive takes from libzmq's queue: it stops at the first
	// message that reaches either, where a frame counts 24 octets besides its own. 0 means 256 messages
	// and 256 KiB.
	MaxMessages, MaxOctets int

	// Heads is how many frames at the beginning of each message the receiver will not keep: Head gives
	// them instead of Message, and their memory is used again by the next Receive. A message of one
	// content frame with identity and header leaves 40 octets of garbage instead of 111 that way. It is
	// not to be changed between two calls of Receive.
	Heads int

	// Idle says that the process has little else to do than to wait in Receive, so that a wait which is likely
	// to be short may keep one of Go's processors. See pace.
	Idle bool

	messages [][][]byte
	heads    [][]byte // Heads for each message, nil where a message has less; then those under way
	passage  []byte   // memory for them
	passed   int      // how much of it is used
	octets   int      // in all frames of the messages
	frames   int      // in all messages, but for heads

	slab  []byte   // what is not yet used of it
	used  int      // frames that were laid into it, but for those in table
	table [][]byte // small frames of finished messages, then the message under way
	begin int      // where in table the message under way begins

	size  int64 // octets in the message under way
	large bool  // it has a frame with memory of its own
}

// Len is the number of messages.
func (b *Batch) Len() int { return len(b.messages) }

// Message gives the frames of the i-th message, but for its Heads. On a ROUTER the first of all is the
// sender's identity, and at least one comes after it. With Options.Curve the second is
// the public key that the sender's connection has proven, 40 characters, and of no octets if it came over inproc.
func (b *Batch) Message(i int) [][]byte { return b.messages[i] }

// Head gives the first Heads frames of the i-th message, nil for those that it does not have. They are
// valid until the next Receive.
func (b *Batch) Head(i int) [][]byte { return b.heads[i*b.Heads : (i+1)*b.Heads] }

// Octets is the number of octets in all frames of the batch.
func (b *Batch) Octets() int { return b.octets }

// reset forgets the messages of the last Receive, lest they stay in memory until they are overwritten.
func (b *Batch) reset() {
	b.drop()
	clear(b.messages)
	b.messages = b.messages[:0]
	clear(b.heads)
	b.heads = b.heads[:0]
	b.passed = 0
	b.octets, b.frames = 0, 0
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
	if n < 0 || b.octets+b.frames*frameSize >= octets {
		n = 0
	}
	if n == 0 && b.inMessage() {
		n = 1
	}
	return n
}

// inMessage tells whether a message has begun and not ended.
func (b *Batch) inMessage() bool {
	return len(b.table) > b.begin || len(b.heads) > len(b.messages)*b.Heads
}

// newSlab makes a slab that has room for need octets, and a table for it: a table lives as long as one of
// its messages does, and so do the slabs that it points into, which must not become many.
func (b *Batch) newSlab(need int) {
	size := smallSlab
	if b.octets > smallSlab/4 {
		size = largeSlab
	}
	b.slab = make([]byte, max(size, need+1)) // The shim leaves one octet free.
	// The last slab tells how many frames to expect.
	expect := b.used + len(b.table)
	b.newTable(min(expect+expect/4+16, tableSize))
	b.used = 0
}

// newTable makes a table for size frames beside those of the message under way, which move to it.
func (b *Batch) newTable(size int) {
	under := b.table[b.begin:]
	b.table = append(make([][]byte, 0, size+len(under)), under...)
	b.begin = 0
}

// add puts a frame behind those of the message under way; own says that it has memory of its own.
func (b *Batch) add(frame []byte, own bool) {
	b.size += int64(len(frame))
	if len(b.heads) < (len(b.messages)+1)*b.Heads {
		b.heads = append(b.heads, frame)
		return
	}
	if len(b.table) == cap(b.table) {
		b.growTable()
	}
	b.table = append(b.table, frame)
	b.large = b.large || own
}

// growTable makes a table for what comes after a table that is full.
func (b *Batch) growTable() {
	b.used += len(b.table)
	b.newTable(max(min(2*cap(b.table), tableSize), len(b.table)-b.begin, 16))
}

// within tells whether the message under way keeps to the limits: MaxFrames, and so many octets.
func (b *Batch) within(octets int64) bool {
	return len(b.table)-b.begin <= MaxFrames && b.size <= octets
}

// end ends the message under way. One with a large frame gets a table of its own, so that nobody keeps the
// large frame with a neighbour of it.
func (b *Batch) end() {
	m := b.table[b.begin:len(b.table):len(b.table)]
	if b.large {
		m = append([][]byte(nil), m...)
		clear(b.table[b.begin:])
		b.table = b.table[:b.begin]
	}
	b.messages = append(b.messages, m)
	for len(b.heads) < len(b.messages)*b.Heads {
		b.heads = append(b.heads, nil)
	}
	b.begin = len(b.table)
	b.octets += int(b.size)
	b.frames += len(m)
	b.size, b.large = 0, false
}

// drop forgets the message under way. It still counts towards MaxOctets, which bounds the work.
func (b *Batch) drop() {
	b.frames += len(b.table) - b.begin
	clear(b.table[b.begin:])
	b.table = b.table[:b.begin]
	b.heads = b.heads[:len(b.messages)*b.Heads]
	b.octets += int(b.size)
	b.size, b.large = 0, false
}
