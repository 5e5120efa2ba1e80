package core

import (
	"testing"

	"github.com/gozre/zre/internal/codec/zremsg"
)

// A connection is admitted when its peer has said HELLO, on it or on one before: libzmq
// connects again and goes on. One that only has the identity of a peer is not.
func TestAdmit(t *testing.T) {
	d := newDesk(t)
	first := d.connect(friend, friendHost)
	d.core.Beacon(d.now, friend, friendHost, 41000, friendAt.Key)
	if first.say(&zremsg.Whisper{Sequence: 1}); first.admitted {
		t.Fatal("a connection without HELLO is admitted")
	}
	if first.say(hello(friendText)); !first.admitted {
		t.Fatal("after HELLO it is not admitted")
	}
	rival := d.connect(friend, strangerHost)
	if rival.say(hello("tcp://10.0.0.66:41000")); rival.admitted {
		t.Fatal("a connection that waits is admitted")
	}
	rival.end()
	first.end()
	if second := d.connect(friend, friendHost); !second.admitted {
		t.Error("a peer that connects again is not admitted")
	}
	if d.connect(other, strangerHost).admitted {
		t.Error("an unknown node is admitted")
	}
}

// A second connection is admitted when it takes the place of the first one.
func TestAdmitRival(t *testing.T) {
	d, rival := contested(t, friendHost)
	if rival.admitted {
		t.Fatal("it waits, and is admitted")
	}
	d.conns[0].end()
	if !rival.admitted {
		t.Error("it has taken the place of the first one, and is not admitted")
	}
}
