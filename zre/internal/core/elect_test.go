package core

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/gozre/zre/internal/codec/zremsg"
)

// A member that knows no elections leaves the group without a leader, but does not
// keep it busy: a node that contests tries again less and less often.
func TestElectionWithoutAnswer(t *testing.T) {
	d := newDesk(t)
	d.core.Contest("g")
	d.core.Join("g")
	d.from(friend, hello(friendText, "g"))
	tries := func(minutes int) (n int) {
		before := len(d.links[0].sent)
		for range minutes * 120 {
			d.now += 500 * time.Millisecond
			d.core.alive(d.now, d.peer(friend), 0, 0)
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

// A node that contests a group alone is its leader as soon as the group has settled,
// and is told so once.
func TestElectionAlone(t *testing.T) {
	d := newDesk(t)
	d.core.Tick(d.now, false)
	d.core.Contest("g")
	d.core.Join("g")
	d.tick(settled - 1)
	if d.core.Leader("g") != uuid.Nil {
		t.Error("it leads before others can have been found")
	}
	d.pass(20)
	d.core.Contest("g")
	d.pass(5)
	d.wantLog("LEADER meg")
	if d.core.Leader("g") != own {
		t.Errorf("leader %s", d.core.Leader("g"))
	}
	d.core.Leave("g")
	if d.core.Leader("g") != uuid.Nil {
		t.Error("leads a group that it has left")
	}
	d.core.Join("g")
	d.core.Leave("g")
	d.pass(2)
	d.wantLog("LEADER meg")
	d.core.Join("g")
	d.pass(2)
	d.wantLog("LEADER meg", "LEADER meg")

	// Contest after Join is as good, and without it a node does not lead.
	d = newDesk(t)
	d.core.Join("g")
	d.pass(5)
	d.wantLog()
	d.core.Contest("g")
	d.pass(5)
	d.wantLog("LEADER meg")
}

// Others come to a group that a node leads alone, and leave it.
func TestElectionAloneAndOthers(t *testing.T) {
	better := uuid.UUID{1}
	start := func() *desk {
		d := newDesk(t)
		d.core.Contest("g")
		d.core.Join("g")
		d.pass(1)
		d.wantLog("LEADER meg")
		d.log = nil
		return d
	}
	t.Run("a member that does not contest", func(t *testing.T) {
		d := start()
		d.from(friend, hello(friendText, "g"))
		d.pass(1)
		if n := d.sent(0, zremsg.IDElect); n != 1 || d.core.Leader("g") != own {
			t.Fatalf("%d ELECTs, leader %s", n, d.core.Leader("g"))
		}
		d.from(friend, &zremsg.Elect{Sequence: 2, Group: "g", ChallengerID: wireID(own)})
		d.from(friend, &zremsg.Leader{Sequence: 3, Group: "g", LeaderID: wireID(own)})
		d.wantLog("ENTER friend", "JOIN friendg", "LEADER meg")
		d.from(friend, &zremsg.Leave{Sequence: 4, Group: "g", Status: 2})
		d.pass(5)
		d.wantLog("ENTER friend", "JOIN friendg", "LEADER meg", "LEAVE friendg")
		if d.core.Leader("g") != own {
			t.Errorf("leader %s after the other one left", d.core.Leader("g"))
		}
	})
	t.Run("a member that leaves while the election runs", func(t *testing.T) {
		d := start()
		d.from(friend, hello(friendText, "g"))
		d.pass(1)
		d.from(friend, &zremsg.Goodbye{Sequence: 2})
		d.pass(5)
		d.wantLog("ENTER friend", "JOIN friendg", "EXIT friendgoodbye", "LEADER meg")
		if d.core.Leader("g") != own {
			t.Errorf("leader %s", d.core.Leader("g"))
		}
	})
	t.Run("a better one", func(t *testing.T) {
		d := start()
		d.from(better, hello(friendText, "g"))
		d.from(better, &zremsg.Elect{Sequence: 2, Group: "g", ChallengerID: wireID(better)})
		d.from(better, &zremsg.Leader{Sequence: 3, Group: "g", LeaderID: wireID(better)})
		d.pass(1)
		d.wantLog("ENTER friend", "JOIN friendg", "LEADER friendg")
		d.from(better, &zremsg.Leave{Sequence: 4, Group: "g", Status: 2})
		d.pass(5)
		d.wantLog("ENTER friend", "JOIN friendg", "LEADER friendg", "LEAVE friendg", "LEADER meg")
		if d.core.Leader("g") != own {
			t.Errorf("leader %s after the better one left", d.core.Leader("g"))
		}
	})
	t.Run("a leader that is not there", func(t *testing.T) {
		d := start()
		d.from(friend, hello(friendText, "g"))
		d.from(friend, &zremsg.Elect{Sequence: 2, Group: "g", ChallengerID: wireID(better)})
		d.from(friend, &zremsg.Leader{Sequence: 3, Group: "g", LeaderID: wireID(better)})
		d.wantLog("ENTER friend", "JOIN friendg")
		if d.core.Leader("g") == better {
			t.Error("a leader that is not there")
		}
		d.from(friend, &zremsg.Elect{Sequence: 4, Group: "g", ChallengerID: wireID(friend)})
		d.from(friend, &zremsg.Leave{Sequence: 5, Group: "g", Status: 2})
		d.pass(3)
		if d.core.Leader("g") != own {
			t.Errorf("leader %s after the others left, events %q", d.core.Leader("g"), d.log)
		}
	})
}
