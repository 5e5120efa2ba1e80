package core

import (
	"fmt"
	"testing"
	"time"
)

// lines are what all lines between hosts are like. Messages on a stream follow each other
// closely, and arrive in order.
type lines struct {
	latency time.Duration // one way
	loss    float64       // of packets: TCP sends them again
}

// loses reports whether a packet is lost.
func (w *world) loses() bool { return w.wires.loss > 0 && w.rand.Float64() < w.wires.loss }

// resent returns how much later a packet arrives because TCP sends it again: at most 10 s, as
// nobody keeps peers for which TCP is silent for a DeadPeriod.
func (w *world) resent() (late time.Duration) {
	// TCP waits for one and a half round trips, and longer each time. What is sent meanwhile
	// makes the other end ask for what is missing (fast retransmission).
	again := max(250*time.Millisecond, 3*w.wires.latency)
	for most := 3*time.Second + 2*w.wires.latency; late < 10*time.Second && w.loses(); again = min(2*again, most) {
		late += again
	}
	return late
}

// handshake returns how long the messages of a handshake take.
func (w *world) handshake() time.Duration {
	return 2*w.wires.latency + w.some(w.delay) + w.resent() + w.resent()
}

// timed sets when a message arrives that is sent now or, before the connection is up, later.
func (s *simStream) timed(m simMessage, later time.Duration) simMessage {
	w := s.w
	if w.wires.latency == 0 {
		return m
	}
	at := w.now + later + w.wires.latency + w.some(w.delay) + w.resent()
	s.lastAt = max(s.lastAt, at)
	m.at = s.lastAt
	return m
}

// chatter lets two nodes send to each other now and then.
func chatter(w *world, a, b *simNode, n *uint64) {
	*n++
	number := *n
	a.do(func() { a.whisper(b.id, number) })
	b.do(func() { b.whisper(a.id, number) })
	w.after(700*time.Millisecond, func() { chatter(w, a, b, n) })
}

// However slow the lines are, up to a round trip of 8 s, nodes meet within a few round trips
// and stay together. The times of the core follow the round trips that it measures.
func TestSimulatedSlowLines(t *testing.T) {
	for _, talks := range []bool{false, true} {
		for _, rtt := range []time.Duration{100, 800, 2200, 4000, 8000} {
			rtt *= time.Millisecond
			t.Run(fmt.Sprint(rtt, " talking ", talks), func(t *testing.T) {
				seeds(t, 10, func(w *world, seed uint64) {
					w.wires.latency, w.delay = rtt/2, rtt/10+time.Millisecond
					w.secure = seed%2 == 1
					a, b := w.start(w.random(), 1, 41000), w.start(w.random(), 2, 41000)
					w.runUntil(8*time.Second+5*rtt, "met", func() bool { return a.here(b.id) && b.here(a.id) })
					if talks {
						chatter(w, a, b, new(uint64))
					}
					w.run(3 * time.Minute)
					if a.enters() != 1 || b.enters() != 1 || a.exits()+b.exits() != 0 {
						w.t.Errorf("events %v, %v", a.events, b.events)
					}
				})
			})
		}
	}
}

// Ten nodes on lines that lose a fifth of the packets (a tenth with round trips of a second), which
// TCP sends again, lose nobody in three minutes; also on hosts with two addresses each.
func TestSimulatedLossyLines(t *testing.T) {
	for _, rtt := range []time.Duration{50, 400, 1000} {
		rtt *= time.Millisecond
		t.Run(fmt.Sprint(rtt), func(t *testing.T) {
			seeds(t, 8, func(w *world, seed uint64) {
				w.wires = lines{rtt / 2, 0.2}
				if rtt >= time.Second { // TCP would be silent for a DeadPeriod now and then.
					w.wires.loss = 0.1
				}
				w.delay, w.loss, w.secure, w.dual = rtt, 0.2, seed%2 == 1, seed%4 >= 2
				for host := range 10 {
					w.start(w.random(), 1+host, 41000)
				}
				n := new(uint64)
				w.run(30 * time.Second)
				for i := range 9 {
					chatter(w, w.nodes[i], w.nodes[i+1], n)
				}
				w.run(3 * time.Minute)
				for _, node := range w.nodes {
					if node.exits() != 0 || node.enters() != 9 {
						w.t.Errorf("%s: %d enters, %d exits: %v", node.name, node.enters(), node.exits(), node.ends())
					}
				}
			})
		})
	}
}

// ends returns why sessions ended.
func (n *simNode) ends() (ends []string) {
	for _, ev := range n.events {
		if ev.Type == EventExit {
			ends = append(ends, ev.Reason.String())
		}
	}
	return ends
}
