package core

import (
	"log/slog"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/gozre/zre/internal/codec/zremsg"
	"github.com/gozre/zre/internal/curve"
	"github.com/gozre/zre/internal/endpoint"
)

// auditor is the shell of a core under test. It checks what the core promises: to
// the application by events, to the peers by messages, and to the shell by the links
// and connections that it opens and closes.
type auditor struct {
	t     *testing.T
	core  *Core
	now   time.Duration
	keeps bool // Reopen fails
	links []*auditLink
	conns []*auditConn
	views map[uuid.UUID]*auditView
	key   curve.Key  // our own public key, zero in a plain network
	on    *auditConn // the connection of the message in flight
}

// auditView is a peer as the events tell of it.
type auditView struct {
	name   string
	groups map[string]bool
}

// auditLink is a link as a strict peer sees it: zyre ends its process over a status
// that is not the next one.
type auditLink struct {
	a      *auditor
	to     endpoint.Endpoint
	up     bool
	down   bool
	ended  bool // closed by the core, or reopened
	sent   int
	groups map[string]bool
	status uint8
	failed Reason
	late   int // PINGs of earlier links of the connection without an answer
	taken  int // PING-OKs that were taken for such answers
	pings  int // PINGs without an answer
}

// auditConn is an accepted connection.
type auditConn struct {
	a      *auditor
	conn   *Conn
	key    curve.Key
	waits  bool // no message may come
	closed bool // by the core
	down   bool // ConnDown was called
}

func newAuditor(t *testing.T, maxPeers int, key curve.Key) *auditor {
	a := &auditor{t: t, key: key, now: time.Hour, views: make(map[uuid.UUID]*auditView)}
	a.core = New(Config{
		ID: own, Name: "me", Headers: map[string]string{"k": "v"}, MaxPeers: maxPeers, PublicKey: key,
		QuietPeriod: 5 * time.Second, PingRate: time.Second, DeadPeriod: 30 * time.Second,
		Shell: a, Logger: slog.New(slog.DiscardHandler),
	})
	return a
}

func (a *auditor) Open(_ uuid.UUID, to endpoint.Endpoint) Link {
	if to.Key.IsZero() != a.key.IsZero() {
		a.t.Fatalf("a link with the key %v, our own is %v", to.Key, a.key)
	}
	l := &auditLink{a: a, to: to}
	a.links = append(a.links, l)
	return l
}

func (a *auditor) Reopen(l Link, _ Reason) Link {
	o := l.(*auditLink)
	if !o.up || o.down {
		a.t.Fatalf("a link is reopened that is up %v, down %v", o.up, o.down)
	}
	if a.keeps || o.failed != 0 {
		return nil
	}
	o.end()
	n := &auditLink{a: a, to: o.to, up: true, late: o.late + o.pings}
	a.links = append(a.links, n)
	return n
}

func (a *auditor) Local(endpoint.Endpoint) endpoint.Endpoint { return ownAt }
func (a *auditor) IsLocal(e endpoint.Endpoint) bool          { return e.Addr == ownAt.Addr }

func (l *auditLink) Answer()           {}
func (l *auditLink) Owes() bool        { return l.sent%3 == 0 }
func (l *auditLink) Shorten()          {}
func (l *auditLink) Synced()           { l.late, l.taken = 0, 0 }
func (l *auditLink) Doubt()            { l.late, l.taken = l.late+l.taken, 0 }
func (l *auditLink) CountLate()        { l.pings -= min(l.pings, l.taken); l.Synced() }
func (l *auditLink) Failed() Reason    { return l.failed }
func (l *auditLink) RetryCause() error { return nil }

func (l *auditLink) Unreceived(time.Duration) bool { return false }
func (l *auditLink) Connected() bool               { return l.sent%2 == 0 }
func (l *auditLink) Close(r Reason)                { l.end() }

func (l *auditLink) Ack() bool {
	switch {
	case l.late > 0:
		l.late--
		l.taken++
	case l.pings > 0:
		l.pings--
		return true
	}
	return false
}

func (l *auditLink) end() {
	if l.ended {
		l.a.t.Fatal("a link is closed twice")
	}
	l.ended = true
}

func (ac *auditConn) Ended() bool { return false }

func (ac *auditConn) Arriving() bool { return false }

func (ac *auditConn) Admit() {
	if ac.closed || ac.down {
		ac.a.t.Fatal("a connection is admitted that has ended")
	}
}

func (ac *auditConn) Resume() {
	if ac.conn.Waits() {
		ac.a.t.Fatal("a connection that waits is resumed")
	}
	ac.waits = false
}

func (ac *auditConn) Close() {
	if ac.closed || ac.down {
		ac.a.t.Fatalf("a connection is closed that was closed %v, or has ended %v",
			ac.closed, ac.down)
	}
	if ac.conn.Waits() {
		ac.a.t.Fatal("a connection is closed while the shell waits for Resume")
	}
	ac.closed = true
}

// Send checks what a peer would see.
func (l *auditLink) Send(m zremsg.Message) {
	t := l.a.t
	if l.ended {
		t.Fatalf("%v on a closed link", m.ID())
	}
	if _, err := m.AppendTo(nil); err != nil {
		t.Fatalf("%v cannot be encoded: %v", m.ID(), err)
	}
	hello, first := m.(*zremsg.Hello)
	if first != (l.sent == 0) {
		t.Fatalf("message %d of a link is %v", l.sent+1, m.ID())
	}
	l.sent++
	switch m := m.(type) {
	case *zremsg.Hello:
		l.status, l.groups = hello.Status, make(map[string]bool)
		for _, g := range hello.Groups {
			l.groups[g] = true
		}
	case *zremsg.Join:
		l.change(m.Group, m.Status, true)
	case *zremsg.Leave:
		l.change(m.Group, m.Status, false)
	case *zremsg.Ping:
		l.pings++
	}
}

func (l *auditLink) change(group string, status uint8, in bool) {
	l.status++
	if l.status != status || l.groups[group] == in {
		l.a.t.Fatalf("told of group %q, in %v, by status %d: it was in %v, and the next status is %d",
			group, in, status, l.groups[group], l.status)
	}
	l.groups[group] = in
}

// Deliver checks that events alternate.
func (a *auditor) Deliver(cl Link, ev *Event) {
	v := a.views[ev.Peer]
	if ev.Type == EventLeader {
		if !a.core.own.has(ev.Group) || ev.Peer != own && (v == nil || !v.groups[ev.Group]) {
			a.t.Fatalf("leader %s of a group that it or this node is not in", ev.Peer)
		}
		return
	}
	if (v == nil) != (ev.Type == EventEnter) {
		a.t.Fatalf("%v of a peer that is here: %v", ev.Type, v != nil)
	}
	if v != nil && v.name != ev.Name {
		a.t.Fatalf("%v with name %q, entered as %q", ev.Type, ev.Name, v.name)
	}
	switch ev.Type {
	case EventEnter:
		if l := cl.(*auditLink); l.ended || !l.up || l.down || l.to.String() != ev.Endpoint {
			a.t.Fatalf("ENTER at %s with a link to %v: closed %v, up %v, down %v",
				ev.Endpoint, l.to, l.ended, l.up, l.down)
		}
		a.views[ev.Peer] = &auditView{name: ev.Name, groups: make(map[string]bool)}
	case EventExit:
		if ev.Reason == 0 {
			a.t.Fatal("EXIT without a reason")
		}
		delete(a.views, ev.Peer)
	case EventJoin, EventLeave:
		if v.groups[ev.Group] == (ev.Type == EventJoin) {
			a.t.Fatalf("%v of %q twice", ev.Type, ev.Group)
		}
		v.groups[ev.Group] = ev.Type == EventJoin
	}
}

// Data checks that messages come from peers that are here.
func (a *auditor) Data(cl Link, _ EventType, _ string, _ [][]byte) { a.data(cl) }

func (a *auditor) data(cl Link) {
	if key := cl.(*auditLink).to.Key; key != a.on.key {
		a.t.Fatalf("data of the peer with key %v on a connection that has proven %v", key, a.on.key)
	}
	p := a.core.links[cl]
	if p == nil || a.views[p.id] == nil || p.id != a.on.conn.id || p.conn != a.on.conn {
		a.t.Fatal("a message of a peer that is not here, or with the link of another one")
	}
}

// trueKeys returns the keys that are true, sorted.
func trueKeys(m map[string]bool) []string {
	var keys []string
	for _, k := range slices.Sorted(maps.Keys(m)) {
		if m[k] {
			keys = append(keys, k)
		}
	}
	return keys
}
