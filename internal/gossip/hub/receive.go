package hub

import (
	"errors"
	"time"

	"github.com/gozre/zre/internal/codec/zgossipmsg"
	"github.com/gozre/zre/internal/gossip/store"
	"github.com/gozre/zre/internal/gossip/wire"
)

// errFrames says that a client has sent a message of several frames.
var errFrames = errors.New("more than one frame")

// Receive handles one message of a client. The frame is not kept. What changes by it is sent
// by Settle, which the caller calls after the last message that has arrived.
func (p *Peer) Receive(now time.Time, frame []byte, rest ...[]byte) {
	if p.state == stateGone {
		return // It was closed; these are its last messages.
	}
	h := p.hub
	h.count(frame, rest)
	p.heard = now
	if p.state == stateGreeted && p.kind == Czmq && now.Sub(p.greeted) < maxHelloDelay {
		h.holdBack(now, p) // It goes on publishing.
	}
	if len(rest) > 0 {
		h.refuse(p, Malformed, errFrames)
		return
	}
	msg, trailer := wire.Split(frame)
	m, err := h.decoder.Decode(msg)
	if err != nil {
		h.refuse(p, Malformed, err)
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

// count counts a received message.
func (h *Hub) count(frame []byte, rest [][]byte) {
	h.counts.Received++
	h.counts.ReceivedOctets += uint64(len(frame))
	for _, f := range rest {
		h.counts.ReceivedOctets += uint64(len(f))
	}
}

func (h *Hub) invalid(now time.Time, p *Peer) {
	h.counts.Invalid++
	h.send(now, p, &zgossipmsg.Invalid{}, nil)
}

// idLen is the length, in octets, of the identity of a haskell-zre client.
const idLen = 16

func (h *Hub) hello(now time.Time, p *Peer) {
	if p.state == stateSelf {
		return
	}
	if p.kind == Unknown {
		p.kind = Czmq
		if len(p.identity) == idLen {
			p.kind = Zre
		}
	}
	h.greet(now, p)
}

func (h *Hub) ping(now time.Time, p *Peer, trailer []byte) {
	mark, beats, err := wire.ParsePing(trailer)
	if err != nil {
		h.refuse(p, Malformed, err)
		return
	}
	if mark.Role != 0 {
		if p.state == stateNew && p.pings {
			// One of ours says HELLO before its second PING. This server has forgotten it, and
			// the transport could not close its connection.
			h.invalid(now, p)
		}
		h.meet(now, p, mark)
		h.mergeBeats(now, p, beats)
	}
	p.pings = true
	if p.state == stateGreeted {
		p.tellAt = now
	}
	h.pong(now, p, mark.Role != 0)
}

// meet learns what a marked peer is.
func (h *Hub) meet(now time.Time, p *Peer, mark wire.Mark) {
	kind := Node
	if mark.Role == wire.RoleServer {
		kind = Server
	}
	if p.kind != kind {
		p.kind = kind
		if p.state == stateGreeted || p.state == stateTold {
			h.greet(now, p) // It was told in another form, from another sequence.
		}
	}
	if mark.ID == h.cfg.ID {
		p.state = stateSelf // The link notices as well, and is closed.
	}
}

func (h *Hub) publish(now time.Time, p *Peer, m *zgossipmsg.Publish, trailer []byte) {
	h.counts.PublishedBy[p.kind]++
	raw := len(m.Key) == idLen &&
		(p.kind == Zre || m.Key == string(p.identity) || !wire.Printable(m.Key))
	switch {
	case raw && (p.kind == Unknown || p.kind == Czmq):
		p.kind = Zre
		fallthrough
	case raw && p.state == stateNew && p.kind == Zre:
		// haskell-zre does not say HELLO again to a server that has restarted.
		h.greet(now, p)
	case p.state == stateNew:
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

// accept stores a tuple of a client or of a link.
func (h *Hub) accept(
	now time.Time, p *Peer, key string, raw bool, value string, ttl time.Duration,
	from *wire.Provenance,
) {
	switch {
	case len(key) > h.cfg.MaxKey:
		h.refuse(p, LongKey, nil)
		return
	case len(value) > h.cfg.MaxValue:
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
		_, err = h.store.Merge(now, store.Record{
			Key: key, Value: value, Origin: from.Origin, Seq: from.Seq, State: from.State,
		}, p.source)
	case p.kind == Server || from != nil:
		err = errProvenance
	default:
		err = h.claim(now, p, key, value, ttl)
	}
	switch {
	case errors.Is(err, store.ErrTooManyOrigins):
		h.refuse(p, TooManyServers, err)
	case errors.Is(err, store.ErrTooManyForSource):
		h.refuse(p, TooManyForClient, err)
	case errors.Is(err, store.ErrTooManyTuples):
		h.refuse(p, TooManyTuples, err)
	case err != nil:
		h.refuse(p, Malformed, err)
	}
}

// errProvenance says that a PUBLISH of a server has no provenance, or that of a client has one.
var errProvenance = errors.New("provenance is for servers, and only for them")

// claim stores what a client, or a server without provenance, has published.
func (h *Hub) claim(now time.Time, p *Peer, key, value string, ttl time.Duration) error {
	class := store.Direct
	if p.kind == Czmq {
		class = store.Relay
	}
	if p.echoes {
		ttl = 0
	}
	out, err := h.store.Publish(now, store.Publication{
		Source: p.source, Class: class, Connected: p.connected, Told: p.state == stateTold,
		Key: key, Value: value, TTL: ttl,
	})
	if err == nil && out == store.Echo && !p.echoes {
		p.echoes = true
		h.store.Untimed(p.source)
	}
	return err
}
