package hub

import (
	"time"

	"github.com/gozre/zre/internal/gossip/store"
	"github.com/gozre/zre/internal/gossip/uplink"
	"github.com/gozre/zre/internal/gossip/wire"
)

// Link is our connection to another server, as its client.
type Link struct {
	hub     *Hub
	name    string
	session *uplink.Session
	peer    *peer
	now     time.Time // of the call under way
	send    Sender
	reopen  func(identity []byte)
	self    func()
}

// NewLink makes a link that is down. send sends through it; reopen is called when
// it wants a fresh connection, self when its server turns out to be this one.
func (h *Hub) NewLink(name string, send Sender, reopen func(identity []byte), self func()) *Link {
	l := &Link{hub: h, name: name, send: send, reopen: reopen, self: self}
	l.session = uplink.New(uplink.Config{
		Mark: h.mark(), PingInterval: h.cfg.PingInterval, CalmInterval: h.cfg.CalmInterval,
		Timeout: h.cfg.LinkTimeout, ProbeAfter: h.cfg.LinkProbeAfter,
		Refresh: uplink.Refresh{Czmq: 5 * time.Second, Zre: 50 * time.Second},
	}, (*linkHandler)(l))
	l.peer = &peer{link: l}
	h.add(l.peer)
	return l
}

// Connected says that the connection is up.
func (l *Link) Connected(now time.Time) {
	l.now = now
	// A new connection is a new source: what the old one published is in grace.
	h, p := l.hub, l.peer
	h.store.Lost(now, p.source)
	h.sources++
	p.source, p.since, p.heard = h.sources, now, now
	p.kind, p.told, p.cut, p.echoes, p.logged = Unknown, false, false, false, 0
	l.session.Connected(now)
	l.hub.Flush(now)
}

// Disconnected says that it is down, and will be tried again.
func (l *Link) Disconnected(now time.Time) {
	l.now = now
	l.session.Disconnected()
	l.hub.Flush(now)
}

// Receive takes in a message, see Hub.Receive.
func (l *Link) Receive(now time.Time, frames [][]byte) {
	l.now = now
	l.hub.counts.Received++
	for _, f := range frames {
		l.hub.counts.ReceivedOctets += uint64(len(f))
	}
	l.peer.heard = now
	if err := l.session.Receive(now, frames); err != nil {
		l.hub.refuse(l.peer, Malformed, err)
	}
}

// Kind says what the server turned out to be.
func (l *Link) Kind() uplink.Kind { return l.session.Kind() }

// Ready says whether tuples are exchanged.
func (l *Link) Ready() bool { return l.session.Ready() }

// linkHandler keeps the methods that the session calls out of the face of Link.
type linkHandler Link

func (l *linkHandler) Send(frame []byte) {
	if l.send(frame) == nil {
		l.hub.counts.Sent++
		l.hub.counts.SentOctets += uint64(len(frame))
	}
}

func (l *linkHandler) Ready(kind uplink.Kind) {
	h, p := l.hub, l.peer
	p.kind = map[uplink.Kind]Kind{uplink.Czmq: Czmq, uplink.Zre: Zre, uplink.Ours: Server}[kind]
	h.greet(l.now, p)
	h.log(p).Info("connected to gossip server")
}

func (l *linkHandler) Lost() {
	l.hub.log(l.peer).Info("connection to gossip server lost", "tuples", l.hub.store.Claims(l.peer.source))
	l.peer.hello = false
	l.hub.store.Lost(l.now, l.peer.source)
}

func (l *linkHandler) Publish(t uplink.Tuple) {
	p := l.peer
	if p.kind == Unknown {
		p.kind = Czmq // the tuples it holds come before it is known to be ready
	}
	l.hub.counts.PublishedBy[p.kind]++
	l.hub.accept(l.now, p, t.Key, false, t.Value, t.TTL, t.Provenance)
}

func (l *linkHandler) Beats(beats []wire.Beat) { l.hub.mergeBeats(l.now, l.peer, beats) }

func (l *linkHandler) Probe() (key, value string, ok bool) {
	l.hub.store.Values(0, func(_ uint64, e *store.Entry) bool {
		key, value, ok = e.Key, e.Value, e.Alive
		return !ok
	})
	return key, value, ok
}

func (l *linkHandler) Refresh(kind uplink.Kind) {
	if kind == uplink.Zre { // its tuples end, so it is told them all again
		l.peer.place = 0
		return
	}
	if key, value, ok := l.Probe(); ok { // a duplicate to one that has not forgotten us
		l.session.Publish(key, value, 0)
	}
}

func (l *linkHandler) Reopen(identity []byte) { l.reopen(identity) }

func (l *linkHandler) Self() { l.self() }
