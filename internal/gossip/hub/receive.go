package hub

import (
	"errors"
	"time"

	"github.com/gozre/zre/internal/codec/zgossipmsg"
	"github.com/gozre/zre/internal/gossip/store"
	"github.com/gozre/zre/internal/gossip/wire"
)

// Receive takes in one message from a client. What it changes is sent by Flush,
// which the caller calls when it has handed in all that there was.
func (h *Hub) Receive(now time.Time, identity []byte, frames [][]byte) {
	h.counts.Received++
	for _, f := range frames {
		h.counts.ReceivedOctets += uint64(len(f))
	}
	p := h.client(now, identity)
	if p == nil {
		return
	}
	p.heard = now
	if p.hello && !p.told && p.kind == Czmq && now.Sub(p.greeted) < maxHelloDelay {
		h.holdBack(now, p) // it goes on publishing
	}
	if len(frames) != 1 {
		h.refuse(p, Malformed, errors.New("not one frame"))
		return
	}
	msg, trailer := wire.Split(frames[0])
	m, err := h.decoder.Decode(msg)
	if err != nil {
		h.refuse(p, Malformed, err)
		return
	}
	if _, hello := m.(*zgossipmsg.Hello); p.cut && !hello {
		h.invalid(now, p)
		return
	}
	switch m := m.(type) {
	case *zgossipmsg.Hello:
		h.hello(now, p)
	case *zgossipmsg.Ping:
		h.ping(now, p, trailer)
	case *zgossipmsg.Publish:
		h.publish(now, p, m, trailer)
	case *zgossipmsg.Pong, *zgossipmsg.Invalid: // signs of life, with nothing to do
	}
}

func (h *Hub) invalid(now time.Time, p *peer) {
	h.counts.Invalid++
	h.send(now, p, &zgossipmsg.Invalid{}, nil)
}

// idLen is the length of the identity of a haskell-zre client.
const idLen = 16

func (h *Hub) hello(now time.Time, p *peer) {
	if p.kind == Unknown {
		p.kind = Czmq
		if len(p.identity) == idLen {
			p.kind = Zre
		}
	}
	if p.cut {
		p.cut = false
		p.since = now
	}
	h.greet(now, p)
}

// greet begins a session: the peer is told everything.
func (h *Hub) greet(now time.Time, p *peer) {
	p.hello, p.told, p.place, p.tellAt, p.behind, p.pongs = true, false, 0, now, time.Time{}, 0
	if p.kind == Czmq && p.link == nil {
		// It publishes all that it holds right after its HELLO. What it holds
		// before it is told is its own claim, what it says afterwards an echo.
		p.greeted = now
		h.holdBack(now, p)
	}
	if p.kind == Server {
		h.sendBeats(now, p)
	}
}

// maxHelloDelay bounds the time for which a peer can put off being told.
const maxHelloDelay = 200 * time.Millisecond

func (h *Hub) holdBack(now time.Time, p *peer) {
	p.tellAt = now.Add(h.cfg.HelloDelay)
	h.sweepBy(p.tellAt)
}

func (h *Hub) ping(now time.Time, p *peer, trailer []byte) {
	mark, beats, err := wire.ParsePing(trailer)
	if err != nil {
		h.refuse(p, Malformed, err)
		return
	}
	p.pings = true
	if mark.Role != 0 {
		kind := Node
		if mark.Role == wire.RoleServer {
			kind = Server
		}
		if p.kind != kind {
			p.kind = kind
			if p.hello { // told in another form, from another sequence
				h.greet(now, p)
			}
		}
		if mark.ID == h.cfg.ID {
			p.cut = true // ourselves: the link will notice, and go
		}
		h.mergeBeats(now, p, beats)
	}
	if p.hello && !p.told {
		p.tellAt = now
	}
	h.pong(now, p, mark.Role != 0)
}

func (h *Hub) publish(now time.Time, p *peer, m *zgossipmsg.Publish, trailer []byte) {
	h.counts.PublishedBy[p.kind]++
	raw := len(m.Key) == idLen && (p.kind == Zre || m.Key == string(p.identity) || !wire.Printable(m.Key))
	switch {
	case raw && (p.kind == Unknown || p.kind == Czmq):
		p.kind = Zre
		fallthrough
	case raw && !p.hello && p.kind == Zre:
		// haskell-zre does not say HELLO again to a server that has restarted.
		h.greet(now, p)
	case !p.hello:
		if p.kind == Unknown {
			p.kind = Czmq
		}
		h.invalid(now, p)
		return
	case p.kind == Zre && !raw:
		p.kind = Czmq // a textual key after all
	}
	ttl := time.Duration(m.TTL) * time.Millisecond
	if raw {
		ttl = time.Duration(m.TTL) * time.Second
	}
	var from *wire.Provenance
	if len(trailer) > 0 {
		parsed, err := wire.ParseProvenance(trailer)
		if err != nil {
			h.refuse(p, Malformed, err)
			return
		}
		from = &parsed
	}
	h.accept(now, p, m.Key, raw, m.Value, ttl, from)
}

// accept takes in a tuple from a client or from a link.
func (h *Hub) accept(now time.Time, p *peer, key string, raw bool, value string, ttl time.Duration, from *wire.Provenance) {
	if len(key) > h.cfg.MaxKey {
		h.refuse(p, LongKey, nil)
		return
	}
	if len(value) > h.cfg.MaxValue {
		h.refuse(p, LongValue, nil)
		return
	}
	key, err := wire.CanonicalKey(key, raw)
	if err != nil {
		h.refuse(p, BadKey, err)
		return
	}
	if err := wire.CheckEndpoint(value); err != nil {
		h.refuse(p, BadEndpoint, err)
		return
	}
	p.publishes(value)
	switch {
	case p.kind == Server && from != nil:
		_, err = h.store.Merge(now, store.Record{Key: key, Value: value, Origin: from.Origin, Seq: from.Seq, State: from.State}, p.source)
	case p.kind == Server || from != nil:
		h.refuse(p, Malformed, errors.New("provenance is for servers, and only for them"))
		return
	default:
		class := store.Direct
		if p.kind == Czmq {
			class = store.Relay
		}
		if p.echoes {
			ttl = 0
		}
		var out store.Outcome
		out, err = h.store.Publish(now, store.Publication{
			Source: p.source, Class: class, Connected: p.since, Told: p.told, Key: key, Value: value, TTL: ttl,
		})
		if err == nil && out == store.Echo && !p.echoes {
			p.echoes = true
			h.store.Untimed(p.source)
		}
	}
	switch {
	case errors.Is(err, store.ErrTooManyForSource):
		h.refuse(p, TooManyForClient, err)
	case errors.Is(err, store.ErrTooManyTuples):
		h.refuse(p, TooManyTuples, err)
	case err != nil:
		h.refuse(p, Malformed, err)
	}
}
