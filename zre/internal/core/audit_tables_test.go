package core

import (
	"maps"
	"net/netip"
	"slices"

	"github.com/google/uuid"
)

// check compares the core's tables with each other, with the events, with the links
// and with the connections.
func (a *auditor) check() {
	a.checkLinks()
	a.checkConns()
	a.checkPeers()
	a.checkElections()
}

func (a *auditor) checkLinks() {
	t, c := a.t, a.core
	a.links = slices.DeleteFunc(a.links, func(l *auditLink) bool { return l.ended })
	open := make(map[Link]bool)
	for _, l := range a.links {
		open[l] = true
	}
	used := 0
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
	if len(c.links) != c.peers.len() {
		t.Fatalf("%d links belong to %d peers", len(c.links), c.peers.len())
	}
	for l, p := range c.links {
		if p.link != l || c.peers.get(p.id) != p {
			t.Fatalf("the link of %s is in the tables, and not its own", p.id)
		}
	}
	for addr, p := range c.at {
		if p.endpoint.Addr != addr || c.peers.get(p.id) != p {
			t.Fatalf("%s is not at %v", p.id, addr)
		}
	}
	for _, s := range c.static {
		if l, _ := s.link.(*auditLink); l != nil && ((s.state == linkIsUp) != (l.up &&
			!l.down) || s.peer != uuid.Nil) {
			t.Fatalf("the link to %v is up %v, or belongs to a peer: %v", s.endpoint, l.up, s.peer)
		}
	}
}

func (a *auditor) checkConns() {
	t, c := a.t, a.core
	a.conns = slices.DeleteFunc(a.conns, func(ac *auditConn) bool { return ac.closed || ac.down })
	if len(a.conns) != c.conns.len() {
		t.Fatalf("%d connections are open, the core knows %d", len(a.conns), c.conns.len())
	}
	for _, ac := range a.conns {
		if !c.conns.has(ac.conn) || ac.conn.closed {
			t.Fatal("an open connection is not known, or closed")
		}
		p := c.peers.get(ac.conn.id)
		rival := p != nil && p.rival == ac.conn
		waits := p != nil && p.conn == ac.conn && p.state == Connecting
		if ac.conn.waits != (rival || waits) {
			t.Fatalf("a connection waits %v, is a rival %v, its peer has yet to be reached %v",
				ac.conn.waits, rival, waits)
		}
		// Once it waits the shell needs Resume.
		ac.waits = ac.waits || ac.conn.waits
		if ac.waits != ac.conn.waits {
			t.Fatal("a connection was not resumed")
		}
	}
}

func (a *auditor) checkPeers() {
	t, c := a.t, a.core
	ready, pending := 0, 0
	members := make(map[string]int)
	hosts := make(map[netip.Addr]int)
	for id, p := range c.peers.all() {
		l := p.link.(*auditLink)
		up, isUp := l.up && !l.down, p.linkState == linkIsUp
		if p.endpoint != l.to || isUp != up && (isUp || l.failed != ReasonFailed) {
			t.Fatalf("peer %s at %v, up %v; its link to %v, up %v, down %v",
				id, p.endpoint, isUp, l.to, l.up, l.down)
		}
		if p.id != id || p.Ready() != (a.views[id] != nil) || p.Ready() != (c.Peer(id) != nil) {
			t.Fatalf("peer %s: ready %v, here %v", id, p.Ready(), a.views[id] != nil)
		}
		if (p.hello != nil) != (p.state == Connecting) || p.state == Connecting && isUp && p.enterAt == 0 {
			t.Fatalf("peer %s is %v, its HELLO waits %v, its link is up %v",
				id, p.state, p.hello != nil, isUp)
		}
		for _, conn := range []*Conn{p.conn, p.rival} {
			if conn != nil && (conn.id != id || !c.conns.has(conn)) {
				t.Fatalf("peer %s has a connection that is not its own, or not open", id)
			}
		}
		if p.conn != nil && p.proven && p.conn.key != p.Key() {
			t.Fatalf("peer %s has the key %v and its connection %v", id, p.Key(), p.conn.key)
		}
		if p.rival != nil && (p.conn == nil || p.rival == p.conn || !p.proven) {
			t.Fatalf("a connection waits for peer %s, which has another one %v, proven %v",
				id, p.conn != nil, p.proven)
		}
		if !p.Ready() {
			pending++
			hosts[p.pendingHost]++
			continue
		}
		ready++
		if p.pendingHost.IsValid() {
			t.Fatalf("peer %s is ready and counted as pending", id)
		}
		if p.state != Leaving && !isUp {
			t.Fatalf("peer %s is %v and its link is not up", id, p.state)
		}
		if p.conn == nil && p.reconnectBy == 0 {
			t.Fatalf("peer %s has no connection, and is not waited for", id)
		}
		if !slices.Equal(p.Groups(), trueKeys(a.views[id].groups)) {
			t.Fatalf("groups %q, told of %q", p.Groups(), trueKeys(a.views[id].groups))
		}
		for _, g := range p.Groups() {
			members[g]++
		}
	}
	counted := make(map[string]int)
	for _, g := range c.PeerGroups() {
		c.Members(g, func(*Peer) { counted[g]++ })
	}
	if !maps.Equal(members, counted) || len(a.views) != ready || c.ready != ready {
		t.Fatalf("%d peers ready, %d counted, %d here; members %v, counted %v",
			ready, c.ready, len(a.views), members, counted)
	}
	if !maps.Equal(hosts, c.pending) {
		t.Fatalf("pending by host %v, counted %v", hosts, c.pending)
	}
	if most := c.cfg.MaxPeers + len(c.static); ready > most || c.peers.len() > most ||
		pending > maxPending {
		t.Fatalf("%d peers, %d ready, limit %d", c.peers.len(), ready, c.cfg.MaxPeers)
	}
}

func (a *auditor) checkElections() {
	t, c := a.t, a.core
	if c.ballots.len() != c.own.len() {
		t.Fatalf("%d ballots, %d groups", c.ballots.len(), c.own.len())
	}
	for g, b := range c.ballots.all() {
		if l := c.Peer(b.leader); b.leader != uuid.Nil && b.leader != own && (l == nil ||
			!a.views[l.id].groups[g]) {
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
}
