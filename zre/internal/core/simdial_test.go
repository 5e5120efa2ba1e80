package core

import (
	"time"

	"github.com/gozre/zre/internal/endpoint"
)

// simDial is a connection from the side that dials it: tried until it is up, with
// growing pauses, then up, then down for ever.
//
//	           attempt fails: retry, pause
//	            ┌──────┐
//	            ▼      │
//	dial ──▶ connecting ───▶ up ──▶ down
//
// A dial of libzmq connects again by itself instead of going down: messages that were
// in flight are lost, those that were not sent yet go on the new connection.
type simDial struct {
	w        *world
	p        *process
	id       []byte // identity
	to       endpoint.Endpoint
	events   dialer
	pause    time.Duration
	failures int
	tries    int          // attempts that were begun, so that a late answer is known
	queue    []simMessage // what was sent before it was up
	accepter []byte       // identity of the process that has accepted it, nil if it names none
	stream   *simStream   // while it is up
	lost     bool         // it has ended; down was told or will be
	closed   bool         // by its owner
}

// dialer is told of the connection that it has dialed.
type dialer interface {
	up()
	retry(refused bool)
	down()
}

// simMessage is a message on its way.
type simMessage struct {
	frames  [][]byte
	asks    any           // the session of a PING
	answers any           // the session of the PING that a PING-OK answers
	at      time.Duration // it arrives then, on a slow line
	last    bool          // it is the end of the connection instead
}

// The pauses between attempts, and how long an attempt takes that nothing answers.
const (
	firstPause   = 50 * time.Millisecond
	longestWait  = 2 * time.Second
	zmqPause     = 100 * time.Millisecond
	firstAttempt = 5 * time.Second
	laterAttempt = 9 * time.Second
)

// dial makes a connection; what becomes of it is told later.
func (p *process) dial(to endpoint.Endpoint, events dialer) *simDial {
	d := &simDial{w: p.w, p: p, id: identity(p.id), to: to, events: events, pause: firstPause}
	p.dials = append(p.dials, d)
	p.w.after(0, func() { d.attempt(d.tries) })
	return d
}

// wants reports whether the attempt is still the present one.
func (d *simDial) wants(try int) bool {
	return d.p.alive && !d.closed && !d.lost && d.stream == nil && d.tries == try
}

// attempt sends a SYN, again after 1 s, 3 s and 7 s, and gives up after 5 s, the next time
// after 9 s.
func (d *simDial) attempt(try int) {
	switch {
	case !d.wants(try):
		return
	case d.p.frozen:
		d.w.after(firstRetransmission, func() { d.attempt(try) })
		return
	case d.to.Host().IsLoopback(): // No other host is reached there.
		d.fails(try, true)
		return
	}
	limit := firstAttempt
	if d.failures > 0 {
		limit = laterAttempt
	}
	for after := time.Duration(0); after < limit; after = 2*after + time.Second {
		d.w.after(after+2*d.w.wires.latency+d.w.some(d.w.delay), func() {
			if d.wants(try) && !d.w.parted(d.p.host(), firstAddr(d.to.Host())) && !d.w.loses() && !d.w.loses() {
				d.answered(try, 0)
			}
		})
	}
	d.w.after(limit, func() { d.fails(try, false) })
}

// answered handles that the host has answered, in the n-th moment of a handshake.
func (d *simDial) answered(try, n int) {
	q := d.w.listens[d.to.Addr]
	switch {
	case q != nil && q.drops:
	case q == nil, q.blocks:
		d.fails(try, true)
	case q.frozen && n < 20: // Its system has accepted; it does not go on.
		d.tries++
		try = d.tries
		d.w.after(500*time.Millisecond, func() {
			if d.wants(try) {
				d.answered(try, n+1)
			}
		})
	case q.frozen, q.key != d.to.Key, !q.server.trusts(d.p.key):
		d.fails(try, false)
	default:
		d.establish(q)
	}
}

// fails ends an attempt, and plans the next one.
func (d *simDial) fails(try int, refused bool) {
	if !d.wants(try) {
		return
	}
	d.tries++
	d.p.refusedDials++
	d.failures++
	next := d.tries
	wait := d.pause - d.w.some(d.pause/4)
	d.pause = min(2*d.pause, longestWait)
	if d.p.libzmq {
		wait = zmqPause
	}
	d.w.after(wait, func() {
		if d.wants(next) {
			d.attempt(next)
		}
	})
	d.w.logf("%s cannot reach %v, refused %v", d.p.name, d.to, refused)
	d.tell(func() { d.events.retry(refused) })
}

// establish brings the connection up at both ends, in any order.
func (d *simDial) establish(q *process) {
	d.tries++
	s := &simStream{w: d.w, dial: d, from: d.p, to: q, dialerOpen: true, acceptorOpen: true}
	d.stream = s
	if d.accepter = nil; !q.libzmq {
		d.accepter = identity(q.id)
	}
	d.w.streams = append(d.w.streams, s)
	q.accepts = append(q.accepts, s)
	up := d.w.handshake()
	s.upAt = d.w.now + up
	s.lastAt = s.upAt // Nothing is sent before.
	for _, m := range d.queue {
		s.queue = append(s.queue, s.timed(m, up))
	}
	d.queue = nil
	d.pause = firstPause
	d.w.after(up, func() {
		if d.stream == s {
			d.tell(d.events.up)
		}
	})
	d.w.after(d.w.handshake(), s.accepted)
}

// tell calls the owner, which does not hear more after it has closed the connection.
func (d *simDial) tell(f func()) {
	d.p.do(func() {
		if !d.closed {
			f()
		}
	})
}

// send sends a message, or keeps it until the connection is up. It reports false if
// the connection has ended.
func (d *simDial) send(m simMessage) bool {
	switch {
	case d.closed || d.lost:
		return false
	case d.stream == nil:
		d.queue = append(d.queue, m)
	default:
		d.stream.send(m)
	}
	return true
}

// close closes the connection. It never comes back.
func (d *simDial) close() {
	if d.closed {
		return
	}
	d.closed, d.queue = true, nil
	for i, other := range d.p.dials {
		if other == d {
			d.p.dials = append(d.p.dials[:i:i], d.p.dials[i+1:]...)
			break
		}
	}
	d.killed()
}

// killed ends the connection on the side that has dialed it.
func (d *simDial) killed() {
	if d.stream != nil {
		d.stream.closeByDialer()
		d.stream = nil
	}
}

// ended handles that the other side has ended the connection, or keep-alive.
func (d *simDial) ended(rest []simMessage) {
	d.stream = nil
	if d.p.libzmq {
		// Some of what is unsent was in flight.
		d.queue = append(rest[d.w.rand.IntN(len(rest)+1):], d.queue...)
		d.w.after(zmqPause, func() { d.attempt(d.tries) })
		return
	}
	d.lost = true
	// The sender may notice before it is told.
	d.w.after(d.w.some(time.Millisecond), func() {
		d.tell(func() {
			d.w.logf("%s: the connection to %v has ended", d.p.name, d.to)
			d.events.down()
		})
	})
}
