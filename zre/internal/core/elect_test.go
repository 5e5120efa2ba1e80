package core

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/gozre/zre/internal/codec/zremsg"
)

// checkLeader fails unless all living members of a group take the best of those who
// contest it for its leader, and were told so last.
func (w *world) checkLeader(group string) {
	w.t.Helper()
	var best uuid.UUID
	var members []*simNode
	for _, n := range w.nodes {
		if _, in := n.core.own[group]; !in || !n.alive || n.mute {
			continue
		}
		members = append(members, n)
		if _, contests := n.core.contest[group]; contests && (best == uuid.Nil || wireID(n.id) < wireID(best)) {
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
			w.t.Errorf("%s (%s): leader %s, told of %s, want %s", n.core.cfg.Name, n.id, got, told, best)
		}
	}
}

// Nodes come, some of them contest, and all agree on the best of these; so they do
// when the leader leaves or dies, when a better one comes, and when one that does not
// contest comes.
func TestSimulatedElections(t *testing.T) {
	for _, size := range []int{2, 3, 10, 40} {
		for seed := range uint64(max(3, 120/size)) {
			t.Run(fmt.Sprintf("%d nodes, seed %d", size, seed), func(t *testing.T) {
				w := newWorld(t, seed)
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
		}
	}
}

// Members that know no elections, as pyre on a dynamic port, are left out: they get
// none of the messages but from who stands, and not for long, although each makes
// them begin a new session. Members of zyre have dynamic ports as well, and take part.
func TestSimulatedElectionsAmongOthers(t *testing.T) {
	const stand = 2
	for seed := range uint64(60) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			w := newWorld(t, seed)
			for i := range 12 {
				w.after(w.some(time.Second), func() {
					port, mute := uint16(41000), i%4 == 3
					if i%4 > 1 {
						port = dynamicPort + 7
					}
					n := w.start(w.random(), i+1, port)
					n.mute = mute
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
					t.Errorf("%s was sent %d messages that it does not know, want at most %d", n.core.cfg.Name, n.refused, most)
				}
			}
			w.run(5 * time.Minute)
			w.checkLeader("g")
			for _, n := range w.nodes {
				before -= n.elections
			}
			if before != 0 {
				t.Errorf("%d messages of elections in five minutes in which nothing changed", -before)
			}
		})
	}
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

// A member that knows no elections leaves the group without a leader, but does not
// keep it busy: who contests tries again less and less often.
func TestElectionWithoutAnswer(t *testing.T) {
	d := newDesk(t)
	d.core.Contest("g")
	d.core.Join("g")
	d.from(friend, hello(friendAt, "g"))
	tries := func(minutes int) (n int) {
		before := len(d.links[0].sent)
		for range minutes * 120 {
			d.now += 500 * time.Millisecond
			d.core.Peer(friend).alive(d.now)
			d.core.Tick(d.now, false)
		}
		for _, m := range d.links[0].sent[before:] {
			if m.ID() == zremsg.IDElect {
				n++
			}
		}
		return n
	}
	if n := tries(1); n < 4 || n > 6 {
		t.Errorf("%d tries in the first minute", n)
	}
	if n := tries(10); n < 9 || n > 11 {
		t.Errorf("%d tries in the next ten minutes", n)
	}
	if d.core.Leader("g") != uuid.Nil {
		t.Error("there is a leader")
	}
}

// Who is alone in a group is its leader when others have been there, and not before:
// they might be about to be found.
func TestElectionAlone(t *testing.T) {
	d := newDesk(t)
	d.core.Contest("g")
	d.core.Join("g")
	for range 20 {
		d.now += 500 * time.Millisecond
		d.core.Tick(d.now, false)
	}
	if d.core.Leader("g") != uuid.Nil || len(d.log) > 0 {
		t.Errorf("leader without others: %v", d.log)
	}
	d.from(friend, hello(friendAt, "g"))
	d.from(friend, &zremsg.Elect{Sequence: 2, Group: "g", ChallengerID: wireID(uuid.UUID{1})})
	d.from(friend, &zremsg.Leader{Sequence: 3, Group: "g", LeaderID: wireID(uuid.UUID{1})})
	if d.core.Leader("g") != uuid.Nil {
		t.Error("a leader that is not there")
	}
	d.from(friend, &zremsg.Elect{Sequence: 4, Group: "g", ChallengerID: wireID(friend)})
	d.from(friend, &zremsg.Leave{Sequence: 5, Group: "g", Status: 2})
	if d.core.Leader("g") != own {
		t.Errorf("leader %s after the others left, events %q", d.core.Leader("g"), d.log)
	}
	d.core.Leave("g")
	if d.core.Leader("g") != uuid.Nil {
		t.Error("leads a group that it has left")
	}
}

// desk2 is a desk with two peers in the group "g".
func desk2(t *testing.T) *desk {
	d := newDesk(t)
	d.core.Join("g")
	d.from(friend, hello(friendAt, "g"))
	d.from(other, hello("tcp://10.0.0.3:50000", "g"))
	return d
}

// alive lets time go by, in which the peers are heard.
func (d *desk) alive(t time.Duration) {
	for end := d.now + t; d.now < end; {
		d.now += 500 * time.Millisecond
		for _, p := range d.core.peers {
			p.alive(d.now)
		}
		d.core.Tick(d.now, false)
	}
}

// sent counts the messages on a link.
func (d *desk) sent(link int, id zremsg.ID) (n int) {
	for _, m := range d.links[link].sent {
		if m.ID() == id {
			n++
		}
	}
	return n
}

// A LEADER that is late, or never comes, does not leave a node without a leader: that
// of the challenger says enough.
func TestElectionLateLeader(t *testing.T) {
	d := desk2(t)
	d.from(friend, &zremsg.Elect{Sequence: 2, Group: "g", ChallengerID: wireID(friend)})
	d.from(other, &zremsg.Elect{Sequence: 2, Group: "g", ChallengerID: wireID(friend)})
	d.from(friend, &zremsg.Leader{Sequence: 3, Group: "g", LeaderID: wireID(friend)})
	d.alive(3 * time.Second)
	if d.core.Leader("g") != friend {
		t.Errorf("no leader; events %q", d.log)
	}
}

// A node that sees nobody elected goes on to stand, when others have elected somebody
// that it does not see.
func TestElectionOfUnknown(t *testing.T) {
	d := desk2(t)
	d.core.Contest("g")
	for _, id := range []uuid.UUID{friend, other} {
		d.from(id, &zremsg.Elect{Sequence: 2, Group: "g", ChallengerID: wireID(uuid.UUID{1})})
	}
	for _, id := range []uuid.UUID{friend, other} {
		d.from(id, &zremsg.Leader{Sequence: 3, Group: "g", LeaderID: wireID(uuid.UUID{1})})
	}
	before := d.sent(0, zremsg.IDElect)
	d.alive(10 * time.Second)
	if d.sent(0, zremsg.IDElect) == before {
		t.Error("stands no more")
	}
}

// haskell-zre is known by its identity, and is sent nothing of an election, also
// when it comes while one runs.
func TestElectionWithoutHaskell(t *testing.T) {
	d := desk2(t)
	d.from(friend, &zremsg.Elect{Sequence: 2, Group: "g", ChallengerID: wireID(friend)})
	header, err := hello("tcp://10.0.0.4:41000", "g").AppendTo(nil)
	if err != nil {
		t.Fatal(err)
	}
	d.core.Receive(d.now, append([]byte{'1'}, make([]byte, 16)...), nil, header, nil)
	if n := d.sent(2, zremsg.IDElect); n > 0 {
		t.Errorf("%d ELECTs", n)
	}
}

// Who has voted once and does not any more is not waited for, in the elections of
// others as well.
func TestElectionWithoutSilent(t *testing.T) {
	d := desk2(t)
	for round := range 6 {
		d.from(friend, &zremsg.Elect{Sequence: uint16(2 + round), Group: "g", ChallengerID: wireID(friend)})
		if round == 0 {
			d.from(other, &zremsg.Elect{Sequence: 2, Group: "g", ChallengerID: wireID(friend)})
		}
		d.alive(10 * time.Second)
	}
	if n := d.sent(0, zremsg.IDElect); n < 5 {
		t.Errorf("%d echoes in 6 rounds", n)
	}
}

// However many messages come, a node stands, and once a tick at most: for a member
// that comes and goes all the time, and for one that proposes a worse challenger
// whenever an election has ended.
func TestElectionFlood(t *testing.T) {
	for name, flood := range map[string]func(d *desk, i int){
		"JOIN and LEAVE": func(d *desk, i int) {
			seq, status := uint16(2+i), uint8(2+i)
			if i%2 == 0 {
				d.from(other, &zremsg.Leave{Sequence: seq, Group: "g", Status: status})
			} else {
				d.from(other, &zremsg.Join{Sequence: seq, Group: "g", Status: status})
			}
		},
		"ELECT": func(d *desk, i int) {
			seq := uint16(2 + 3*i)
			for _, id := range []uuid.UUID{friend, other} {
				d.from(id, &zremsg.Elect{Sequence: seq, Group: "g", ChallengerID: wireID(other)})
				d.from(id, &zremsg.Elect{Sequence: seq + 1, Group: "g", ChallengerID: wireID(own)})
				d.from(id, &zremsg.Leader{Sequence: seq + 2, Group: "g", LeaderID: wireID(own)})
			}
		},
	} {
		d := desk2(t)
		d.core.Contest("g")
		for i := range 600 {
			d.now += 50 * time.Millisecond
			flood(d, i)
			if i%10 == 0 {
				d.core.Tick(d.now, false)
			}
		}
		if n := d.sent(0, zremsg.IDElect); n == 0 || n > 60 {
			t.Errorf("%s: stood %d times in 60 ticks", name, n)
		}
	}
}

// A challenger that begins anew while its election runs, as zyre's do when somebody
// joins, is answered anew.
func TestElectionBegunAnew(t *testing.T) {
	d := desk2(t)
	d.from(friend, &zremsg.Elect{Sequence: 2, Group: "g", ChallengerID: wireID(friend)})
	d.from(other, &zremsg.Elect{Sequence: 2, Group: "g", ChallengerID: wireID(friend)})
	for round := range 3 {
		if elects, leaders := d.sent(0, zremsg.IDElect), d.sent(0, zremsg.IDLeader); elects != round+1 || leaders != round {
			t.Errorf("round %d: %d ELECTs and %d LEADERs to the challenger", round, elects, leaders)
		}
		d.from(friend, &zremsg.Leader{Sequence: uint16(3 + 2*round), Group: "g", LeaderID: wireID(friend)})
		d.from(friend, &zremsg.Elect{Sequence: uint16(4 + 2*round), Group: "g", ChallengerID: wireID(friend)})
	}
	if n := d.sent(1, zremsg.IDElect); n != 1 {
		t.Errorf("%d ELECTs to the other one", n)
	}
}

// A member that was left out and votes after the end is told what it is due, once, and
// begins nothing.
func TestElectionLateVoter(t *testing.T) {
	d := desk2(t)
	d.from(friend, &zremsg.Elect{Sequence: 2, Group: "g", ChallengerID: wireID(friend)})
	d.from(friend, &zremsg.Leader{Sequence: 3, Group: "g", LeaderID: wireID(friend)})
	if d.core.Leader("g") != friend || len(d.links[1].sent) != 1 {
		t.Fatalf("leader %s; the one left out was sent %s", d.core.Leader("g"), d.links[1].kinds())
	}
	before := len(d.links[0].sent)
	d.from(other, &zremsg.Elect{Sequence: 2, Group: "g", ChallengerID: wireID(friend)})
	d.from(other, &zremsg.Leader{Sequence: 3, Group: "g", LeaderID: wireID(friend)})
	if got := d.links[1].kinds(); got != "HELLO ELECT LEADER " {
		t.Errorf("the late one was sent %s", got)
	}
	if len(d.links[0].sent) != before {
		t.Errorf("the leader was sent %s", d.links[0].kinds())
	}
}

// What does not belong to the election that runs changes nothing.
func TestElectionStrays(t *testing.T) {
	third := uuid.UUID{0x44}
	start := func() *desk {
		d := desk2(t)
		d.from(third, hello("tcp://10.0.0.5:41000", "g"))
		return d
	}
	t.Run("ELECT for this node, which does not stand", func(t *testing.T) {
		d := start()
		d.from(friend, &zremsg.Elect{Sequence: 2, Group: "g", ChallengerID: wireID(own)})
		if n := d.sent(0, zremsg.IDElect) + d.sent(2, zremsg.IDElect); n > 0 {
			t.Errorf("%d ELECTs", n)
		}
	})
	t.Run("LEADER that is not the challenger", func(t *testing.T) {
		d := start()
		d.from(friend, &zremsg.Elect{Sequence: 2, Group: "g", ChallengerID: wireID(friend)})
		d.from(friend, &zremsg.Leader{Sequence: 3, Group: "g", LeaderID: wireID(third)})
		if n := d.sent(2, zremsg.IDLeader); n > 0 {
			t.Errorf("%d LEADERs passed on", n)
		}
	})
	t.Run("challenger that leaves", func(t *testing.T) {
		d := start()
		d.from(third, &zremsg.Elect{Sequence: 2, Group: "g", ChallengerID: wireID(friend)})
		d.from(friend, &zremsg.Leave{Sequence: 2, Group: "g", Status: 2})
		d.from(third, &zremsg.Leader{Sequence: 3, Group: "g", LeaderID: wireID(friend)})
		if n := d.sent(2, zremsg.IDLeader); n > 0 {
			t.Errorf("%d LEADERs for one that is gone", n)
		}
	})
	t.Run("better and better challengers", func(t *testing.T) {
		d := start()
		for i := range 100 {
			d.from(friend, &zremsg.Elect{Sequence: uint16(2 + i), Group: "g", ChallengerID: wireID(uuid.UUID{byte(200 - i)})})
		}
		if n, most := d.sent(2, zremsg.IDElect), 3+extraWaves; n == 0 || n > most {
			t.Errorf("%d passed on, want at most %d", n, most)
		}
		if d.core.Stats().Refused == 0 {
			t.Error("none was refused")
		}
	})
}
