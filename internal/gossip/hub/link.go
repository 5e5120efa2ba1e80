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
	session *uplink.Session
	peer    *Peer
	now     time.Time // of the running call
	reopen  func()
	self    func()
}

// NewLink makes a link that is down. It calls reopen to have its connection replaced, and
// self when its server turns out to be this one.
func (h *Hub) NewLink(name string, reopen, self func()) *Link {
	l := &Link{hub: h, reopen: reopen, self: self}
	l.session = uplink.New(uplink.Config{
		Mark: h.mark(), PingInterval: h.cfg.PingInterval, CalmInterval: h.cfg.CalmInterval,
		Timeout: h.cfg.LinkTimeout, ProbeAfter: h.cfg.LinkProbeAfter,
		Refresh: uplink.Refresh{Czmq: 5 * time.Second, Zre: 50 * time.Second},
	}, (*linkHandler)(l))
	l.peer = &Peer{link: l, name: name}
	h.add(l.peer)
	return l
}

// Connected says that the connection is up.
func (l *Link) Connected(now time.Time, conn Conn) {
	l.now = now
	// A new connection is a new source: the tuples of the old one are in grace.
	h, p := l.hub, l.peer
	h.store.Lost(now, p.source)
	h.sources++
	p.source, p.connected, p.heard, p.conn = h.sources, now, now, conn
	p.kind, p.state, p.echoes, p.keyed, p.keyless = Unknown, stateNew, false, false, false
	p.logged, p.fullSince = 0, time.Time{}
	l.session.Connected(now)
	h.Settle(now)
}

// Disconnected says that the connection has ended.
func (l *Link) Disconnected(now time.Time) {
	l.now = now
	l.peer.conn = nil
	l.session.Disconnected()
	l.hub.Settle(now)
}

// Remove ends the link, which is down. What its server has brought ends as
// after a lost connection.
func (l *Link) Remove(now time.Time) { l.hub.remove(now, l.peer) }

// Receive handles one message, see Peer.Receive.
func (l *Link) Receive(now time.Time, frame []byte, rest ...[]byte) {
	l.now = now
	l.hub.count(frame, rest)
	l.peer.heard = now
	if err := l.session.Receive(now, frame, rest...); err != nil {
		l.hub.refuse(l.peer, Malformed, err)
	}
}

// Kind returns what the server turned out to be.
func (l *Link) Kind() uplink.Kind { return l.session.Kind() }

// Ready reports whether tuples are exchanged.
func (l *Link) Ready() bool { return l.session.Ready() }

// Complete reports whether the other server has sent all that it had; see uplink.Session.
func (l *Link) Complete() bool { return l.session.Complete() }

// Refused returns how many received messages were none of the protocol.
func (l *Link) Refused() uint64 { return l.session.Refused }

// linkHandler has the methods that the session calls. They are not for users of Link.
type linkHandler Link

func (l *linkHandler) Send(frame []byte) {
	// If the queue is full the message is lost, and the session survives that.
	if p := l.peer; p.conn != nil && l.hub.room(l.now, p) > 0 {
		_ = l.hub.transmit(p, frame) // It fails only if the connection has ended.
	}
}

func (l *linkHandler) Ready(kind uplink.Kind) {
	h, p := l.hub, l.peer
	p.kind = map[uplink.Kind]Kind{uplink.Czmq: Czmq, uplink.Zre: Zre, uplink.Ours: Server}[kind]
	h.greet(l.now, p)
	h.log(p).Info("connected to gossip server")
}

func (l *linkHandler) Lost() {
	p := l.peer
	l.hub.log(p).Info("connection to gossip server lost", "tuples", l.hub.store.Claims(p.source))
	p.state = stateNew
	l.hub.store.Lost(l.now, l.peer.source)
}

func (l *linkHandler) Publish(t uplink.Tuple) {
	p := l.peer
	if p.kind == Unknown {
		p.kind = Czmq // It sends the tuples that it holds before the session is ready.
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
	if kind == uplink.Zre { // Its tuples end, so it is sent all of them again.
		l.peer.place = 0
		l.hub.wait(l.peer, l.now)
		return
	}
	if key, value, ok := l.Probe(); ok { // a duplicate, if it has not forgotten us
		l.session.Publish(key, value, 0)
	}
}

func (l *linkHandler) Reopen([]byte) { l.reopen() }

func (l *linkHandler) Self() { l.self() }
