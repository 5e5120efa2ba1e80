package core

import (
	"net/netip"
	"time"
)

// line is the way from one host to another.
type line struct{ from, to netip.Addr }

// cut is a line that carries nothing.
type cut struct{ since time.Duration }

// The times of TCP, and of the transports.
const (
	firstRetransmission = 200 * time.Millisecond // the time doubles with each
	lastRetransmission  = time.Minute
	// keepAliveEnds is how long after the last sign of the other end a connection
	// of this implementation ends. libzmq's does not.
	keepAliveEnds = 40 * time.Second
)

func (w *world) isCut(from, to netip.Addr) bool { return w.cuts[line{from, to}] != nil }

// parted reports whether two hosts cannot connect: that takes both ways.
func (w *world) parted(a, b netip.Addr) bool {
	return w.isCut(a, b) || w.isCut(b, a) || !w.hosts[b] || !w.hosts[a]
}

// cutLine cuts the way from one host to another.
func (w *world) cutLine(from, to netip.Addr) {
	if from == to || w.isCut(from, to) {
		return
	}
	w.logf("the line from %v to %v is cut", from, to)
	c := &cut{since: w.now}
	w.cuts[line{from, to}] = c
	w.after(keepAliveEnds+w.some(time.Second), func() {
		if w.cuts[line{from, to}] != c {
			return
		}
		for _, s := range w.openStreams() {
			if s.crosses(from, to) {
				s.keepAliveFails()
			}
		}
	})
}

// cutBoth cuts both ways between two hosts.
func (w *world) cutBoth(a, b netip.Addr) {
	w.cutLine(a, b)
	w.cutLine(b, a)
}

// heal repairs both ways.
func (w *world) heal(a, b netip.Addr) {
	for _, l := range []line{{a, b}, {b, a}} {
		if w.cuts[l] != nil {
			w.logf("the line from %v to %v is healed", l.from, l.to)
			delete(w.cuts, l)
		}
	}
}

// healAll repairs all lines.
func (w *world) healAll() {
	for _, a := range w.hears {
		for _, b := range w.hears {
			w.heal(a.proc().host(), b.proc().host())
		}
	}
}

// packet carries something from one host to another as TCP does: after a while, and
// if the line is cut again and again until it is not. It is dropped when valid
// reports false.
func (w *world) packet(from, to netip.Addr, valid func() bool, arrive func()) {
	w.retransmit(from, to, firstRetransmission, valid, arrive)
}

func (w *world) retransmit(from, to netip.Addr, again time.Duration, valid func() bool, arrive func()) {
	w.after(w.some(w.delay), func() {
		switch {
		case !valid():
		case w.isCut(from, to):
			w.after(again, func() {
				w.retransmit(from, to, min(2*again, lastRetransmission), valid, arrive)
			})
		default:
			arrive()
		}
	})
}
