package zre

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/google/uuid"

	"github.com/gozre/zre/internal/codec/zremsg"
	"github.com/gozre/zre/internal/zmq"
	"github.com/gozre/zre/zre/internal/core"
)

// link is the one-way connection to a peer. Messages are numbered and sent under
// its mutex, data from the application's own goroutine, so that there is no
// command channel and no wake-up on the way out. Lock order: Node.mu, then mu.
type link struct {
	node *Node
	peer uuid.UUID

	mu     sync.Mutex
	sock   *zmq.Socket
	tcp    bool   // connected over TCP, which connects again when it has to
	seq    uint16 // of the last message sent
	wrap   wrap
	after  *link // where data that waits goes on, nil if it does not
	win    core.Window
	header []byte                     // reused to encode
	wait   map[chan struct{}]struct{} // told when the window moves or the link ends
	err    error                      // why nothing can be sent any more
	from   *sender                    // set by ENTER, under Node.mu as well
	count  LinkStats

	// What came from the peer and what of that the application has taken,
	// in messages; answers holds the PINGs in between.
	probing   atomic.Bool   // somebody finds out whether the peer's port is open
	delivered uint64        // guarded by Node.mu
	asked     uint64        // what was delivered before the last PING; likewise
	_         [64]byte      // the inbox writes above, the taker below: not to one cache line
	consumed  atomic.Uint64 // written by the taker only
	pending   atomic.Int32  // len(answers)
	answers   []answer      // guarded by mu
}

// answer is a number of PING-OKs due when the application has taken the at-th
// message.
type answer struct {
	at    uint64
	times int
}

// send sends a WHISPER, waiting for room until ctx ends.
func (l *link) send(ctx context.Context, frames [][]byte) error {
	sent, err := l.try("", frames, nil, nil)
	if sent || err != nil {
		return err
	}
	wake := make(chan struct{}, 1)
	defer l.forget(wake)
	for {
		if sent, err = l.try("", frames, nil, wake); sent || err != nil {
			return err
		}
		if err := l.node.wait(ctx, wake); err != nil {
			return fmt.Errorf("peer takes in nothing: %w", err)
		}
	}
}

// try sends a WHISPER, or with a group a SHOUT, if there is room. If there is none
// and wake is not nil, wake is told when there may be. Shared holds the frames as
// well where many get them, and is nil otherwise.
func (l *link) try(group string, frames [][]byte, shared *zmq.Content, wake chan struct{}) (sent bool, err error) {
	l.mu.Lock()
	if next := l.after; next != nil {
		l.mu.Unlock()
		return next.try(group, frames, shared, wake)
	}
	sent, err = l.tryHere(group, frames, shared, wake)
	l.mu.Unlock()
	return sent, err
}

// tryHere is try by this link. Called under mu.
func (l *link) tryHere(group string, frames [][]byte, shared *zmq.Content, wake chan struct{}) (sent bool, err error) {
	switch {
	case l.err != nil:
		return false, l.err
	case !l.win.Room() || !l.mayPass():
		if wake != nil {
			if l.wait == nil {
				l.wait = make(map[chan struct{}]struct{})
			}
			if _, again := l.wait[wake]; !again {
				l.count.Waits++
			}
			l.wait[wake] = struct{}{}
		}
		return false, nil
	}
	if group == "" {
		m := zremsg.Whisper{Sequence: l.next()}
		l.header, err = m.AppendTo(l.header[:0])
	} else {
		m := zremsg.Shout{Sequence: l.next(), Group: group}
		l.header, err = m.AppendTo(l.header[:0])
	}
	if err != nil {
		return false, err
	}
	if shared != nil {
		err = l.sock.SendContent(l.header, shared)
	} else {
		err = l.sock.Send(l.header, frames...)
	}
	if err = l.wrote(err, frames, true); err != nil {
		return false, err
	}
	if l.win.WantsFence() {
		l.ping()
	} else {
		l.node.fenceSoon()
	}
	return true, nil
}

// write sends the message of control whose header is encoded. Called under mu.
func (l *link) write() error { return l.wrote(l.sock.Send(l.header), nil, false) }

// wrote counts what was sent, or ends the link by the error. Called under mu.
func (l *link) wrote(err error, frames [][]byte, data bool) error {
	if err != nil {
		// The queue has no limit of its own, so this is the end of the link:
		// the next message would leave a gap in the sequence.
		l.fail(fmt.Errorf("%w: %w", ErrPeerGone, err))
		return l.err
	}
	l.seq = l.next()
	n := len(l.header)
	for _, f := range frames {
		n += len(f)
	}
	l.win.Sent(n, len(frames), data)
	l.count.MessagesOut++
	l.count.OctetsOut += uint64(n)
	return nil
}

// ping sends a PING and records it as a fence. Called under mu.
func (l *link) ping() {
	m := zremsg.Ping{Sequence: l.next()}
	var err error
	if l.header, err = m.AppendTo(l.header[:0]); err == nil && l.write() == nil {
		l.win.Fence()
	}
}

// Send implements core.Link. It does not wait for room: messages of control are
// small and few.
func (l *link) Send(m zremsg.Message) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err != nil {
		return
	}
	if _, ok := m.(*zremsg.Ping); ok {
		if l.wrap.stage != asking { // The PINGs of the trial ask the same.
			l.ping()
		}
		return
	}
	stamp(m, l.next())
	var err error
	if l.header, err = m.AppendTo(l.header[:0]); err != nil {
		// Names and groups are checked when they are given, so only their
		// number can be too large.
		l.node.log.Error("message cannot be encoded", "message", m.ID(), "peer", l.peer, "error", err)
		return
	}
	if l.write() == nil && l.win.WantsFence() {
		l.ping()
	}
	if l.count.MessagesOut == 1 {
		l.wakeAll() // Data has waited for the HELLO.
	}
	if cap(l.header) > 4096 {
		l.header = nil // a large HELLO is sent once
	}
}

func stamp(m zremsg.Message, seq uint16) {
	switch m := m.(type) {
	case *zremsg.Hello:
		m.Sequence = seq
	case *zremsg.Join:
		m.Sequence = seq
	case *zremsg.Leave:
		m.Sequence = seq
	case *zremsg.PingOK:
		m.Sequence = seq
	case *zremsg.Goodbye:
		m.Sequence = seq
	case *zremsg.Elect:
		m.Sequence = seq
	case *zremsg.Leader:
		m.Sequence = seq
	}
}

// Ack implements core.Link: the oldest PING was answered.
func (l *link) Ack() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.win.Ack() {
		l.count.PongsUnexpected++
		return
	}
	l.wakeAll()
}

// wakeAll tells those who wait. Called under mu.
func (l *link) wakeAll() {
	if len(l.wait) == 0 {
		return
	}
	for c := range l.wait {
		signal(c)
	}
	clear(l.wait)
	l.node.interrupt()
}

// forget ends a wait.
func (l *link) forget(wake chan struct{}) {
	for l != nil {
		l.mu.Lock()
		delete(l.wait, wake)
		next := l.after
		l.mu.Unlock()
		l = next
	}
}

// Answer implements core.Link.
func (l *link) Answer() {
	l.mu.Lock()
	defer l.mu.Unlock()
	at := l.delivered
	l.asked = at
	if n := len(l.answers); n > 0 && l.answers[n-1].at == at {
		l.answers[n-1].times++
	} else {
		l.answers = append(l.answers, answer{at, 1})
	}
	l.pending.Store(int32(len(l.answers)))
	l.answerDue()
}

// taken records that the application has taken a message from this peer.
func (l *link) taken(messages uint64) {
	l.consumed.Add(messages)
	if l.pending.Load() == 0 {
		return
	}
	l.mu.Lock()
	l.answerDue()
	l.mu.Unlock()
}

// answerDue sends the PING-OKs that are due. Called under mu.
func (l *link) answerDue() {
	done := l.consumed.Load()
	i := 0
	for ; i < len(l.answers) && l.answers[i].at <= done; i++ {
		for range l.answers[i].times {
			l.pong()
		}
	}
	l.answers = append(l.answers[:0], l.answers[i:]...)
	l.pending.Store(int32(len(l.answers)))
}

func (l *link) pong() {
	if l.err != nil {
		return
	}
	m := zremsg.PingOK{Sequence: l.next()}
	var err error
	if l.header, err = m.AppendTo(l.header[:0]); err == nil && l.write() == nil && l.win.WantsFence() {
		l.ping()
	}
}

// Owes implements core.Link.
func (l *link) Owes() bool { return l.pending.Load() > 0 }

// Failed implements core.Link.
func (l *link) Failed() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.err != nil:
		return core.ReasonFailed
	case l.win.Overrun():
		return core.ReasonOverload
	}
	return ""
}

// Close implements core.Link.
func (l *link) Close(reason string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.sock == nil {
		return
	}
	l.fail(fmt.Errorf("%w: %s", ErrPeerGone, reason))
	var err error
	if !l.node.closing.Load() {
		// Nothing of this session matters any more, and the connection might be
		// in the way of the next one.
		err = l.sock.SetLinger(0)
	}
	if err = errors.Join(err, l.sock.Close()); err != nil {
		l.node.log.Error("link does not close", "peer", l.peer, "error", err)
	}
	l.sock = nil
	l.node.retire(l)
}

// fail makes every further send an error. Called under mu.
func (l *link) fail(err error) {
	if l.err == nil {
		l.err = err
	}
	l.wakeAll()
}
