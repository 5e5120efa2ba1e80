package zre

import (
	"math"

	"github.com/gozre/zre/zre/internal/core"
)

// Implementations do not agree on what follows when the sequence of 16 bits is
// used up. After 65535 comes 0 with this one, zyre and gyre; pyre and zyre.js go
// from 65534 to 0; haskell-zre goes on counting. A peer that expects another
// number takes it for a loss, drops this node, and greets it anew. So that no
// message is lost by that, a link comes to the end of the numbers for the first
// time with PINGs alone: data waits until they are answered.
//
//	… data │ PING │ answered: PING … PING 65535  PING 0 │ answered: data 1 …
//	       └ data waits ────────────────────────────────┤
//	                                                    └ HELLO: a new session,
//	                                                      data goes on there
//
// No PING follows until they are: it would have the number 1, and zyre.js, which
// has dropped us at the first number it did not expect and knows us again by our
// next beacon, would take it for the beginning of a session, and the HELLO after it
// for a loss.
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

// next returns the number of the next message.
func (l *link) next() uint16 {
	if l.wrap.short && l.seq == math.MaxUint16-1 {
		return 0
	}
	return l.seq + 1
}

// mayPass reports whether data may be sent, as far as the numbers go. It moves the
// trial on when it is time. Called under mu.
func (l *link) mayPass() bool {
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

// learn draws the conclusion from the trial when the session ends. It reports
// whether data waits in vain because of the trial, so that it can go on in the
// session that follows. Called under Node.mu and mu, before the link fails.
func (l *link) learn(reason string) bool {
	w := &l.wrap
	if reason != core.ReasonRestarted || w.stage != asking {
		return false
	}
	if !l.win.Reached(w.doubt) {
		l.node.setShort(l.peer, !w.short)
	}
	return true
}

// Shorten implements core.Link.
func (l *link) Shorten() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.wrap.stage < asking {
		l.wrap.short = true
	}
	l.node.setShort(l.peer, true)
}
