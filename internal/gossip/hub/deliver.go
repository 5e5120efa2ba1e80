package hub

import (
	"slices"
	"time"

	"github.com/gozre/zre/internal/codec/zgossipmsg"
	"github.com/gozre/zre/internal/gossip/store"
	"github.com/gozre/zre/internal/gossip/wire"
)

// flushInterval is the shortest time between two rounds in which all peers are sent what is
// new. The tuples of one round leave together, which costs a fraction of one write for each.
const flushInterval = time.Millisecond

// A peer whose queue is full is looked at again after as long as it has been full, within
// these bounds.
const (
	retryFirst = time.Millisecond
	retryMost  = 50 * time.Millisecond
)

// Settle sends to every peer what is new for it: now, or, if that was done a moment ago, in
// a moment.
func (h *Hub) Settle(now time.Time) {
	switch {
	case !h.flushAt.IsZero() && !h.flushAt.After(now):
		h.Flush(now)
	case !h.changed():
	case now.Sub(h.flushed) >= flushInterval:
		h.Flush(now)
	default:
		h.flushBy(h.flushed.Add(flushInterval))
	}
}

// changed reports whether there are changes that not all peers were sent.
func (h *Hub) changed() bool {
	return h.values != h.store.Index() || h.records != h.store.RecordIndex()
}

func (h *Hub) flushBy(t time.Time) {
	if h.flushAt.IsZero() || t.Before(h.flushAt) {
		h.flushAt = t
	}
}

// Flush sends to every peer what is new for it.
func (h *Hub) Flush(now time.Time) {
	h.flushAt = time.Time{}
	waiting := h.waiting
	h.waiting = h.visited[:0]
	for _, p := range waiting {
		p.waiting = false
		if p.state != stateGone && p.waitUntil.After(now) {
			h.wait(p, p.waitUntil)
		} else {
			h.deliver(now, p)
		}
	}
	clear(waiting)
	h.visited = waiting
	if !h.changed() {
		return
	}
	h.flushed, h.values, h.records = now, h.store.Index(), h.store.RecordIndex()
	for _, p := range h.peers {
		if !p.waiting {
			h.deliver(now, p)
		}
	}
}

// wait makes Flush call deliver for a peer at this time, and not before.
func (h *Hub) wait(p *Peer, until time.Time) {
	if !p.waiting {
		p.waiting = true
		h.waiting = append(h.waiting, p)
	}
	p.waitUntil = until
	h.flushBy(until)
}

// deliver sends to one peer what is new for it, as far as its queue has room.
func (h *Hub) deliver(now time.Time, p *Peer) {
	p.waitUntil = time.Time{}
	if p.state == stateGreeted {
		if p.tellAt.After(now) {
			h.wait(p, p.tellAt)
			return
		}
		p.state, p.first = stateTold, h.latest(p)
	}
	if p.state != stateTold || p.conn == nil || p.pongs == 0 && p.place == h.latest(p) {
		return
	}
	room := h.room(now, p)
	if room <= 0 {
		h.wait(p, now.Add(min(max(now.Sub(p.fullSince), retryFirst), retryMost)))
		return
	}
	if p.place != h.latest(p) && !h.sendBatch(p, h.batch(now, p), room) {
		return // The connection has ended: Closed follows.
	}
	if p.place != h.latest(p) {
		h.wait(p, now.Add(retryFirst))
		return
	}
	for ; p.pongs > 0; p.pongs-- {
		h.sendPong(p)
	}
}

// latest is the place of a peer that was sent everything.
func (h *Hub) latest(p *Peer) uint64 {
	if p.kind == Server {
		return h.store.RecordIndex()
	}
	return h.store.Index()
}

// sendBatch sends a batch, as far as there is room, without what came from the peer itself.
// It reports false if the connection has ended.
func (h *Hub) sendBatch(p *Peer, b *batch, room int) bool {
	out, size, place := h.out[:0], 0, b.end
	shuns := p.shunsKeyless()
	for i := range b.items {
		it := &b.items[i]
		if size >= room {
			place = it.index - 1
			break
		}
		e := it.entry
		switch {
		case it.source == p.source, it.start == it.end:
		case e != nil && it.index <= p.first && e.Alive && e.Leaving():
			p.absent = append(p.absent, e)
		case shuns && e != nil && !hasKey(e.Value):
		default:
			out = append(out, b.frame(it))
			size += it.end - it.start
		}
	}
	h.out = out
	if err := h.transmitAll(p, out); err != nil {
		h.log(p).Debug("gossip tuples not sent", "error", err)
		return false
	}
	h.counts.Sent += uint64(len(out))
	h.counts.Forwarded += uint64(len(out))
	h.counts.SentOctets += uint64(size)
	p.place = place
	return true
}

func (h *Hub) transmitAll(p *Peer, frames [][]byte) error {
	if p.kind != Zre || p.link != nil {
		return p.conn.SendBatch(frames)
	}
	for _, f := range frames {
		if err := p.conn.Send(p.identity, f); err != nil {
			return err
		}
	}
	return nil
}

// sendReturned sends a peer the tuples whose publisher had left when it said HELLO, and has
// come back since.
func (h *Hub) sendReturned(now time.Time, p *Peer) {
	p.absent = slices.DeleteFunc(p.absent, func(e *store.Entry) bool {
		switch {
		case e.Alive && e.Leaving():
			return false
		case !e.Alive, e.Source == p.source, p.shunsKeyless() && !hasKey(e.Value):
			return true
		}
		frame := h.appendTuple(h.scratch[:0], now, p.form(), e)
		h.scratch = frame
		if len(frame) > 0 && h.transmit(p, frame) == nil {
			h.counts.Forwarded++
		}
		return true
	})
}

// maxPongs bounds the PONGs that a client that does not read can make wait.
const maxPongs = 1000

// pong answers a PING after all that the peer has to be told: the PONG shows the peer that it
// was told everything. If that does not fit into the queue now, the PONG waits as well.
func (h *Hub) pong(now time.Time, p *Peer, marked bool) {
	p.marked = marked
	h.deliver(now, p)
	told := p.state != stateTold || p.place == h.latest(p)
	if p.pongs == 0 && told && h.room(now, p) > 0 {
		h.sendPong(p)
		return
	}
	p.pongs = min(p.pongs+1, maxPongs)
	if p.state == stateTold && !p.waiting {
		h.wait(p, now.Add(retryFirst))
	}
}

func (h *Hub) sendPong(p *Peer) {
	frame, err := new(zgossipmsg.Pong).AppendTo(h.scratch[:0])
	if err != nil {
		return // It has no field that could be wrong.
	}
	if p.marked {
		frame = wire.AppendMark(frame, h.mark())
	}
	h.scratch = frame
	if err := h.transmit(p, frame); err != nil {
		h.log(p).Debug("gossip message not sent", "error", err)
	}
}
