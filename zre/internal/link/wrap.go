package link

import (
	"math"

	"github.com/gozre/zre/zre/internal/core"
)

// Implementations do not agree on what follows when the sequence of 16 bits is
// used up. After 65535 comes 0 with this one, zyre and gyre; pyre and zyre.js go
// from 65534 to 0; haskell-zre goes on counting. A peer that expects another
// number treats it as a loss: it drops this node and begins a new session. So that
// no message is lost, a link reaches the end of the numbers for the first time with
// PINGs alone. Data waits until they are answered.
//
//	… data │ PING │ answered: PING … PING 65535  PING 0 │ answered: data 1 …
//	       └ data waits ────────────────────────────────┤
//	                                                    └ HELLO: a new session,
//	                                                      data goes on there
//
// No further PING is sent before that. It would have the number 1. zyre.js drops us at
// the first number that it does not expect, and finds us again by our next beacon. It
// would treat a PING with the number 1 as the beginning of a session, and the HELLO
// after it as a loss.
//
// From the PINGs that were answered before the HELLO the node learns what the
// peer expects, for the next time.

// lastLap is how many messages are sent before the trial begins. The numbers that
// are left are for messages that do not wait, such as the PING that follows some
// data: only the trial is to come to the end.
const lastLap = math.MaxUint16 - 64

// wrap is where a link stands with the end of the numbers.
type wrap struct {
	stage stage
	short bool   // 65535 is left out
	doubt uint64 // the goal of the PING that follows on 65534
	goal  uint64 // the goal of the last PING of this stage
}

type stage uint8

const (
	running stage = iota // towards the end, for the first time
	closing              // a PING after the last data was sent
	asking               // PINGs were sent until past the end
	agreed               // the peer has answered them
)

// nextSequence returns the number of the next message.
func (l *Link) nextSequence() uint16 {
	if l.wrap.short && l.seq == math.MaxUint16-1 {
		return 0
	}
	return l.seq + 1
}

// mayPass reports whether data may be sent, as far as the numbers go. It moves the
// trial on when it is time. Called under the lock.
func (l *Link) mayPass() bool {
	w := &l.wrap
	switch {
	case l.count.MessagesOut == 0:
		return false // The HELLO comes first.
	case w.stage == agreed || l.count.MessagesOut < lastLap:
		return true
	case w.stage == running:
		l.ping()
		w.stage, w.goal = closing, l.win.Goal()
	}
	if w.stage == closing && l.win.Reached(w.goal) {
		for l.err == nil && l.seq >= lastLap {
			doubtful := l.seq == math.MaxUint16-1
			if l.ping(); doubtful {
				w.doubt = l.win.Goal()
			}
		}
		w.stage, w.goal = asking, l.win.Goal()
	}
	if w.stage == asking && l.win.Reached(w.goal) {
		w.stage = agreed
	}
	return w.stage == agreed
}

// learn records the result of the trial when the session ends. It reports whether data waits
// because of the trial, so that it can be sent in the session that follows. Called under the lock,
// before the link fails.
func (l *Link) learn(reason core.Reason) bool {
	w := &l.wrap
	if reason != core.ReasonRestarted || w.stage != asking {
		return false
	}
	if !l.win.Reached(w.doubt) {
		l.set.setShort(l.who.Load().id, !w.short)
	}
	return true
}

// Shorten implements core.Link.
func (l *Link) Shorten() {
	l.conn.Lock()
	defer l.conn.Unlock()
	if l.wrap.stage < asking {
		l.wrap.short = true
	}
	l.set.setShort(l.who.Load().id, true)
}
