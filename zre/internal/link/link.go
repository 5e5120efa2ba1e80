package link

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"github.com/gozre/zre/internal/codec/zremsg"
	"github.com/gozre/zre/internal/transport"
	"github.com/gozre/zre/zre/internal/core"
)

// Link is the sending half of one session with a peer. It implements core.Link. Its
// state is guarded by the mutex of its connection.
type Link struct {
	set     *Set
	carrier *carrier // nil when the link is closed

	who    atomic.Pointer[who]   // the peer of the session
	broken atomic.Uint32         // the Reason why the link is, 0 while it is not
	retry  atomic.Pointer[error] // why the last attempt to connect failed, nil if none did
	conn   *transport.Conn       // whose lock guards what follows
	seq    uint16                // of the last message sent
	wrap   wrap
	next   *Link // where data that waits goes on, nil if it does not
	win    Window
	header []byte                     // reused to encode
	wait   map[chan struct{}]struct{} // signalled when the window moves or the link ends
	fenced bool                       // it is in Set.unasked
	err    error                      // why nothing can be sent any more
	count  Stats
	line   *line // nil while nobody has looked
	slow   slow

	receipts receipts
}

// who identifies the peer of a session.
type who struct {
	id   uuid.UUID
	name string
}

// carrier is the connection of one or more links, one after the other.
type carrier struct {
	events Events
	opened sync.WaitGroup       // ends when owner is set
	owner  atomic.Pointer[Link] // the present one
}

// present returns the link that has the connection now.
func (c *carrier) present() *Link {
	c.opened.Wait()
	return c.owner.Load()
}

// Up implements transport.Handler.
func (c *carrier) Up(*transport.Conn) { c.events.LinkUp(c.present()) }

// Receive implements transport.Handler. A peer's ROUTER sends nothing.
func (c *carrier) Receive(*transport.Conn, []transport.Message) {}

// Retry implements transport.Handler.
func (c *carrier) Retry(_ *transport.Conn, err error) {
	l := c.present()
	l.retry.Store(&err)
	c.events.LinkRetry(l, err)
}

// Down implements transport.Handler.
func (c *carrier) Down(_ *transport.Conn, err error) {
	if !errors.Is(err, transport.ErrClosed) {
		c.events.LinkDown(c.present(), err)
	}
}

// Reopen ends the link and returns another one over the same connection, nil if
// the link is broken or has so much in flight that the new one has no room. What
// is not acknowledged yet counts in the window of the new one.
func (l *Link) Reopen(reason core.Reason) *Link {
	l.conn.Lock()
	defer l.conn.Unlock()
	if l.err != nil || !l.win.Room() {
		return nil
	}
	follow := l.learn(reason)
	next := l.set.newLink(*l.who.Load(), l.carrier, l.conn)
	next.win.Carry(&l.win)
	if follow {
		l.next = next
	}
	l.carrier.owner.Store(next)
	l.carrier = nil
	l.fail(fmt.Errorf("%w: %v", ErrGone, reason))
	l.set.retire(l, false)
	return next
}

// SetPeer records which peer the session is with. A link to a configured endpoint
// does not know it before.
func (l *Link) SetPeer(id uuid.UUID, name string) { l.who.Store(&who{id, name}) }

// Peer returns the peer that the session is with.
func (l *Link) Peer() (id uuid.UUID, name string) {
	w := l.who.Load()
	return w.id, w.name
}

// Acceptor returns the identity that the other end of the connection names in the
// handshake, nil if it names none. Call it when the connection is up.
func (l *Link) Acceptor() []byte { return l.conn.Identity }

// RetryCause implements core.Link.
func (l *Link) RetryCause() error {
	if err := l.retry.Load(); err != nil {
		return *err
	}
	return nil
}

// Connected implements core.Link.
func (l *Link) Connected() bool { return l.conn.Connected() }

// Unreceived implements core.Link.
func (l *Link) Unreceived(since time.Duration) bool { return l.conn.Unreceived(since) }

// Missed returns the peer as one that was not reached, with the reason.
func (l *Link) Missed(err error) Missed {
	id, name := l.Peer()
	return Missed{id, name, err}
}

// write sends the message whose header is encoded. Called under the lock.
func (l *Link) write(frames [][]byte, shared *transport.Content, octets int, data bool) error {
	var err error
	if shared != nil {
		err = l.conn.AppendContent(l.header, shared)
	} else {
		err = l.conn.Append(l.header, frames...)
	}
	if err != nil {
		// The next message would leave a gap in the sequence.
		l.fail(fmt.Errorf("%w: %w", ErrGone, err))
		return l.err
	}
	l.seq = l.nextSequence()
	octets += len(l.header)
	l.win.Sent(octets, len(frames), data)
	l.count.MessagesOut++
	l.count.OctetsOut += uint64(octets)
	if l.win.Overrun() {
		l.broken.CompareAndSwap(0, uint32(core.ReasonOverload))
	}
	return nil
}

// ping sends a PING and records it as a fence. Called under the lock.
func (l *Link) ping() {
	m := zremsg.Ping{Sequence: l.nextSequence()}
	var err error
	if l.header, err = m.AppendTo(l.header[:0]); err == nil && l.write(nil, nil, 0, false) == nil {
		l.win.Fence()
	}
}

// mostMore bounds the PINGs that ask adds. The core sends one a second while none is answered.
const mostMore = 64

// ask sends a PING, and more while it is open which PINGs the answers are for. Called under
// the lock.
func (l *Link) ask() {
	l.ping()
	for n := 0; n < mostMore && l.win.WantsMore() && l.err == nil; n++ {
		l.ping()
	}
}

// Send implements core.Link. It does not wait for room: messages of control are
// small and few.
func (l *Link) Send(m zremsg.Message) {
	l.conn.Lock()
	defer l.conn.Unlock()
	if l.err != nil {
		return
	}
	if m.ID() == zremsg.IDPing {
		if l.wrap.stage != asking { // The PINGs of the trial serve the same purpose.
			l.ask()
		}
		return
	}
	l.control(m)
	if cap(l.header) > 4096 {
		l.header = nil // A large HELLO is sent once.
	}
}

// control numbers and sends a message. Called under the lock.
func (l *Link) control(m zremsg.Message) {
	m.SetHeaderSequence(l.nextSequence())
	var err error
	if l.header, err = m.AppendTo(l.header[:0]); err != nil {
		// Names and groups are checked when they are given, so only their
		// number can be too large.
		l.set.cfg.Logger.Error("message cannot be encoded", "message", m.ID(), "peer", l.who.Load().id, "error", err)
		return
	}
	first := l.count.MessagesOut == 0
	if l.write(nil, nil, 0, false) == nil && l.wantsFence() {
		l.ping()
	}
	if first {
		l.wakeAll() // Data has waited for the HELLO.
	}
}

// Ack implements core.Link: a PING-OK came.
func (l *Link) Ack() bool {
	l.conn.Lock()
	defer l.conn.Unlock()
	doubt := l.win.doubt
	if !l.win.Ack() {
		l.count.PongsUnexpected++
		return false
	}
	if doubt && l.err == nil && l.win.UnfencedData() {
		l.ping() // None was sent while that was open.
	}
	l.moved()
	l.wakeAll()
	return true
}

// Synced implements core.Link.
func (l *Link) Synced() {
	l.conn.Lock()
	defer l.conn.Unlock()
	l.win.Inherit(0)
}

// Doubt implements core.Link.
func (l *Link) Doubt() {
	l.conn.Lock()
	defer l.conn.Unlock()
	l.win.Doubt()
}

// CountLate implements core.Link.
func (l *Link) CountLate() {
	l.conn.Lock()
	defer l.conn.Unlock()
	l.win.CountLate()
	if l.err == nil && l.win.UnfencedData() {
		l.ping()
	}
	l.wakeAll()
}

// wantsFence reports whether it is time for a PING because of what was sent. While
// it is not sure which PINGs are answered there are none but those of the core, with
// pauses between them, so that it sees in the pauses between the answers that these
// are no late ones. Called under the lock.
func (l *Link) wantsFence() bool { return l.win.WantsFence() && !l.win.Unsure() }

// Failed implements core.Link. It takes no lock: each tick asks for each peer.
func (l *Link) Failed() core.Reason { return core.Reason(l.broken.Load()) }

// linger is how long a connection goes on sending after the node is closed: enough
// for a GOODBYE. What peers have to receive was waited for before.
const linger = 500 * time.Millisecond

// Close implements core.Link.
func (l *Link) Close(reason core.Reason) {
	if !l.end(reason) {
		return
	}
	if reason == core.ReasonClosed {
		l.conn.Close(linger)
	} else {
		l.conn.Close(0)
	}
}

// end ends the link, but not its connection. It reports false if it has ended
// before.
func (l *Link) end(reason core.Reason) bool {
	l.conn.Lock()
	defer l.conn.Unlock()
	if l.carrier == nil {
		return false
	}
	l.fail(fmt.Errorf("%w: %v", ErrGone, reason))
	l.carrier = nil
	l.set.retire(l, true)
	return true
}

// fail makes every further send an error. Called under the lock.
func (l *Link) fail(err error) {
	if l.err == nil {
		l.err = err
		l.broken.Store(uint32(core.ReasonFailed))
	}
	l.wakeAll()
}

// wakeAll wakes the waiting senders. Called under the lock.
func (l *Link) wakeAll() {
	for c := range l.wait {
		select {
		case c <- struct{}{}:
		default:
		}
	}
	clear(l.wait)
}
