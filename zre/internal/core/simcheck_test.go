package core

import (
	"encoding/binary"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/gozre/zre/internal/codec/zremsg"
)

// view is what an application knows of a peer from the events.
type view struct {
	here   bool
	groups map[string]bool
	got    []uint64 // numbers in the messages of its present session
}

// Deliver checks the promises that the events make to the application.
func (n *simNode) Deliver(_ Link, e *Event) {
	ev := *e
	t := n.w.t
	n.w.logf("%s: %v %s %s%v", n.name, ev.Type, ev.Name, ev.Group, ev.Reason)
	n.events = append(n.events, ev)
	v := n.views[ev.Peer]
	if v == nil {
		v = &view{}
		n.views[ev.Peer] = v
	}
	if ev.Type == EventLeader {
		if ev.Peer != n.id && !v.groups[ev.Group] {
			t.Fatalf("%s: %s leads %q and is not in it", n.name, ev.Name, ev.Group)
		}
		return
	}
	if (ev.Type == EventEnter) == v.here {
		t.Fatalf("%s: %v of %s, but here is %v; events:\n%v",
			n.name, ev.Type, ev.Name, v.here, n.events)
	}
	switch ev.Type {
	case EventEnter:
		*v = view{here: true, groups: make(map[string]bool)}
	case EventExit:
		*v = view{}
	case EventJoin, EventLeave:
		if v.groups[ev.Group] == (ev.Type == EventJoin) {
			t.Fatalf("%s: %v %q of %s twice", n.name, ev.Type, ev.Group, ev.Name)
		}
		v.groups[ev.Group] = ev.Type == EventJoin
	}
}

// Data notes the number in a message, which only a peer that is here may send. The
// numbers of one session grow.
func (n *simNode) Data(l Link, typ EventType, _ string, content [][]byte) {
	p := n.core.links[l]
	if p == nil || n.views[p.id] == nil || !n.views[p.id].here {
		n.w.t.Fatalf("%s: %v on a link that belongs to no peer, or to one that is not here",
			n.name, typ)
	}
	v := n.views[p.id]
	number := binary.BigEndian.Uint64(content[0])
	switch {
	case number > 0:
	case n.w.secure:
		n.w.t.Fatalf("%s: a message of a stranger", n.name)
	default:
		return
	}
	if len(v.got) > 0 && number <= v.got[len(v.got)-1] {
		n.w.t.Fatalf("%s: message %d after %d", n.name, number, v.got[len(v.got)-1])
	}
	v.got = append(v.got, number)
}

// whisper sends a number to a peer. It reports false if the peer is not ready.
func (n *simNode) whisper(to uuid.UUID, number uint64) bool {
	p := n.core.Peer(to)
	if p != nil {
		p.Link().(*simLink).send(&zremsg.Whisper{}, [][]byte{binary.BigEndian.AppendUint64(nil, number)})
	}
	return p != nil
}

// sees returns what a node sees of the others, sorted.
func (n *simNode) sees() (peers []string) {
	n.core.Peers(func(p *Peer) { peers = append(peers, fmt.Sprint(p.ID(), p.Groups())) })
	slices.Sort(peers)
	return peers
}

// oneView returns a difference between what a living node sees and what there is, ""
// if there is none.
func (w *world) oneView() string {
	for _, a := range w.nodes {
		if !a.alive {
			continue
		}
		var want []string
		for _, b := range w.nodes {
			if b.alive && b != a {
				want = append(want, fmt.Sprint(b.id, b.core.OwnGroups()))
			}
		}
		slices.Sort(want)
		if got := a.sees(); !slices.Equal(want, got) {
			return fmt.Sprintf("%s (%s) sees %d peers\n%v\nthere are %d\n%v",
				a.name, a.id, len(got), got, len(want), want)
		}
	}
	return ""
}

// checkOneView fails unless every living node sees every other one, and its groups.
func (w *world) checkOneView() {
	w.t.Helper()
	if diff := w.oneView(); diff != "" {
		w.t.Fatal(diff)
	}
}

// checkExact fails when a node counted a status or sequence that was not exact.
func (w *world) checkExact() {
	w.t.Helper()
	for _, n := range w.nodes {
		if s := n.core.Stats(); s.StatusRepaired+s.Gaps+s.Refused > 0 {
			w.t.Fatalf("%s: %+v", n.name, s)
		}
	}
}

// checkQuiet fails when nodes that nothing happens to still enter, exit, open links or
// have connections that nothing needs.
func (w *world) checkQuiet() {
	w.t.Helper()
	events, links := make([]int, len(w.nodes)), make([]int, len(w.nodes))
	for i, n := range w.nodes {
		events[i], links[i] = len(n.events), n.serial
	}
	w.run(2 * time.Minute)
	for i, n := range w.nodes {
		if !n.alive {
			continue
		}
		if len(n.events) != events[i] {
			w.t.Fatalf("%s: events although nothing happened: %v", n.name, n.events[events[i]:])
		}
		if n.serial != links[i] {
			w.t.Fatalf("%s: %d new links although nothing happened", n.name, n.serial-links[i])
		}
		n.checkConnections()
	}
}

// checkConnections fails unless a node has one connection of each way with each peer.
func (n *simNode) checkConnections() {
	n.w.t.Helper()
	peers := n.core.peers.len()
	if n.core.conns.len() != peers || len(n.accepts) != peers || len(n.dials) != peers ||
		len(n.core.links) != peers {
		n.w.t.Fatalf("%s: %d peers; the core has %d links and %d connections; %d are dialed and %d accepted",
			n.name, peers, len(n.core.links), n.core.conns.len(), len(n.dials), len(n.accepts))
	}
}
