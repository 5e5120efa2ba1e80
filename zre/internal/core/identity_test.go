package core

import (
	"testing"

	"github.com/google/uuid"

	"github.com/gozre/zre/internal/codec/zremsg"
)

// replaced is a desk with a peer that is greeted. Its process has ended, and another one has
// its port, which the link leads to. What the peer has said before is only read now.
func replaced(t *testing.T) *desk {
	d := newDesk(t)
	d.slow = true
	d.core.Beacon(d.now, friend, friendHost, 41000, friendAt.Key)
	d.from(friend, hello(friendText, "chat"))
	d.from(friend, &zremsg.Ping{Sequence: 2})
	return d
}

// leadsTo lets a link come up, whose other end says which node it is.
func (d *desk) leadsTo(l *deskLink, identity []byte) {
	d.core.LinkLeadsTo(d.now, l, identity)
	d.linkUp(l)
}

// The answers to the PINGs of a peer that is gone do not go to the node which has its port
// now, as that would take them for answers to its own: it counts as acknowledged what was
// not received. The newcomer gets the link.
func TestLinkLeadsToSuccessor(t *testing.T) {
	d := replaced(t)
	d.leadsTo(d.links[0], identity(other))
	d.wantLog()
	if l := d.links[0]; l.answers != 0 || l.closed != 0 || l.kinds() != "HELLO " {
		t.Errorf("the link to the other node: %d answers, closed by %v, sent %s", l.answers, l.closed, l.kinds())
	}
	if d.peer(friend) != nil || !d.conns[0].closed {
		t.Error("the peer that is gone is still there")
	}
	// A late announcement of it does not take the link away again.
	d.core.Discovered(d.now, friend, friendAt)
	if p := d.peer(other); p == nil || p.link != d.links[0] || len(d.links) != 1 {
		t.Fatal("the newcomer has no link, or another one")
	}
	d.from(other, hello(friendText))
	d.from(other, &zremsg.Ping{Sequence: 2})
	d.wantLog("ENTER friend")
	if d.links[0].answers != 1 {
		t.Errorf("%d answers to the PING of the newcomer", d.links[0].answers)
	}
}

// A node that is known already, or this one itself, has its own link.
func TestLinkLeadsToKnownNode(t *testing.T) {
	for _, id := range []uuid.UUID{own, other} {
		d := replaced(t)
		d.core.Beacon(d.now, other, at(otherText[6:]).Host(), 41000, friendAt.Key)
		d.leadsTo(d.links[0], identity(id))
		d.wantLog()
		if d.links[0].closed != ReasonReplaced || d.links[0].answers != 0 || d.peer(friend) != nil {
			t.Errorf("closed by %v, %d answers, the peer is there: %v",
				d.links[0].closed, d.links[0].answers, d.peer(friend) != nil)
		}
		if p := d.peer(other); p == nil || p.link != d.links[1] {
			t.Error("the other node has lost its link")
		}
	}
}

// A peer that is known to be elsewhere is dialed there: a beacon was heard from an address
// that several hosts have, such as that of a bridge for containers.
func TestLinkLeadsElsewhere(t *testing.T) {
	d := newDesk(t)
	d.slow = true
	bridge := at(otherText[6:]).Host()
	d.core.Beacon(d.now, friend, bridge, 41000, friendAt.Key)
	d.connect(friend, bridge).say(hello(friendText))
	first := d.links[0]
	d.leadsTo(first, identity(other))
	last := d.links[len(d.links)-1]
	if p := d.peer(friend); p == nil || last == first || p.link != last || last.endpoint == first.endpoint {
		t.Fatalf("the peer is dialed %d times", len(d.links))
	}
	d.leadsTo(last, identity(friend))
	d.wantLog("ENTER friend")
}

// What does not say who it is, is taken for the peer: other implementations.
func TestLinkLeadsToNobodyKnown(t *testing.T) {
	for _, who := range [][]byte{nil, {1}, identity(friend)} {
		d := replaced(t)
		d.leadsTo(d.links[0], who)
		d.wantLog("ENTER friend", "JOIN friendchat")
		if d.links[0].answers != 1 {
			t.Errorf("%q: %d answers", who, d.links[0].answers)
		}
	}
}

// The HELLO of a node on a host with the port of a configured endpoint does not take the
// link that leads to another one.
func TestStaticLinkSaysWhoIsThere(t *testing.T) {
	d := newDesk(t)
	d.slow = true
	d.core.AddStatic(d.now, friendAt)
	d.leadsTo(d.links[0], identity(friend))
	d.from(other, hello(otherText))
	if p := d.peer(other); p == nil || p.link == d.links[0] {
		t.Fatal("another node has taken the link")
	}
	d.from(friend, hello("tcp://10.0.0.7:41999"))
	if p := d.peer(friend); p == nil || p.link != d.links[0] {
		t.Error("the node that is there has not got it")
	}
	d.wantLog("ENTER friend")
}
