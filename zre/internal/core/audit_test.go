package core

import (
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/gozre/zre/internal/codec/zremsg"
)

// auditor is the shell of a core under test. It holds the core to what it
// promises: to the application by events, to the peers by messages, and to the
// shell by the links that it opens and closes.
type auditor struct {
	t     *testing.T
	core  *Core
	now   time.Duration
	fails bool // Open gives an error
	links []*auditLink
	views map[uuid.UUID]*auditView
	epoch uint64
	last  string // what the snapshots showed after the last step

	key    string // our own public key, "" in a plain network
	proven string // by the connection of the message under way
}

// auditView is a peer as the events tell of it.
type auditView struct {
	name   string
	groups map[string]bool
}

// auditLink is a link as a strict peer sees it: zyre ends its process over a
// status that is not the next one.
type auditLink struct {
	a      *auditor
	key    string
	ended  bool
	sent   int
	groups map[string]bool
	status uint8
	failed string
}

func newAuditor(t *testing.T, maxPeers int, key string) *auditor {
	a := &auditor{t: t, key: key, now: time.Hour, views: make(map[uuid.UUID]*auditView), last: "[]"}
	a.core = New(Config{
		ID: own, Name: "me", Headers: map[string]string{"k": "v"}, MaxPeers: maxPeers, PublicKey: key,
		QuietPeriod: 5 * time.Second, PingRate: time.Second, DeadPeriod: 30 * time.Second,
		Shell: a, Logger: slog.New(slog.DiscardHandler),
	})
	return a
}

func (a *auditor) Open(_ uuid.UUID, _, key string) (Link, error) {
	if (key == "") != (a.key == "") {
		a.t.Fatalf("a link with the key %q, our own is %q", key, a.key)
	}
	if a.fails {
		return nil, errors.New("no more sockets")
	}
	l := &auditLink{a: a, key: key}
	a.links = append(a.links, l)
	return l, nil
}

func (a *auditor) Reopen(l Link, id uuid.UUID, endpoint, key, _ string) (Link, error) {
	l.(*auditLink).end()
	return a.Open(id, endpoint, key)
}

func (a *auditor) Local(string) string           { return "tcp://10.0.0.1:41000" }
func (a *auditor) IsLocal(endpoint string) bool  { return endpoint == "tcp://10.0.0.1:41000" }
func (a *auditor) Probe(uuid.UUID, string, Link) {}
func (a *auditor) Ban(key string) {
	if key == "" || a.key == "" {
		a.t.Fatalf("the key %q is banned, our own is %q", key, a.key)
	}
}
func (l *auditLink) Answer()        {}
func (l *auditLink) Ack()           {}
func (l *auditLink) Owes() bool     { return l.sent%3 == 0 }
func (l *auditLink) Shorten()       {}
func (l *auditLink) Failed() string { return l.failed }
func (l *auditLink) Close(string)   { l.end() }

func (l *auditLink) end() {
	if l.ended {
		l.a.t.Fatal("a link is closed twice")
	}
	l.ended = true
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
		if _, in := a.core.own[ev.Group]; !in || ev.Peer != own && !v.groups[ev.Group] {
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
		if cl.(*auditLink).ended {
			a.t.Fatal("ENTER with a closed link")
		}
		a.views[ev.Peer] = &auditView{name: ev.Name, groups: make(map[string]bool)}
	case EventExit:
		if ev.Reason == "" {
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
func (a *auditor) Data(cl Link, _ EventType, _ string, _ [][]byte) {
	if key := cl.(*auditLink).key; key != a.proven {
		a.t.Fatalf("data of the peer with key %q over a connection that has proven %q", key, a.proven)
	}
	for id, p := range a.core.peers {
		if p.link == cl {
			if a.views[id] == nil {
				a.t.Fatal("a message of a peer that is not here")
			}
			return
		}
	}
	a.t.Fatal("a message with the link of nobody")
}

// check compares the core's tables with each other, with the events, and with the
// links.
func (a *auditor) check() {
	t, c := a.t, a.core
	open := make(map[Link]bool)
	for _, l := range a.links {
		if !l.ended {
			open[l] = true
		}
	}
	a.links = slices.DeleteFunc(a.links, func(l *auditLink) bool { return l.ended })
	used, ready, pending := 0, 0, 0
	c.Links(func(l Link) {
		if used++; !open[l] {
			t.Fatal("a closed link is in use")
		}
		if g := l.(*auditLink).groups; !slices.Equal(trueKeys(g), c.OwnGroups()) {
			t.Fatalf("a peer was told of the groups %q, there are %q", trueKeys(g), c.OwnGroups())
		}
	})
	if used != len(open) {
		t.Fatalf("%d links are open, %d in use", len(open), used)
	}
	members := make(map[string]int)
	for id, p := range c.peers {
		if p.key != p.link.(*auditLink).key {
			t.Fatalf("peer %s has the key %q and its link %q", id, p.key, p.link.(*auditLink).key)
		}
		if p.id != id || p.ready != (a.views[id] != nil) || p.ready != (c.Peer(id) != nil) {
			t.Fatalf("peer %s: ready %v, here %v", id, p.ready, a.views[id] != nil)
		}
		if !p.ready {
			pending++
			continue
		}
		ready++
		if !slices.Equal(p.Groups(), trueKeys(a.views[id].groups)) {
			t.Fatalf("groups %q, told of %q", p.Groups(), trueKeys(a.views[id].groups))
		}
		for _, g := range p.Groups() {
			members[g]++
		}
	}
	if len(c.ballots) != len(c.own) {
		t.Fatalf("%d ballots, %d groups", len(c.ballots), len(c.own))
	}
	for g, b := range c.ballots {
		if l := c.Peer(b.leader); b.leader != uuid.Nil && b.leader != own && (l == nil || !a.views[l.id].groups[g]) {
			t.Fatalf("%s leads %q and is not in it", b.leader, g)
		}
		if e := b.running; e != nil && e.father != nil && c.Peer(e.father.id) != e.father {
			t.Fatalf("the father of the election in %q is gone", g)
		}
		for _, e := range []*election{b.running, b.over} {
			if e == nil {
				continue
			}
			for p := range e.votes {
				if c.Peer(p.id) != p {
					t.Fatalf("a vote in the election in %q is of a peer that is gone", g)
				}
			}
		}
	}
	counted := make(map[string]int)
	c.Groups(func(g string, n int) { counted[g] = n })
	if !maps.Equal(members, counted) || len(a.views) != ready || c.ready != ready {
		t.Fatalf("%d peers ready, %d counted, %d here; members %v, counted %v", ready, c.ready, len(a.views), members, counted)
	}
	for _, n := range c.pending {
		pending -= n
	}
	// An adopted peer never waited for an answer.
	if pending != 0 || ready > c.cfg.MaxPeers+len(c.static) || len(c.peers) > c.cfg.MaxPeers+len(c.static) {
		t.Fatalf("%d peers, %d ready, limit %d, %v awaited", len(c.peers), ready, c.cfg.MaxPeers, c.pending)
	}
	a.checkEpoch()
}

// checkEpoch holds that copies of the tables are known to be out of date.
func (a *auditor) checkEpoch() {
	var lines []string
	a.core.Peers(func(p *Peer) { lines = append(lines, fmt.Sprintf("%s %p %q", p.ID(), p.Link(), p.Groups())) })
	slices.Sort(lines)
	now := fmt.Sprint(lines)
	if now != a.last && a.core.Epoch() == a.epoch {
		a.t.Fatalf("the epoch is the same before and after\n%s\n%s", a.last, now)
	}
	a.last, a.epoch = now, a.core.Epoch()
}

func trueKeys(m map[string]bool) []string {
	var keys []string
	for _, k := range sortedKeys(m) {
		if m[k] {
			keys = append(keys, k)
		}
	}
	return keys
}
