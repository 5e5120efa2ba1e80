package beacon

import (
	"net/netip"
	"sync"
	"time"
)

// Nodes repeat their beacons. Where many Conns share a transport, a datagram that has come before
// is kept for a moment, until there are several, and then each Conn gets all of them in a row: what
// a node looks at for a beacon is in the processor's cache for the next one. Among 75 idle nodes
// of one process that is most of what they cost.
const (
	repeatConns  = 8                      // from so many Conns on
	repeatDelay  = 250 * time.Millisecond // at most
	repeatWithin = 5 * time.Second        // a datagram that came so long ago, or longer, is new
	repeatKept   = 256                    // datagrams that wait
	repeatKnown  = 1024                   // that are remembered, twice
	repeatOctets = 64                     // a longer one is always new
)

// arrival is a datagram, and how it came.
type arrival struct {
	payload [repeatOctets]byte
	size    int
	from    netip.AddrPort
	ifindex int
}

// repeats holds the datagrams that wait.
type repeats struct {
	mu      sync.Mutex // guards what follows, and is held while they are handed over
	recent  map[arrival]struct{}
	before  map[arrival]struct{} // the former recent
	turned  time.Time            // recent is new since then
	waiting []arrival
	timer   *time.Timer // runs while something waits; nil before the first time
	ended   bool
}

// keep keeps a datagram if it is a repetition, until handOver is called. It reports whether it is.
func (t *transport) keep(payload []byte, from netip.AddrPort, ifindex int) bool {
	if len(payload) > repeatOctets {
		return false
	}
	a := arrival{size: len(payload), from: from, ifindex: ifindex}
	copy(a.payload[:], payload)
	r := &t.repeats
	r.mu.Lock()
	defer r.mu.Unlock()
	if now := time.Now(); now.Sub(r.turned) >= repeatWithin/2 || len(r.recent) >= repeatKnown {
		r.before = r.recent
		if now.Sub(r.turned) >= repeatWithin {
			r.before = nil
		}
		r.recent, r.turned = make(map[arrival]struct{}, len(r.recent)), now
	}
	_, known := r.recent[a]
	if !known {
		_, known = r.before[a]
		r.recent[a] = struct{}{}
	}
	if !known || r.ended || len(r.waiting) >= repeatKept {
		return false
	}
	r.waiting = append(r.waiting, a)
	switch {
	case len(r.waiting) > 1:
	case r.timer == nil:
		r.timer = time.AfterFunc(repeatDelay, t.handOver)
	default:
		r.timer.Reset(repeatDelay)
	}
	return true
}

// handOver gives the Conns the datagrams that wait.
func (t *transport) handOver() {
	r := &t.repeats
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.waiting) == 0 {
		return
	}
	r.timer.Stop()
	for _, c := range t.current() {
		c.deliverAll(r.waiting)
	}
	r.waiting = r.waiting[:0]
}

// end forgets what waits. When it returns nothing is being handed over.
func (r *repeats) end() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ended = true
	r.waiting = nil
	if r.timer != nil {
		r.timer.Stop()
	}
}
