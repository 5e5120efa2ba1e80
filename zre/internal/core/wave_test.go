package core

import (
	"net/netip"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/gozre/zre/internal/codec/zremsg"
	"github.com/gozre/zre/internal/curve"
)

// desk2 is a desk with two peers in the group "g".
func desk2(t *testing.T) *desk {
	d := newDesk(t)
	d.core.Join("g")
	d.from(friend, hello(friendText, "g"))
	d.from(other, hello("tcp://10.0.0.3:50000", "g"))
	return d
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
// of the challenger is enough.
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

// A node that sees no leader goes on to stand when others have elected a node that it
// does not see.
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
	dc := d.accept(append([]byte{'1'}, make([]byte, 16)...), curve.Key{}, netip.MustParseAddr("10.0.0.4"))
	dc.say(hello("tcp://10.0.0.4:41000", "g"))
	if n := d.sent(2, zremsg.IDElect); n > 0 {
		t.Errorf("%d ELECTs", n)
	}
}

// A member that has voted once and does not any more is not waited for, in the elections
// of others as well.
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

// A challenger that begins again while its election runs, as zyre's do when a member
// joins, is answered again.
func TestElectionBegunAgain(t *testing.T) {
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

// A member that was left out and votes after the end is sent what the others were sent,
// once, and begins nothing.
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
