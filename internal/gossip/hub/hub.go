package hub

import (
	"log/slog"
	"time"

	"github.com/gozre/zre/internal/codec/zgossipmsg"
	"github.com/gozre/zre/internal/gossip/store"
	"github.com/gozre/zre/internal/gossip/wire"
)

// Conn is a connection, as package transport has them. No method waits.
type Conn interface {
	// Send queues one message. It copies the frames.
	Send(first []byte, rest ...[]byte) error
	// SendBatch queues messages of one frame each. It copies the frames.
	SendBatch(messages [][]byte) error
	// Queued returns how many octets are not written yet.
	Queued() int
	// Abort closes the connection and discards what is queued.
	Abort()
}

// Config is the behaviour of a hub. All fields are needed.
type Config struct {
	ID    wire.ID
	Store store.Config

	MaxClients     int
	MaxKey         int           // octets
	MaxValue       int           // octets
	SendQueue      int           // octets queued on a connection, beyond which nothing is added
	IdleTimeout    time.Duration // silence after which a client that sends PINGs is closed
	SlowTimeout    time.Duration // how long a full queue may stay as it is
	BeatInterval   time.Duration // how often servers exchange beats
	HelloDelay     time.Duration // silence after HELLO and PUBLISH of a czmq peer, see Peer
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
	peers   []*Peer // clients and links, in no order
	clients int     // how many of them are clients
	sources store.Source
	local   uint64 // what the process itself was told
	counts  Counts

	flushed time.Time // when changes were last sent to all peers
	flushAt time.Time // when something is to be sent again; zero: nothing is due
	values  uint64    // the changes that were sent to all peers
	records uint64
	waiting []*Peer // peers with something to send that has to wait
	visited []*Peer // the slice that waiting was before, to be used again
	batches [forms]batch
	out     [][]byte
	scratch []byte

	beatAt  time.Time
	sweepAt time.Time
	lost    lostHint
	crowded time.Time // when the last client over the limit was logged

	complaints int       // refusals logged since quietAt
	quietAt    time.Time // when complaints was set to 0
}

// New makes a hub.
func New(now time.Time, cfg Config) *Hub {
	return &Hub{
		cfg: cfg, store: store.New(cfg.ID, cfg.Store),
		sources: LocalSource, beatAt: now, sweepAt: now,
	}
}

// Configure replaces the limits and times. What exceeds a limit already stays. The ID and the
// behaviour of links do not change.
func (h *Hub) Configure(cfg Config) {
	cfg.ID = h.cfg.ID
	h.cfg = cfg
	h.store.Configure(cfg.Store)
}

// sweepInterval is how often the hub looks for peers that are silent or do not read.
const sweepInterval = 250 * time.Millisecond

// Next returns the time of the next Tick.
func (h *Hub) Next() time.Time {
	next := h.sweepAt
	for _, t := range []time.Time{h.store.Next(), h.lost.next, h.beatAt, h.flushAt} {
		if !t.IsZero() && t.Before(next) {
			next = t
		}
	}
	return next
}

// Tick does and sends what is due.
func (h *Hub) Tick(now time.Time) {
	if now.Sub(h.quietAt) >= time.Minute {
		h.quietAt, h.complaints = now, 0
	}
	h.store.Tick(now)
	if !h.lost.next.IsZero() && !h.lost.next.After(now) {
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
	h.Settle(now)
}

// sweep looks for clients that are silent or do not read.
func (h *Hub) sweep(now time.Time) {
	for _, p := range append([]*Peer(nil), h.peers...) {
		silence := now.Sub(p.heard)
		switch {
		case p.link != nil:
			p.link.session.Tick(now)
		case p.pings && p.state != stateSelf && silence >= h.cfg.IdleTimeout:
			h.log(p).Info("gossip client is silent and is closed",
				"for", silence.Round(time.Millisecond), "tuples", h.store.Claims(p.source))
			h.counts.Idle++
			h.store.Forget(now, p.source)
			h.cut(now, p)
			continue
		}
		if p.conn == nil {
			continue
		}
		if room := h.room(now, p); room <= 0 && now.Sub(p.fullSince) >= h.cfg.SlowTimeout {
			h.cutSlow(now, p)
		} else if len(p.absent) > 0 && p.state == stateTold && room > 0 {
			h.sendReturned(now, p)
		}
	}
}

// cutSlow closes the connection of a peer that does not read.
func (h *Hub) cutSlow(now time.Time, p *Peer) {
	h.log(p).Warn("gossip client does not read and is closed",
		"queued", p.conn.Queued(), "behind", h.latest(p)-p.place)
	h.counts.CutOff++
	h.cut(now, p)
}

// cut closes a connection. A client is removed; a link is told by Disconnected later.
func (h *Hub) cut(now time.Time, p *Peer) {
	p.conn.Abort()
	if p.link == nil {
		h.remove(now, p)
	}
	p.conn = nil
}

// beat sends beats to all servers.
func (h *Hub) beat(now time.Time) {
	for _, p := range h.peers {
		if p.kind == Server && (p.state == stateGreeted || p.state == stateTold) {
			h.sendBeats(now, p)
		}
	}
}

func (h *Hub) sendBeats(now time.Time, p *Peer) {
	h.send(now, p, &zgossipmsg.Ping{}, wire.AppendBeats(nil, h.mark(), h.store.Beats(now)))
}

// mergeBeats merges the beats of a server. If a silent server is back it asks the sender for
// everything, because the records of that server were dropped here.
func (h *Hub) mergeBeats(now time.Time, p *Peer, beats []wire.Beat) {
	back, err := h.store.MergeBeats(now, beats, p.source)
	if err != nil {
		h.refuse(p, TooManyServers, err)
	}
	if back {
		h.send(now, p, &zgossipmsg.Hello{}, nil)
	}
}

func (h *Hub) mark() wire.Mark { return wire.Mark{Role: wire.RoleServer, ID: h.cfg.ID} }

// Publish publishes a tuple of the process itself. The caller has checked its form.
func (h *Hub) Publish(now time.Time, key, value string) error {
	_, err := h.store.Publish(now, store.Publication{
		Source: LocalSource, Class: store.Direct, Key: key, Value: value,
	})
	h.Flush(now)
	return err
}

// Withdraw ends a tuple of the process itself.
func (h *Hub) Withdraw(now time.Time, key string) {
	h.store.Withdraw(now, LocalSource, key)
	h.Flush(now)
}

// Local calls yield for what has changed since the last call, except for what the process
// has published itself.
func (h *Hub) Local(yield func(key, value string, alive bool)) {
	h.store.Values(h.local, func(index uint64, e *store.Entry) bool {
		h.local = index
		if e.Source != LocalSource {
			yield(e.Key, e.Value, e.Alive)
		}
		return true
	})
}

// Tuples lists the living tuples.
func (h *Hub) Tuples(now time.Time) []store.Tuple { return h.store.Tuples(now) }

// Living lists the living records, see store.Living.
func (h *Hub) Living() []store.Fact { return h.store.Living() }
