package core

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
)

// checkLeader fails unless the best one of those that contest a group is the leader for
// all its living members, and their last LEADER event says so.
func (w *world) checkLeader(group string) {
	w.t.Helper()
	var best uuid.UUID
	var members []*simNode
	for _, n := range w.nodes {
		if !n.core.own.has(group) || !n.alive || n.electless {
			continue
		}
		members = append(members, n)
		if _, contests := n.core.contest[group]; contests && (best == uuid.Nil ||
			wireID(n.id) < wireID(best)) {
			best = n.id
		}
	}
	for _, n := range members {
		var told uuid.UUID
		for _, ev := range n.events {
			if ev.Type == EventLeader && ev.Group == group {
				told = ev.Peer
			}
		}
		if got := n.core.Leader(group); got != best || told != best {
			w.t.Errorf("%s (%s): leader %s, told of %s, want %s", n.name, n.id, got, told, best)
		}
	}
}

// Nodes come, some of them contest, and all agree on the best of these; so they do
// when the leader leaves or dies, when a better one comes, and when one that does not
// contest comes.
func TestSimulatedElections(t *testing.T) {
	for _, size := range []int{2, 3, 10, 40} {
		t.Run(fmt.Sprint(size, " nodes"), func(t *testing.T) {
			seeds(t, max(3, 120/size), func(w *world, seed uint64) {
				w.loss = 0.3
				start := func(id uuid.UUID, contests bool) *simNode {
					n := w.start(id, len(w.nodes)+1, 41000)
					if contests {
						n.core.Contest("g")
					}
					n.core.Join("g")
					return n
				}
				spread := []time.Duration{0, 50 * time.Millisecond, 3 * time.Second}[seed%3]
				for i := range size {
					w.after(w.some(spread), func() { start(w.random(), i < 2 || w.rand.IntN(3) == 0) })
				}
				w.run(20 * time.Second)
				w.checkLeader("g")
				leader := w.nodes[slices.IndexFunc(w.nodes, func(n *simNode) bool { return n.id == w.nodes[0].core.Leader("g") })]
				if seed%2 == 0 {
					leader.leave()
				} else {
					leader.kill()
				}
				w.run(time.Minute)
				w.checkLeader("g")
				start(uuid.UUID{15: 1}, true)
				w.run(20 * time.Second)
				w.checkLeader("g")
				start(w.random(), false)
				w.run(20 * time.Second)
				w.checkLeader("g")
			})
		})
	}
}

// A node that contests a group alone leads it; so does the best of those that come and
// go, and the first one again when it is alone again.
func TestSimulatedElectionsAlone(t *testing.T) {
	seeds(t, 30, func(w *world, seed uint64) {
		first := w.start(w.random(), 1, 41000)
		first.core.Contest("g")
		first.core.Join("g")
		w.run(2 * time.Second)
		w.checkLeader("g")
		var others []*simNode
		for i := range 4 {
			n := w.start(w.random(), 2+i, 41000)
			if i%2 == 0 {
				n.core.Contest("g")
			}
			n.core.Join("g")
			others = append(others, n)
			w.run(w.some(5 * time.Second))
		}
		w.run(15 * time.Second)
		w.checkLeader("g")
		for i, n := range others {
			switch (i + int(seed)) % 3 {
			case 0:
				n.leave()
			case 1:
				n.kill()
			case 2:
				n.core.Leave("g")
			}
			w.run(w.some(3 * time.Second))
		}
		w.run(15 * time.Second)
		w.checkLeader("g")
		if first.core.Leader("g") != first.id {
			w.t.Errorf("leader %s, the only member is %s", first.core.Leader("g"), first.id)
		}
	})
}

// Members that know no elections, as pyre on a dynamic port, are left out: they get
// none of the messages but from nodes that stand, and not for long, although each makes
// them begin a new session. Members of zyre have dynamic ports as well, and take part.
func TestSimulatedElectionsAmongOthers(t *testing.T) {
	const stand = 2
	seeds(t, 60, func(w *world, _ uint64) {
		for i := range 12 {
			w.after(w.some(time.Second), func() {
				port, electless := uint16(41000), i%4 == 3
				if i%4 > 1 {
					port = dynamicPort + 7
				}
				n := w.start(w.random(), i+1, port)
				n.electless = electless
				if i < stand {
					n.core.Contest("g")
				}
				n.core.Join("g")
			})
		}
		w.run(2 * time.Minute)
		w.checkLeader("g")
		before := 0
		for _, n := range w.nodes {
			before += n.elections
			if most := stand * maxAsked; n.refused > most {
				w.t.Errorf("%s was sent %d messages that it does not know, want at most %d",
					n.name, n.refused, most)
			}
		}
		w.run(5 * time.Minute)
		w.checkLeader("g")
		for _, n := range w.nodes {
			before -= n.elections
		}
		if before != 0 {
			w.t.Errorf("%d messages of elections in five minutes in which nothing changed", -before)
		}
	})
}

// An election takes some messages for each pair of members, and when nothing
// changes there is none.
func TestElectionEconomy(t *testing.T) {
	const size = 20
	w := newWorld(t, 1)
	for i := range size {
		n := w.start(w.random(), i+1, 41000)
		n.core.Contest("g")
		n.core.Join("g")
	}
	w.run(20 * time.Second)
	w.checkLeader("g")
	elections := func() (n int) {
		for _, node := range w.nodes {
			n += node.elections
		}
		return n
	}
	before := elections()
	w.run(time.Minute)
	if n := elections() - before; n != 0 {
		t.Errorf("%d messages of elections where nothing changed", n)
	}
	w.start(uuid.UUID{15: 1}, size+1, 41000).core.Join("g")
	before = elections()
	w.run(time.Minute)
	w.checkLeader("g")
	// LEADER once, and ELECT for a few challengers, each better than the one before.
	if n, most := elections()-before, 6*size*(size+1); n > most {
		t.Errorf("%d messages for an election, want at most %d", n, most)
	}
}
