package core

import "time"

// roundTrip estimates how long a message and its answer take, as TCP does for its
// retransmissions (RFC 6298).
type roundTrip struct {
	smoothed, varies time.Duration // 0 before the first sample
}

// sample takes a measured round trip into account.
func (r *roundTrip) sample(d time.Duration) {
	if d = max(d, time.Millisecond); r.smoothed == 0 {
		r.smoothed, r.varies = d, d/2
		return
	}
	off := d - r.smoothed
	r.varies += (max(off, -off) - r.varies) / 4
	r.smoothed += off / 8
}

// mostTrip bounds what is taken for a round trip. An answer that takes longer was held back by
// an application that does not keep up.
const mostTrip = 20 * time.Second

// most is the time in which nearly all answers come, 0 if it is not known.
func (r *roundTrip) most() time.Duration { return min(r.smoothed+4*r.varies, mostTrip) }

// within returns a time that is enough for a number of round trips, and not less than another
// one.
func (p *Peer) within(least time.Duration, trips int) time.Duration {
	return max(least, time.Duration(trips)*p.trip.most())
}

// dialTrips is how many round trips there are from the first SYN until a link is up, at least:
// one for TCP, one for the greetings. CURVE has two more.
const dialTrips = 2

// measureDial takes a round trip from the time in which the link came up. The pause before
// the attempt is in it.
func (p *Peer) measureDial(now time.Duration) {
	if p.attempted != 0 && !p.reusedConn {
		trip := (now - p.attempted) / dialTrips
		p.trip.sample(trip)
		p.dialTrip = roundTrip{}
		p.dialTrip.sample(trip)
	}
}

// greetTrip is the time in which nearly all answers to our HELLO come. While hundreds of nodes
// start, an attempt to connect waits long for its turn, and messages take long; what was measured
// then says little of a connection that is made later, and quickly.
func (p *Peer) greetTrip() time.Duration {
	if p.dialTrip.smoothed == 0 {
		return p.trip.most()
	}
	return min(p.trip.most(), p.dialTrip.most())
}

// helloTrips is how many round trips there are from the time when our HELLO is sent until that
// of a peer comes which dials only then, and has to send the first SYN again.
const helloTrips = 5

// hadTime reports whether a peer has had the time to answer our HELLO, if a round trip takes
// that long.
func (p *Peer) hadTime(now, trip time.Duration) bool {
	return p.linkState != linkIsUp || now-max(p.greeted, p.linkedAt) >= helloTrips*trip
}

// measureAnswer takes a round trip from the answer to a PING. While several are in flight it
// is not known which one is answered, so the time counts from the first one.
func (p *Peer) measureAnswer(now time.Duration) {
	if p.probe != 0 {
		p.trip.sample(now - p.probe)
		p.probe = 0
	}
}
