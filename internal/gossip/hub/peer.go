package hub

import (
	"bytes"
	"log/slog"
	"strings"
	"time"

	"github.com/gozre/zre/internal/codec/zgossipmsg"
	"github.com/gozre/zre/internal/gossip/store"
)

// Kind is what a peer is.
type Kind uint8

// The kinds of peers.
const (
	Unknown Kind = iota // has not sent enough
	Czmq                // czmq's zgossip: a zyre node, or a server
	Zre                 // haskell-zre
	Node                // a client of this project
	Server              // a server of this project
	kinds
)

// String returns the name of the dialect.
func (k Kind) String() string {
	return [...]string{"unknown", "czmq", "zre", "node", "server"}[k]
}

// state is how far a peer is. The drawing is in the documentation of the package.
type state uint8

const (
	stateNew     state = iota // has not said HELLO
	stateGreeted              // has said HELLO, and is told everything at tellAt
	stateTold                 // is told of changes
	stateSelf                 // is this server itself, and is told nothing
	stateGone                 // is removed
)

// Peer is a connection: of a client, or of a link.
type Peer struct {
	hub      *Hub
	conn     Conn // nil while a link is down
	link     *Link
	source   store.Source
	name     string // for the log
	identity []byte // of a client
	kind     Kind
	state    state

	connected time.Time
	heard     time.Time
	greeted   time.Time      // when it said HELLO
	tellAt    time.Time      // when it is told everything
	place     uint64         // the last change that it was sent
	first     uint64         // the last change when that began
	absent    []*store.Entry // not sent, because their publisher had just left
	keyed     bool           // has published an endpoint with a public key
	keyless   bool           // has published one without
	echoes    bool           // passes on what it is told, so its TTLs mean nothing
	pings     bool           // sends PINGs, so its silence means something
	marked    bool           // they carry a mark
	pongs     int            // PONGs that wait until it was told everything
	waiting   bool           // is in Hub.waiting
	waitUntil time.Time      // zero: it is visited by the next Flush
	queued    int            // octets in its queue when that was last looked at
	fullSince time.Time      // since when its queue is full and nothing leaves it
	logged    uint32         // reasons of refusal that were logged
	index     int            // in Hub.peers
}

// Accept makes the peer of a new connection of a client, nil if there are too many. The name
// is for the log.
func (h *Hub) Accept(now time.Time, identity []byte, name string, conn Conn) *Peer {
	if h.clients >= h.cfg.MaxClients {
		h.counts.Refused[TooManyClients]++
		if now.Sub(h.crowded) >= time.Minute {
			h.crowded = now
			h.cfg.Log.Warn("gossip client refused: too many clients", "limit", h.cfg.MaxClients)
		}
		return nil
	}
	p := &Peer{identity: bytes.Clone(identity), name: name, conn: conn, connected: now, heard: now}
	h.add(p)
	h.clients++
	h.counts.Connected++
	return p
}

func (h *Hub) add(p *Peer) {
	h.sources++
	p.hub, p.source, p.index = h, h.sources, len(h.peers)
	h.peers = append(h.peers, p)
}

// Closed says that the connection has ended. The tuples of the peer are in grace.
func (p *Peer) Closed(now time.Time, cause error) {
	if p.state == stateGone {
		return
	}
	h := p.hub
	h.log(p).Debug("gossip client has gone", "tuples", h.store.Claims(p.source), "cause", cause)
	h.remove(now, p)
}

// Evict closes the connection of a client. Its tuples end at once.
func (p *Peer) Evict(now time.Time) {
	if p.state != stateGone {
		p.hub.store.Forget(now, p.source)
		p.hub.cut(now, p)
	}
}

// remove removes a peer.
func (h *Hub) remove(now time.Time, p *Peer) {
	last := h.peers[len(h.peers)-1]
	h.peers[p.index], last.index = last, p.index
	h.peers[len(h.peers)-1] = nil
	h.peers = h.peers[:len(h.peers)-1]
	if p.link == nil {
		h.clients--
	}
	p.state, p.absent = stateGone, nil
	h.store.Lost(now, p.source)
}

func (h *Hub) log(p *Peer) *slog.Logger {
	what := "client"
	if p.link != nil {
		what = "server"
	}
	return h.cfg.Log.With(what, p.name, "dialect", p.kind.String())
}

// greet begins a session: the peer is told everything.
func (h *Hub) greet(now time.Time, p *Peer) {
	p.state, p.place, p.tellAt, p.absent, p.pongs = stateGreeted, 0, now, nil, 0
	if p.kind == Czmq && p.link == nil {
		// It publishes all its tuples right after its HELLO. The ones that it sends before
		// it was told are its own claims, later ones may be echoes.
		p.greeted = now
		h.holdBack(now, p)
	}
	if p.kind == Server {
		h.sendBeats(now, p)
	}
	h.wait(p, p.tellAt)
}

// maxHelloDelay bounds the time for which a peer can put off being told.
const maxHelloDelay = 200 * time.Millisecond

func (h *Hub) holdBack(now time.Time, p *Peer) {
	p.tellAt = now.Add(h.cfg.HelloDelay)
	h.wait(p, p.tellAt)
}

// shunsKeyless reports whether endpoints without a public key are kept from a peer. A zyre
// node in a secure network, which is one that publishes its endpoint with a key, ends its
// process when it gets one without. It would not connect there in any case.
func (p *Peer) shunsKeyless() bool { return p.kind == Czmq && p.keyed && !p.keyless }

// publishes records whether a peer has published with a key or without.
func (p *Peer) publishes(value string) {
	if hasKey(value) {
		p.keyed = true
		return
	}
	if !p.keyless && p.keyed && p.state == stateTold {
		p.place = 0 // It is a server for nodes of both kinds, and gets what it was not sent.
		p.hub.wait(p, p.heard)
	}
	p.keyless = true
}

func hasKey(value string) bool { return strings.Contains(value, "|") }

// room returns how many octets may be added to the queue of a connection.
func (h *Hub) room(now time.Time, p *Peer) int {
	queued := p.conn.Queued()
	room := h.cfg.SendQueue - queued
	if room > 0 {
		p.fullSince = time.Time{}
	} else if p.fullSince.IsZero() || queued < p.queued {
		p.fullSince = now
	}
	p.queued = queued
	return room
}

// transmit queues one frame in the form of the peer's dialect.
func (h *Hub) transmit(p *Peer, frame []byte) error {
	var err error
	if p.kind == Zre && p.link == nil {
		err = p.conn.Send(p.identity, frame)
	} else {
		err = p.conn.Send(frame)
	}
	if err == nil {
		h.counts.Sent++
		h.counts.SentOctets += uint64(len(frame))
	}
	return err
}

// send sends a message and a trailer. If the queue is full, or the connection has ended, it
// is dropped: only tuples must arrive, and those are sent by deliver.
func (h *Hub) send(now time.Time, p *Peer, m zgossipmsg.Message, trailer []byte) {
	if p.conn == nil || h.room(now, p) <= 0 {
		return
	}
	frame, err := m.AppendTo(h.scratch[:0])
	if err != nil {
		return // Only PUBLISH has fields that could be too long, and it is not sent here.
	}
	h.scratch = append(frame, trailer...)
	if err := h.transmit(p, h.scratch); err != nil {
		h.log(p).Debug("gossip message not sent", "error", err)
	}
}
