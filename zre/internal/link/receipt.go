package link

import (
	"math"
	"sync/atomic"

	"github.com/gozre/zre/internal/codec/zremsg"
)

// receipts is what came from the peer, and what of that the application has taken,
// in messages: PINGs are answered when everything before them was taken.
type receipts struct {
	delivered uint64        // guarded by the node's lock
	asked     uint64        // delivered before the last PING; likewise
	_         [64]byte      // not in one cache line: one goroutine writes above, another below
	taken     atomic.Uint64 // written by the goroutine that takes events only
	due       atomic.Uint64 // at of the first answer, noAnswer if there is none
	answers   []answer      // guarded by the link's mutex
}

// noAnswer is receipts.due while no PING waits for an answer.
const noAnswer = math.MaxUint64

// answer is a number of PING-OKs that are due when the application has taken the
// at-th message.
type answer struct {
	at    uint64
	times int
}

// Delivered records messages from the peer. Called under the node's lock.
func (l *Link) Delivered(messages int) { l.receipts.delivered += uint64(messages) }

// Answer implements core.Link.
func (l *Link) Answer() {
	l.conn.Lock()
	defer l.conn.Unlock()
	r := &l.receipts
	at := r.delivered
	r.asked = at
	if n := len(r.answers); n > 0 && r.answers[n-1].at == at {
		r.answers[n-1].times++
	} else {
		r.answers = append(r.answers, answer{at, 1})
	}
	l.answerDue()
}

// Owes implements core.Link. It takes no lock.
func (l *Link) Owes() bool { return l.receipts.due.Load() != noAnswer }

// Ended reports whether the session has ended. It takes no lock.
func (l *Link) Ended() bool { return l.broken.Load() != 0 }

// Taken records that the application has taken messages from this peer.
func (l *Link) Taken(messages uint64) {
	if l.receipts.taken.Add(messages) < l.receipts.due.Load() {
		return
	}
	l.conn.Lock()
	defer l.conn.Unlock()
	l.answerDue()
}

// answerDue sends the PING-OKs that are due. Called under the lock.
func (l *Link) answerDue() {
	r := &l.receipts
	taken := r.taken.Load()
	i := 0
	for ; i < len(r.answers) && r.answers[i].at <= taken; i++ {
		for range r.answers[i].times {
			if l.err == nil {
				l.control(&zremsg.PingOK{})
			}
		}
	}
	r.answers = append(r.answers[:0], r.answers[i:]...)
	due := uint64(noAnswer)
	if len(r.answers) > 0 {
		due = r.answers[0].at
	}
	// In this order: should the application take more right now, it sees the new
	// number, or this sees what it has taken.
	r.due.Store(due)
	if due <= r.taken.Load() {
		l.answerDue()
	}
}

// Unasked reports whether the application has taken messages from the peer, and
// the peer has not sent a PING after them. Called under the node's lock.
func (l *Link) Unasked() bool {
	r := &l.receipts
	return r.delivered != r.asked && r.taken.Load() == r.delivered
}
