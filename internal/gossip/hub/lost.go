package hub

import (
	"time"

	"github.com/gozre/zre/internal/codec/zgossipmsg"
)

// lostHint is what is left to do after a transport has said that some connection has ended.
type lostHint struct {
	at     time.Time // of the hint
	next   time.Time // of the next round of probes; zero: there is none
	rounds int       // left
}

// probeDelays are the pauses before the rounds of probes, the last one first. The first
// round may come before libzmq has removed the route.
var probeDelays = [...]time.Duration{1500 * time.Millisecond, 150 * time.Millisecond} // constant

// lastMessages is for how long after a hint messages of the client that was lost may still
// arrive. The last round also reaches clients that were heard in this time.
const lastMessages = time.Second

// Lost says that the connection of some client has ended, and that the transport does not
// know of which (package libzmq). A message to that client ends its connection here, so the
// hub sends a PONG, which all implementations ignore, to all clients that have sent nothing
// since.
func (h *Hub) Lost(now time.Time) {
	h.lost.at, h.lost.rounds = now, len(probeDelays)
	if h.lost.next.IsZero() {
		h.lost.next = now.Add(probeDelays[h.lost.rounds-1])
	}
}

// probe sends to every client that was not heard since the hint.
func (h *Hub) probe(now time.Time) {
	h.lost.rounds--
	h.lost.next = time.Time{}
	before := h.lost.at
	if h.lost.rounds > 0 {
		h.lost.next = now.Add(probeDelays[h.lost.rounds-1])
	} else {
		before = before.Add(lastMessages)
	}
	for _, p := range h.peers {
		if p.link == nil && p.heard.Before(before) {
			h.send(now, p, &zgossipmsg.Pong{}, nil)
		}
	}
}
