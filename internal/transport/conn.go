package transport

import (
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gozre/zre/internal/curve"
)

// Conn is one connection, from Dial or its acceptance to its end. Its methods are
// safe for concurrent use.
type Conn struct {
	// What follows is set before the first call to Config.Accept or the Handler,
	// but Handler.Retry, and does not change afterwards.

	Identity []byte         // of the other end, from its handshake; nil if it names none
	Remote   netip.AddrPort // of the other end; port 0 if not known, not valid within one process
	Key      curve.Key      // public key that the other end has proven; zero with NULL
	Dialed   bool           // this end has dialed
	InProc   bool           // the other end is in this process

	driver   Driver
	admitted atomic.Bool
	arriving atomic.Bool

	mu     sync.Mutex
	chunks []chunk // full ones, in order
	buf    []byte  // the one that is being filled, nil if there is none
	queued int     // octets that are not written yet
	busy   bool    // a writer is at work, or the connection is not up yet
	refuse error   // why nothing can be sent any more
	err    error   // why the connection has ended, and nothing is written any more
}

// From is Remote in words: the address alone if the port is not known.
func (c *Conn) From() string { return From(c.Remote) }

// From is an address in words, without the port if that is 0.
func From(a netip.AddrPort) string {
	if a.Port() == 0 && a.IsValid() {
		return a.Addr().String()
	}
	return a.String()
}

// chunk is a part of an outbox: whole frames.
type chunk struct {
	b       []byte
	content *Content // whose memory it is, nil if it is the outbox's own
}

// Driver is a transport's part of a connection.
type Driver interface {
	// Flush is called when there is something to write and nobody is writing. The
	// caller of Conn.Send waits for it, so it must not block. It has the right to
	// write until Conn.Take reports false.
	Flush(c *Conn)
	// Close closes the connection, after what is in the outbox was sent if drain
	// is positive and that is possible in the time. It must not block.
	Close(c *Conn, drain time.Duration)
	// Abort closes the connection and discards what is unsent, also in the system's buffers, but for
	// those of a Unix domain socket: what is there is with the other end.
	Abort(c *Conn)
}

// NewConn returns a connection that is not up: what is sent stays in the outbox
// until the transport calls Take for the first time.
func NewConn(d Driver) *Conn { return &Conn{driver: d, busy: true} }

// Admit ends what Limits.MaxStranger bounds: the owner knows whose connection it is.
func (c *Conn) Admit() { c.admitted.Store(true) }

// Admitted reports whether Admit was called.
func (c *Conn) Admitted() bool { return c.admitted.Load() }

// Arrives says whether more of a large message has come, which is not whole yet. Only the transport
// calls it, and only package zmtp knows.
func (c *Conn) Arrives(more bool) {
	if c.arriving.Load() != more {
		c.arriving.Store(more)
	}
}

// Arriving reports whether more of a large message has come since the last call, and it is not
// whole yet, or whether more cannot come: it is not read, because the large messages that are being
// received on all connections take as much memory as they may.
func (c *Conn) Arriving() bool {
	d, ok := c.driver.(interface{ WaitsForMemory() bool })
	return c.arriving.Load() && c.arriving.Swap(false) || ok && d.WaitsForMemory()
}

// Driver returns what the connection was made with.
func (c *Conn) Driver() Driver { return c.driver }

// copyBelow is the size, in octets, below which shared content is copied into an
// outbox: a reference would cost more.
const copyBelow = 4 << 10

// Lock lets a sender keep state of its own under the connection's mutex, so that it
// takes one mutex and not two. Until Unlock, only Append and AppendContent may be
// called.
func (c *Conn) Lock() { c.mu.Lock() }

// Unlock ends what Lock began. What was appended is on its way then.
func (c *Conn) Unlock() {
	idle := !c.busy && c.queued > 0 && c.err == nil
	if idle {
		c.busy = true
	}
	c.mu.Unlock()
	if idle {
		c.driver.Flush(c)
	}
}

// Append puts a message into the outbox. It copies the frames. It fails only if the
// connection has ended, with the reason. Called between Lock and Unlock.
func (c *Conn) Append(first []byte, rest ...[]byte) error {
	if c.refuse != nil {
		return c.refuse
	}
	size := frameSize(len(first))
	for _, f := range rest {
		size += frameSize(len(f))
	}
	c.reserve(size)
	c.queued += size
	c.buf = AppendFrame(c.buf, moreUnlessLast(0, len(rest)+1), first)
	for i, f := range rest {
		c.buf = AppendFrame(c.buf, moreUnlessLast(i, len(rest)), f)
	}
	return nil
}

// AppendContent is Append with content that several connections share.
func (c *Conn) AppendContent(first []byte, content *Content) error {
	if c.refuse != nil {
		return c.refuse
	}
	size := frameSize(len(first)) + len(content.encoded)
	c.queued += size
	if len(content.encoded) < copyBelow {
		c.reserve(size)
		c.buf = AppendFrame(c.buf, FlagMore, first)
		c.buf = append(c.buf, content.encoded...)
		return nil
	}
	c.reserve(frameSize(len(first)))
	c.buf = AppendFrame(c.buf, FlagMore, first)
	content.users.Add(1)
	c.chunks = append(c.chunks, chunk{b: c.buf}, chunk{content.encoded, content})
	c.buf = nil
	return nil
}

// Send puts a message into the outbox. It copies the frames and does not wait.
// It fails only if the connection has ended, with the reason.
func (c *Conn) Send(first []byte, rest ...[]byte) error {
	c.Lock()
	defer c.Unlock()
	return c.Append(first, rest...)
}

// SendContent is Send with content that several connections share.
func (c *Conn) SendContent(first []byte, content *Content) error {
	c.Lock()
	defer c.Unlock()
	return c.AppendContent(first, content)
}

// SendBatch is Send for several messages of one frame each. They are written together.
func (c *Conn) SendBatch(messages [][]byte) error {
	size := 0
	for _, m := range messages {
		size += frameSize(len(m))
	}
	c.mu.Lock()
	if c.refuse != nil {
		defer c.mu.Unlock()
		return c.refuse
	}
	if size == 0 {
		c.mu.Unlock()
		return nil
	}
	if c.buf == nil {
		c.buf = newBuffer(min(size, chunkSize))
	}
	for _, m := range messages {
		c.reserve(frameSize(len(m)))
		c.buf = AppendFrame(c.buf, 0, m)
	}
	c.flush(size)
	return nil
}

// SendCommand is Send for a command, given as its name with the length before it and
// what belongs to it. Only transports send commands.
func (c *Conn) SendCommand(body []byte) error {
	size := frameSize(len(body))
	c.mu.Lock()
	if c.refuse != nil {
		defer c.mu.Unlock()
		return c.refuse
	}
	c.reserve(size)
	c.buf = AppendFrame(c.buf, FlagCommand, body)
	c.flush(size)
	return nil
}

// reserve makes room in buf. Called under mu.
func (c *Conn) reserve(size int) {
	switch {
	case c.buf == nil:
		c.buf = newBuffer(size)
	case cap(c.buf)-len(c.buf) >= size:
	default:
		c.chunks = append(c.chunks, chunk{b: c.buf})
		// One that did not suffice is followed by a large one: this is a stream.
		c.buf = newBuffer(max(size, chunkSize))
	}
}

// flush ends a Send of size octets. It is called under mu, and unlocks it.
func (c *Conn) flush(size int) {
	c.queued += size
	idle := !c.busy
	c.busy = true
	c.mu.Unlock()
	if idle {
		c.driver.Flush(c)
	}
}

// Queued returns how many octets are not written yet.
func (c *Conn) Queued() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.queued
}

// Err returns why the connection has ended, nil while it has not.
func (c *Conn) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

// Close closes the connection. What is in the outbox is dropped; with a positive
// drain it is sent first, for at most that time. It does not wait. Further calls
// do nothing, except that one with a shorter drain counts.
func (c *Conn) Close(drain time.Duration) { c.driver.Close(c, drain) }

// Abort closes the connection at once and discards what is unsent, as Driver.Abort says.
func (c *Conn) Abort() { c.driver.Abort(c) }

// Connected reports whether the system at the other end has accepted the connection, and it has
// not ended. The handshake may not be complete. It reports false if that is not known.
func (c *Conn) Connected() bool {
	d, ok := c.driver.(interface{ Connected() bool })
	return ok && d.Connected()
}

// Ended reports whether the other end has closed the connection, although a Handler that does
// not return keeps that from being read. It reports false if that is not known.
func (c *Conn) Ended() bool {
	d, ok := c.driver.(interface{ Ended() bool })
	return ok && d.Ended()
}

// Unreceived reports whether the system at the other end has acknowledged nothing for that
// long, although something is to be acknowledged. It reports false if that is not known.
func (c *Conn) Unreceived(since time.Duration) bool {
	d, ok := c.driver.(interface {
		Unreceived(since time.Duration) bool
	})
	return ok && d.Unreceived(since)
}

// Backlog says how much of what was written the system at the other end has received.
type Backlog struct {
	Acked   uint64 // octets that it has acknowledged so far
	Unacked uint64 // octets that this system keeps until they are acknowledged
}

// Backlog reports false if that is not known. It must not be called between Lock and Unlock.
func (c *Conn) Backlog() (b Backlog, known bool) {
	if d, ok := c.driver.(interface{ Backlog() (Backlog, bool) }); ok {
		return d.Backlog()
	}
	return b, false
}

// Pending is what a writer has taken from an outbox.
type Pending struct {
	Buffers [][]byte // whole frames each
	Octets  int      // of all buffers
	chunks  []chunk
}

// takeMost is how many octets a writer takes at once, but for one buffer more.
const takeMost = 256 << 10

// Take gives the writer what has gathered in the outbox, up to about 256 KiB, in
// place of what it took before, which is written. It reports false if there is
// nothing: then the writer has to stop, and Driver.Flush is called when there is
// something again. Only the writer calls it.
func (c *Conn) Take(p *Pending) bool {
	c.mu.Lock()
	if c.err != nil {
		c.mu.Unlock()
		p.Drop()
		return false
	}
	c.queued -= p.Octets
	p.Octets = 0
	p.release()
	n := 0
	for ; n < len(c.chunks) && p.Octets < takeMost; n++ {
		p.add(c.chunks[n])
	}
	left := append(c.chunks[:0], c.chunks[n:]...)
	clear(c.chunks[len(left):])
	c.chunks = left
	if len(c.chunks) == 0 && len(c.buf) > 0 && p.Octets < takeMost {
		p.add(chunk{b: c.buf})
		c.buf = nil
	}
	if cap(c.chunks) > 64 && len(c.chunks) == 0 {
		c.chunks = nil
	}
	more := len(p.Buffers) > 0
	c.busy = more
	c.mu.Unlock()
	return more
}

// add appends a chunk.
func (p *Pending) add(k chunk) {
	p.Buffers = append(p.Buffers, k.b)
	p.chunks = append(p.chunks, k)
	p.Octets += len(k.b)
}

// release lets the memory be used again.
func (p *Pending) release() {
	for _, k := range p.chunks {
		if k.content != nil {
			k.content.Release()
		} else {
			freeBuffer(k.b)
		}
	}
	clear(p.chunks)
	clear(p.Buffers)
	p.chunks, p.Buffers = p.chunks[:0], p.Buffers[:0]
}

// Drop releases what was taken and not written, when the connection has ended.
func (p *Pending) Drop() {
	p.Octets = 0
	p.release()
}

// Finish makes Send fail with this error from now on. What is in the outbox stays
// there for the writer. It reports whether nothing is left to write. Only the
// transport calls it.
func (c *Conn) Finish(err error) (empty bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.refuse == nil {
		c.refuse = err
	}
	return c.queued == 0
}

// Fail ends the connection for senders: Send gives this error from now on, and
// what is in the outbox is dropped. Only the first call counts; it reports whether
// this was the first. Only the transport calls it.
func (c *Conn) Fail(err error) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil {
		return false
	}
	c.err = err
	if c.refuse == nil {
		c.refuse = err
	}
	p := Pending{chunks: c.chunks}
	if c.buf != nil {
		p.chunks = append(p.chunks, chunk{b: c.buf})
	}
	p.release()
	c.chunks, c.buf, c.queued = nil, nil, 0
	return true
}
