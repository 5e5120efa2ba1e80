package hub

import (
	"errors"
	"log/slog"
	"time"

	"github.com/gozre/zre/internal/codec/zgossipmsg"
	"github.com/gozre/zre/internal/gossip/store"
	"github.com/gozre/zre/internal/gossip/wire"
)

// Errors that a Sender gives.
var (
	ErrFull = errors.New("the queue to the peer is full") // try again later
	ErrGone = errors.New("there is no such peer")         // its connection has ended
)

// Sender sends one frame. It never blocks, and it copies what it is given.
type Sender func(frame []byte) error

// Config is the behaviour of a hub. All fields are needed.
type Config struct {
	ID    wire.ID
	Store store.Config

	// Send sends to a client, by its identity, through the ROUTER: one frame, or two
	// where second is not nil. It never blocks, and it copies what it is given.
	Send func(identity, first, second []byte) error

	MaxClients     int
	MaxKey         int
	MaxValue       int
	IdleTimeout    time.Duration // silence after which a client that PINGs is gone
	SlowTimeout    time.Duration // how long a client may take nothing
	BeatInterval   time.Duration // how often servers tell each other who is alive
	ProbeInterval  time.Duration // how often a silent client is tried without a hint
	HelloDelay     time.Duration // silence after HELLO and what a czmq peer publishes, after which it is told
	PingInterval   time.Duration // of links, see uplink.Config
	CalmInterval   time.Duration
	LinkTimeout    time.Duration
	LinkProbeAfter time.Duration

	Log *slog.Logger
}

// LocalSource is the source of what the process itself publishes.
const LocalSource store.Source = 1

// Hub is the server's state. It must be guarded by its owner.
type Hub struct {
	cfg     Config
	store   *store.Store
	decoder zgossipmsg.Decoder
	clients map[string]*peer // by identity
	peers   []*peer          // clients and links, in no order
	sources store.Source
	local   uint64 // what the process itself has been told
	counts  Counts

	flushed time.Time // when all were last told
	flushAt time.Time // when they are to be told again; zero: nothing is due
	beatAt  time.Time
	sweepAt time.Time
	probeAt time.Time // zero: no probe is due
	hintAt  time.Time // clients silent since then are probed
	probes  int       // rounds still to come for this hint
	crowded time.Time // when the last client over the limit was logged

	complaints int       // refusals logged since quietAt
	quietAt    time.Time // when complaints was set to 0
	scratch    []byte
}

// New makes a hub.
func New(now time.Time, cfg Config) *Hub {
	return &Hub{
		cfg: cfg, store: store.New(cfg.ID, cfg.Store), clients: make(map[string]*peer),
		sources: LocalSource, beatAt: now, sweepAt: now,
	}
}

// sweepInterval is how often peers that are silent are looked at. One that is behind
// is tried again after as long as it has taken nothing, within bounds.
const (
	sweepInterval = 250 * time.Millisecond
	retryFirst    = time.Millisecond
	retryMost     = 50 * time.Millisecond
)

// probeDelays is when the rounds of probes follow a hint: libzmq tells of the loss
// before it has taken the route away.
var probeDelays = [...]time.Duration{1500 * time.Millisecond, 150 * time.Millisecond} // constant; the last comes first

// lastWords is how long after the hint the last messages of a client that has gone may
// still be taken in; the last round of probes reaches for those too.
const lastWords = time.Second

// Next gives the time of the next Tick.
func (h *Hub) Next() time.Time {
	next := h.sweepAt
	for _, t := range []time.Time{h.store.Next(), h.probeAt, h.beatAt, h.flushAt} {
		if !t.IsZero() && t.Before(next) {
			next = t
		}
	}
	return next
}

// Tick lets time pass, and sends what has become due.
func (h *Hub) Tick(now time.Time) {
	if now.Sub(h.quietAt) >= time.Minute {
		h.quietAt, h.complaints = now, 0
	}
	// Flush comes last, so that what it finds to do later is not forgotten.
	h.store.Tick(now)
	if !h.probeAt.IsZero() && !h.probeAt.After(now) {
		h.probe(now)
	}
	if !h.beatAt.After(now) {
		h.beatAt = now.Add(h.cfg.BeatInterval)
		h.store.Beat()
		h.beat(now)
	}
	if !h.sweepAt.After(now) {
		h.sweepAt = now.Add(sweepInterval)
		h.sweep(now)
	}
	h.Flush(now)
}

// sweepBy makes the next sweep come no later than t.
func (h *Hub) sweepBy(t time.Time) {
	if t.Before(h.sweepAt) {
		h.sweepAt = t
	}
}

// ConnectionLost hints that some client's connection has ended.
func (h *Hub) ConnectionLost(now time.Time) {
	h.hintAt, h.probes = now, len(probeDelays)
	if h.probeAt.IsZero() {
		h.probeAt = now.Add(probeDelays[h.probes-1])
	}
}

// probe tries to reach every client that has not spoken since the hint.
func (h *Hub) probe(now time.Time) {
	h.probes--
	h.probeAt = time.Time{}
	before := h.hintAt
	if h.probes > 0 {
		h.probeAt = now.Add(probeDelays[h.probes-1])
	} else {
		before = before.Add(lastWords)
	}
	for _, p := range append([]*peer(nil), h.peers...) {
		if p.link == nil && p.heard.Before(before) {
			h.tryReach(now, p)
		}
	}
}

// sweep looks for clients that are silent or do not read.
func (h *Hub) sweep(now time.Time) {
	for _, p := range append([]*peer(nil), h.peers...) {
		switch {
		case p.link != nil:
			p.link.session.Tick(now)
		case p.cut:
		case p.pings && now.Sub(p.heard) >= h.cfg.IdleTimeout:
			h.log(p).Info("gossip client is silent", "for", now.Sub(p.heard).Round(time.Millisecond), "tuples", h.store.Claims(p.source))
			h.counts.Idle++
			h.store.Forget(now, p.source)
			p.cut = true
		case !p.behind.IsZero() && now.Sub(p.behind) >= h.cfg.SlowTimeout:
			h.cutOff(now, p)
		}
		if len(p.absent) > 0 && p.hello && !p.cut {
			h.returned(now, p)
		}
		if p.link == nil && now.Sub(p.heard) >= h.cfg.ProbeInterval && now.Sub(p.tried) >= h.cfg.ProbeInterval {
			h.tryReach(now, p)
		}
	}
}

// cutOff gives up on a peer that does not read.
func (h *Hub) cutOff(now time.Time, p *peer) {
	h.log(p).Warn("gossip client does not read and is cut off", "behind", h.store.Index()-p.place)
	h.counts.CutOff++
	h.store.Lost(now, p.source)
	p.cut, p.behind = true, time.Time{}
}

// tryReach sends a PONG, to learn whether there is a route.
func (h *Hub) tryReach(now time.Time, p *peer) {
	p.tried = now
	h.send(now, p, &zgossipmsg.Pong{}, nil)
}

// beat tells all servers in touch who is alive.
func (h *Hub) beat(now time.Time) {
	for _, p := range append([]*peer(nil), h.peers...) {
		if p.kind == Server && p.hello && !p.cut {
			h.sendBeats(now, p)
		}
	}
}

func (h *Hub) sendBeats(now time.Time, p *peer) {
	h.send(now, p, &zgossipmsg.Ping{}, wire.AppendBeats(nil, h.mark(), h.store.Beats(now)))
}

// mergeBeats takes in what a server has heard, and asks it for everything if that
// tells of a third one whose records were dropped here.
func (h *Hub) mergeBeats(now time.Time, p *peer, beats []wire.Beat) {
	if h.store.MergeBeats(now, beats) {
		h.send(now, p, &zgossipmsg.Hello{}, nil)
	}
}

func (h *Hub) mark() wire.Mark { return wire.Mark{Role: wire.RoleServer, ID: h.cfg.ID} }

// Publish publishes a tuple of the process itself. The caller has checked its form.
func (h *Hub) Publish(now time.Time, key, value string) error {
	_, err := h.store.Publish(now, store.Publication{Source: LocalSource, Class: store.Direct, Key: key, Value: value})
	h.Flush(now)
	return err
}

// Withdraw ends a tuple of the process itself.
func (h *Hub) Withdraw(now time.Time, key string) {
	h.store.Withdraw(now, LocalSource, key)
	h.Flush(now)
}

// Local calls yield for what has changed since the last call, but for what the
// process published itself.
func (h *Hub) Local(yield func(key, value string, alive bool)) {
	h.store.Values(h.local, func(index uint64, e *store.Entry) bool {
		h.local = index
		if e.Source != LocalSource {
			yield(e.Key, e.Value, e.Alive)
		}
		return true
	})
}

// Tuples lists what is alive.
func (h *Hub) Tuples(now time.Time) []store.Tuple { return h.store.Tuples(now) }

// Living lists the living records, see store.Living.
func (h *Hub) Living() []store.Fact { return h.store.Living() }
