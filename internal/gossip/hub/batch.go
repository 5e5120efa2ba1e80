package hub

import (
	"time"

	"github.com/gozre/zre/internal/codec/zgossipmsg"
	"github.com/gozre/zre/internal/gossip/store"
	"github.com/gozre/zre/internal/gossip/wire"
)

// form is how tuples are written for a peer.
type form uint8

const (
	formCzmq   form = iota // textual keys, milliseconds
	formRelay              // the same, no TTLs
	formNode               // the same as formCzmq, and withdrawals
	formZre                // raw keys, seconds
	formServer             // records with their provenance
	forms
)

func (p *Peer) form() form {
	switch {
	case p.kind == Server:
		return formServer
	case p.kind == Zre:
		return formZre
	case p.kind == Node:
		return formNode
	case p.echoes:
		return formRelay
	}
	return formCzmq
}

// batchSize is the size, in octets, beyond which a batch ends.
const batchSize = 64 << 10

// batch is what peers of one form and place are sent next. It is encoded once for all.
type batch struct {
	now    time.Time
	from   uint64 // the place of the peers
	latest uint64 // change in the store
	end    uint64 // the place of peers that were sent all of it
	items  []item
	octets []byte
}

// item is one change.
type item struct {
	index      uint64
	source     store.Source // is not sent it
	start, end int          // in batch.octets; nothing if the form has no words for it
	entry      *store.Entry // nil for a record
}

// batch returns what the peer is sent next.
func (h *Hub) batch(now time.Time, p *Peer) *batch {
	f := p.form()
	b := &h.batches[f]
	latest := h.latest(p)
	if b.from == p.place && b.latest == latest && b.now.Equal(now) {
		return b
	}
	b.now, b.from, b.latest = now, p.place, latest
	b.items, b.octets = b.items[:0], b.octets[:0]
	b.end = latest // There may be no item with that index: what has ended is forgotten.
	add := func(i item) bool {
		i.end = len(b.octets)
		b.items = append(b.items, i)
		if i.end >= batchSize {
			b.end = i.index
			return false
		}
		return true
	}
	if f == formServer {
		h.store.Records(p.place, func(index uint64, r *store.Record) bool {
			start := len(b.octets)
			b.octets = appendRecord(b.octets, r)
			return add(item{index: index, source: r.Via, start: start})
		})
		return b
	}
	h.store.Values(p.place, func(index uint64, e *store.Entry) bool {
		start := len(b.octets)
		b.octets = h.appendTuple(b.octets, now, f, e)
		return add(item{index: index, source: e.Source, start: start, entry: e})
	})
	return b
}

// frame returns the encoded item, empty if there is none.
func (b *batch) frame(i *item) []byte { return b.octets[i.start:i.end:i.end] }

// zreTTL is the TTL, in seconds, with which a haskell-zre client is sent a tuple without one.
const zreTTL = 600

// withdrawTTL is the TTL that withdraws.
const withdrawTTL = 1

// appendTuple appends a tuple in a form. It appends nothing if the form cannot express it: a
// withdrawal, except to our own clients, and a key that is no UUID to haskell-zre.
func (h *Hub) appendTuple(dst []byte, now time.Time, f form, e *store.Entry) []byte {
	m := zgossipmsg.Publish{Key: e.Key, Value: e.Value}
	if !e.Alive {
		if f != formNode {
			return dst
		}
		m.TTL = withdrawTTL
		return appendMessage(dst, &m)
	}
	left := h.store.Remaining(now, e)
	switch f {
	case formZre:
		raw, ok := wire.RawKey(e.Key)
		if !ok {
			return dst
		}
		m.Key, m.TTL = raw, zreTTL
		if left > 0 {
			m.TTL = uint32(min((left+time.Second-1)/time.Second, 1<<31-1))
		}
	case formCzmq, formNode:
		if left > 0 {
			ttl := min((left+time.Millisecond-1)/time.Millisecond, 1<<32-1)
			m.TTL = max(uint32(ttl), withdrawTTL+1)
		}
	}
	return appendMessage(dst, &m)
}

func appendRecord(dst []byte, r *store.Record) []byte {
	m := zgossipmsg.Publish{Key: r.Key, Value: r.Value}
	start := len(dst)
	if dst = appendMessage(dst, &m); len(dst) == start {
		return dst
	}
	return wire.AppendProvenance(dst, wire.Provenance{Origin: r.Origin, Seq: r.Seq, State: r.State})
}

// appendMessage appends a tuple. It appends nothing if a field is too long for the protocol;
// such a tuple is not accepted in the first place.
func appendMessage(dst []byte, m *zgossipmsg.Publish) []byte {
	if frame, err := m.AppendTo(dst); err == nil {
		return frame
	}
	return dst
}
