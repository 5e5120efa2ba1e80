package hub

import (
	"encoding/hex"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/gozre/zre/internal/codec/zgossipmsg"
	"github.com/gozre/zre/internal/gossip/store"
	"github.com/gozre/zre/internal/gossip/wire"
)

// Kind says what a peer is.
type Kind uint8

// The kinds of peers.
const (
	Unknown Kind = iota // has not said enough
	Czmq                // czmq's zgossip: a zyre node, or a server
	Zre                 // haskell-zre
	Node                // a client of this project
	Server              // a server of this project
	kinds
)

// String names the dialect.
func (k Kind) String() string {
	return [...]string{"unknown", "czmq", "zre", "node", "server"}[k]
}

// peer is a client, or the far end of a link.
type peer struct {
	source   store.Source
	identity []byte // of a client
	link     *Link  // of a link
	kind     Kind

	hello   bool      // has said HELLO, and is told of tuples
	told    bool      // has been sent what there was at HELLO
	greeted time.Time // when it said HELLO
	tellAt  time.Time // when that is due
	place   uint64    // the last change it was sent
	keyed   bool      // has published an endpoint with a public key
	keyless bool      // has published one without
	echoes  bool      // is known to pass on what it is told: its TTLs are not its own
	pings   bool      // has sent PING, so that its silence means something
	cut     bool      // is sent nothing
	since   time.Time
	heard   time.Time
	tried   time.Time
	absent  []*store.Entry // not told, because their publisher had just left
	pongs   int            // PONGs that found no room, and follow when it is told everything
	marked  bool           // they carry our mark
	behind  time.Time      // since when it takes nothing; zero: it keeps up
	logged  uint32         // reasons of refusal that were logged
	index   int            // in Hub.peers
}

// client finds or makes the peer of an identity, nil if there are too many.
func (h *Hub) client(now time.Time, identity []byte) *peer {
	if p, ok := h.clients[string(identity)]; ok {
		return p
	}
	if len(h.clients) >= h.cfg.MaxClients {
		h.counts.Refused[TooManyClients]++
		if now.Sub(h.crowded) >= time.Minute { // nothing is kept of them, so not once per client
			h.crowded = now
			h.cfg.Log.Warn("gossip client refused: too many clients", "limit", h.cfg.MaxClients)
		}
		return nil
	}
	p := &peer{identity: slices.Clone(identity), since: now}
	h.clients[string(p.identity)] = p
	h.add(p)
	h.counts.Connected++
	return p
}

func (h *Hub) add(p *peer) {
	h.sources++
	p.source, p.index = h.sources, len(h.peers)
	h.peers = append(h.peers, p)
}

// remove forgets a peer whose connection has ended. Its tuples are in grace.
func (h *Hub) remove(now time.Time, p *peer) {
	if p.index < 0 {
		return
	}
	last := h.peers[len(h.peers)-1]
	h.peers[p.index], last.index = last, p.index
	h.peers[len(h.peers)-1] = nil
	h.peers = h.peers[:len(h.peers)-1]
	p.index = -1
	p.hello = false
	if p.link == nil {
		delete(h.clients, string(p.identity))
		h.log(p).Debug("gossip client has gone", "tuples", h.store.Claims(p.source))
	}
	h.store.Lost(now, p.source)
}

func (h *Hub) log(p *peer) *slog.Logger {
	if p.link != nil {
		return h.cfg.Log.With("server", p.link.name, "dialect", p.kind.String())
	}
	const most = 20 // libzmq's own identities have 5 octets, a node's have 16; a hostile one has up to 255
	id := hex.EncodeToString(p.identity[:min(len(p.identity), most)])
	if len(p.identity) > most {
		id += "…"
	}
	return h.cfg.Log.With("client", id, "dialect", p.kind.String())
}

// transmit sends one frame to a peer in the form of its dialect.
func (h *Hub) transmit(now time.Time, p *peer, frame []byte) error {
	var err error
	switch {
	case p.link != nil:
		err = p.link.send(frame)
	case p.kind == Zre:
		err = h.cfg.Send(p.identity, p.identity, frame)
	default:
		err = h.cfg.Send(p.identity, frame, nil)
	}
	switch {
	case err == nil:
		h.counts.Sent++
		h.counts.SentOctets += uint64(len(frame))
	case errors.Is(err, ErrGone) && p.link == nil:
		h.remove(now, p)
	}
	return err
}

// send sends a message with a trailer. One that finds no room is dropped: only
// tuples must arrive, and those keep their place (deliver).
func (h *Hub) send(now time.Time, p *peer, m zgossipmsg.Message, trailer []byte) {
	frame, err := m.AppendTo(h.scratch[:0])
	if err != nil {
		return // only PUBLISH has fields that could be too long, and those were checked
	}
	h.scratch = append(frame, trailer...)
	if err := h.transmit(now, p, h.scratch); err != nil && !errors.Is(err, ErrFull) && !errors.Is(err, ErrGone) {
		h.log(p).Debug("gossip message not sent", "error", err)
	}
}

// flushInterval is the least time between two rounds of telling when there is much
// to tell: the tuples of one round reach each client together, which costs libzmq and
// the kernel a fraction of what they cost one by one.
const flushInterval = time.Millisecond

// Settle tells every peer what it has not been told: now, or, if that was done a
// moment ago, in a moment.
func (h *Hub) Settle(now time.Time) {
	if now.Sub(h.flushed) >= flushInterval {
		h.Flush(now)
	} else if h.flushAt.IsZero() {
		h.flushAt = h.flushed.Add(flushInterval)
	}
}

// Flush tells every peer what it has not been told.
func (h *Hub) Flush(now time.Time) {
	h.flushed, h.flushAt = now, time.Time{}
	for i := 0; i < len(h.peers); {
		p := h.peers[i]
		h.deliver(now, p)
		if i < len(h.peers) && h.peers[i] == p {
			i++ // else p is gone, and another stands in its place
		}
	}
}

// maxPongs bounds what a client that does not read can make us owe it.
const maxPongs = 1000

// pong answers a PING, after all that the peer has to be told. What finds no room
// now follows later: the PONG is the peer's proof that it has been told.
func (h *Hub) pong(now time.Time, p *peer, marked bool) {
	if p.hello && !p.cut {
		h.deliver(now, p)
	}
	p.marked = marked
	if p.pongs > 0 || !p.behind.IsZero() || errors.Is(h.sendPong(now, p), ErrFull) {
		p.pongs = min(p.pongs+1, maxPongs)
	}
}

func (h *Hub) sendPong(now time.Time, p *peer) error {
	frame, err := new(zgossipmsg.Pong).AppendTo(h.scratch[:0])
	if err != nil {
		return nil // it has no field that could be wrong
	}
	if p.marked {
		frame = wire.AppendMark(frame, h.mark())
	}
	h.scratch = frame
	return h.transmit(now, p, frame)
}

// deliver tells one peer what it has not been told.
func (h *Hub) deliver(now time.Time, p *peer) {
	if !p.hello || p.cut {
		return
	}
	if p.told && p.pongs == 0 && p.place == h.latest(p) {
		return
	}
	newcomer := !p.told
	if newcomer {
		if now.Before(p.tellAt) {
			h.sweepBy(p.tellAt)
			return
		}
		p.told, p.absent = true, nil
	}
	var err error
	before := p.place
	if p.kind == Server {
		h.store.Records(p.place, func(index uint64, r *store.Record) bool {
			if r.Via == 0 || r.Via != p.source {
				if err = h.tellRecord(now, p, r); err != nil {
					return false
				}
			}
			p.place = index
			return true
		})
	} else {
		h.store.Values(p.place, func(index uint64, e *store.Entry) bool {
			switch {
			case newcomer && e.Alive && e.Leaving():
				p.absent = append(p.absent, e)
			case e.Source != p.source:
				if err = h.tellValue(now, p, e); err != nil {
					return false
				}
			}
			p.place = index
			return true
		})
	}
	for err == nil && p.pongs > 0 {
		if err = h.sendPong(now, p); err == nil {
			p.pongs--
		}
	}
	if err == nil {
		p.behind = time.Time{}
		return
	}
	if p.behind.IsZero() || p.place != before {
		p.behind = now
	}
	// One that reads gets room very soon, one that does not costs little.
	h.sweepBy(now.Add(min(max(now.Sub(p.behind), retryFirst), retryMost)))
}

// latest is the place of a peer that has been told everything.
func (h *Hub) latest(p *peer) uint64 {
	if p.kind == Server {
		return h.store.RecordIndex()
	}
	return h.store.Index()
}

func (h *Hub) tellRecord(now time.Time, p *peer, r *store.Record) error {
	m := zgossipmsg.Publish{Key: r.Key, Value: r.Value}
	frame, err := m.AppendTo(h.scratch[:0])
	if err != nil {
		return nil // cannot be said, and was never accepted
	}
	h.scratch = wire.AppendProvenance(frame, wire.Provenance{Origin: r.Origin, Seq: r.Seq, State: r.State})
	return h.published(h.transmit(now, p, h.scratch))
}

// returned tells a peer of tuples whose publisher had left when it said HELLO, and
// has come back since.
func (h *Hub) returned(now time.Time, p *peer) {
	p.absent = slices.DeleteFunc(p.absent, func(e *store.Entry) bool {
		switch {
		case e.Alive && e.Leaving():
			return false
		case !e.Alive || e.Source == p.source:
			return true
		}
		return h.tellValue(now, p, e) == nil
	})
}

// tellValue sends a tuple in the peer's dialect. What it could not understand is
// passed over: a withdrawal, except to our own, and a key that is no UUID to Zre.
func (h *Hub) tellValue(now time.Time, p *peer, e *store.Entry) error {
	if !e.Alive {
		if p.kind != Node {
			return nil
		}
		m := zgossipmsg.Publish{Key: e.Key, Value: e.Value, TTL: 1}
		frame, err := m.AppendTo(h.scratch[:0])
		if err != nil {
			return nil
		}
		h.scratch = frame
		return h.published(h.transmit(now, p, frame))
	}
	if p.shuns(e.Value) {
		return nil
	}
	frame := h.frame(now, p, e)
	if frame == nil {
		return nil
	}
	return h.published(h.transmit(now, p, frame))
}

// shuns reports whether a value is kept from a peer. A node of zyre in a secure
// network, which is one that publishes its endpoint with a key, ends its process over an
// endpoint without one; it would not connect there in any case.
func (p *peer) shuns(value string) bool {
	return p.kind == Czmq && p.keyed && !p.keyless && !strings.Contains(value, "|")
}

// publishes records whether a peer has published with a key or without.
func (p *peer) publishes(value string) {
	if strings.Contains(value, "|") {
		p.keyed = true
		return
	}
	if !p.keyless && p.keyed && p.told {
		p.place = 0 // It is a server for all kinds of nodes: it gets what was kept from it.
	}
	p.keyless = true
}

func (h *Hub) published(err error) error {
	if err == nil {
		h.counts.Forwarded++
	}
	return err
}

// zreTTL is the TTL in seconds under which a haskell-zre client is told a tuple without one.
const zreTTL = 600

// frame encodes a living tuple for a peer. The frame of a tuple without a TTL is
// kept with it, since all peers of a dialect are sent the same.
func (h *Hub) frame(now time.Time, p *peer, e *store.Entry) []byte {
	m := zgossipmsg.Publish{Key: e.Key, Value: e.Value}
	left := h.store.Remaining(now, e)
	form := 0
	switch {
	case p.kind == Zre:
		raw, ok := wire.RawKey(e.Key)
		if !ok {
			return nil
		}
		form, m.Key, m.TTL = 1, raw, zreTTL
		if left > 0 {
			m.TTL = uint32(min((left+time.Second-1)/time.Second, 1<<31-1))
		}
	case left > 0 && !p.echoes:
		m.TTL = uint32(min((left+time.Millisecond-1)/time.Millisecond, 1<<32-1))
		m.TTL = max(m.TTL, 2) // 1 withdraws
	}
	if left > 0 {
		frame, err := m.AppendTo(h.scratch[:0])
		if err != nil {
			return nil
		}
		h.scratch = frame
		return frame
	}
	if e.Frames[form] == nil {
		frame, err := m.AppendTo(nil)
		if err != nil {
			return nil
		}
		e.Frames[form] = frame
	}
	return e.Frames[form]
}
