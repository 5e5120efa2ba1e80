package core

import (
	"fmt"
	"testing"
	"time"

	"github.com/gozre/zre/internal/codec/zremsg"
)

// doubted is a desk with a peer that has answered no PING of a session, until its connection
// ended: our HELLO of that session may still be in flight. It has a second one, on the same
// connection.
func doubted(t *testing.T) (d *desk, l *deskLink) {
	d = newDesk(t)
	d.from(friend, hello(friendText))
	d.pass(3)
	if d.links[0].pings == 0 {
		t.Fatal("no PING was sent")
	}
	d.conns[0].end()
	d.pass(3)
	if len(d.links) != 2 || !d.links[0].over {
		t.Fatalf("%d links", len(d.links))
	}
	d.log = nil
	return d, d.links[1]
}

// A peer has lost this node behind a cut line and greets it by its beacon. When the line is
// back it receives both HELLOs of this node, one after the other. Its answers to the PINGs
// between them do not count as ones to PINGs of the second session.
func TestHelloBetweenTwoOfOurs(t *testing.T) {
	d, l := doubted(t)
	late := l.late
	d.from(friend, hello(friendText)) // It has not received either of ours.
	d.wantLog("ENTER friend")
	d.tick(time.Second)
	if l.pings != late+1 {
		t.Fatalf("%d PINGs are sent while %d earlier ones have no answer", l.pings, late)
	}
	// It receives the first one, and what follows on that.
	seq := uint16(1)
	for range late {
		seq++
		d.from(friend, &zremsg.PingOK{Sequence: seq})
	}
	if l.acks != 0 || d.peer(friend).answered {
		t.Fatalf("%d answers to PINGs of the earlier session count", l.acks)
	}
	// It receives the second one, and says so by a HELLO, which this node answers by a third
	// one. Its next answers are to the PINGs of the second session, which is over.
	d.from(friend, hello(friendText))
	late = l.pings
	if l = d.links[2]; l.late != late {
		t.Fatalf("%d answers may be late, want %d", l.late, late)
	}
	for i := range late {
		d.from(friend, &zremsg.PingOK{Sequence: uint16(2 + i)})
	}
	// Then it has the third one.
	d.from(friend, hello(friendText))
	if l.acks != 0 || d.peer(friend).answered || len(d.links) != 3 {
		t.Fatalf("%d answers to PINGs of the earlier session count", l.acks)
	}
	d.tick(time.Second)
	for i := range late + 1 {
		d.from(friend, &zremsg.PingOK{Sequence: uint16(2 + i)})
	}
	if l.acks != late+1 || !d.peer(friend).answered {
		t.Errorf("%d of %d answers count", l.acks, late+1)
	}
}

// The HELLO was the answer to the second one: the answers count as soon as there are more
// than could be late.
func TestHelloAfterBothOfOurs(t *testing.T) {
	d, l := doubted(t)
	late := l.late
	d.from(friend, hello(friendText))
	d.tick(time.Second)
	for i := range late + 1 {
		d.from(friend, &zremsg.PingOK{Sequence: uint16(2 + i)})
	}
	if l.acks != late+1 || !d.peer(friend).answered {
		t.Errorf("%d of %d answers count", l.acks, late+1)
	}
	// From then on one PING is enough.
	d.alive(20 * time.Second)
	l.Send(&zremsg.Ping{})
	d.from(friend, &zremsg.PingOK{Sequence: uint16(3 + late)})
	if l.acks != late+2 {
		t.Errorf("%d answers count, want %d", l.acks, late+2)
	}
}

// A peer that has answered in the session before has our HELLO of that. There is no doubt.
func TestHelloAfterAnswers(t *testing.T) {
	d := newDesk(t)
	d.from(friend, hello(friendText))
	d.pass(2)
	d.from(friend, &zremsg.PingOK{Sequence: 2})
	d.links[0].Send(&zremsg.Ping{})
	d.from(friend, &zremsg.Ping{Sequence: 9}) // a gap
	l := d.links[1]
	d.from(friend, hello(friendText))
	d.tick(time.Second)
	if l.pings != 1 {
		t.Fatalf("%d PINGs are sent", l.pings)
	}
	if d.from(friend, &zremsg.PingOK{Sequence: 2}); l.acks != 1 {
		t.Error("the answer does not count")
	}
}

// Seeds of the simulation in which a PING-OK counted that answered a PING of another session:
// of a process that had ended, of a session before, or on a connection that was dialed to a
// process that had ended.
func TestSimulatedAnswers(t *testing.T) {
	for _, seed := range []uint64{60, 66, 68, 130, 167, 418, 488, 526, 538, 590, 714, 774, 784, 874, 915, 705,
		1348, 1725, 2104, 2313, 2913, 2921, 3108, 3188, 3382, 3395, 3482, 3760} {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			unrest(newWorld(t, seed), seed, 300)
			unrestAmongOthers(newWorld(t, seed), seed, 60)
		})
	}
}
