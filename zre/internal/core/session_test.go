package core

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gozre/zre/internal/codec/zremsg"
)

// pass lets time go by.
func (d *desk) pass(seconds int) {
	for range 2 * seconds {
		d.now += time.Second / 2
		d.core.Tick(d.now, false)
	}
}

// kinds returns what was sent on a link.
func (l *deskLink) kinds() string {
	var b strings.Builder
	for _, m := range l.sent {
		fmt.Fprint(&b, m.ID(), " ")
	}
	return b.String()
}

// A session that begins anew between the same two nodes keeps the connection, as
// a node that knows no hand-over of identities would not hear of another one.
func TestNewSessionKeepsConnection(t *testing.T) {
	const kept = "for another on its connection: "
	for _, c := range []struct {
		name   string
		happen func(*desk)
		closed []string
	}{
		{"second HELLO", func(d *desk) { d.from(friend, hello(friendAt)) }, []string{kept + "restarted", ""}},
		{"gap", func(d *desk) { d.from(friend, &zremsg.Ping{Sequence: 9}) }, []string{kept + "sequence gap", ""}},
		{"HELLO from another endpoint", func(d *desk) { d.from(friend, hello("tcp://10.0.0.2:41001")) }, []string{"restarted", ""}},
		{"HELLO of an evasive peer", func(d *desk) {
			d.pass(8)
			d.from(friend, hello(friendAt))
		}, []string{"restarted", ""}},
		{"third HELLO with an answer before", func(d *desk) {
			d.from(friend, hello(friendAt))
			d.from(friend, &zremsg.PingOK{Sequence: 2})
			d.pass(5)
			d.from(friend, hello(friendAt))
		}, []string{kept + "restarted", kept + "restarted", ""}},
		{"third HELLO without one", func(d *desk) {
			d.from(friend, hello(friendAt))
			d.pass(2)
			d.from(friend, hello(friendAt))
		}, []string{kept + "restarted", "restarted", ""}},
	} {
		d := newDesk(t)
		d.from(friend, hello(friendAt))
		d.pass(1)
		c.happen(d)
		var closed []string
		for _, l := range d.links {
			closed = append(closed, l.closed)
			if !strings.HasPrefix(l.kinds(), "HELLO ") {
				t.Errorf("%s: sent %s", c.name, l.kinds())
			}
		}
		if !slices.Equal(closed, c.closed) {
			t.Errorf("%s: links closed by %q, want %q", c.name, closed, c.closed)
		}
	}
}

// A peer that is heard in its second session, and does not hear us, is greeted on
// other connections, twice; its own session goes on.
func TestHail(t *testing.T) {
	for _, answers := range []bool{false, true} {
		d := newDesk(t)
		d.from(friend, hello(friendAt))
		d.pass(2)
		d.from(friend, hello(friendAt, "a"))
		d.log = nil
		d.pass(2)
		if got := d.links[1].kinds(); got != "HELLO PING " {
			t.Fatalf("sent %s", got)
		}
		for seq := range uint16(30) {
			if seq == 0 && answers {
				d.from(friend, &zremsg.PingOK{Sequence: 2})
			} else {
				d.from(friend, &zremsg.Ping{Sequence: seq + 2})
			}
			d.pass(1)
		}
		d.from(friend, &zremsg.Whisper{Sequence: 32}, "y")
		if answers {
			d.wantLog("WHISPER y")
			continue
		}
		d.wantLog("EXIT frienddoes not hear us", "ENTER friend", "JOIN frienda",
			"EXIT frienddoes not hear us", "ENTER friend", "JOIN frienda", "WHISPER y")
		if len(d.links) != 4 || d.links[1].closed != ReasonUnheard || d.links[2].closed != ReasonUnheard ||
			!strings.HasPrefix(d.links[2].kinds(), "HELLO ") || !strings.HasPrefix(d.links[3].kinds(), "HELLO ") {
			t.Errorf("links %+v", d.links[1:])
		}
	}
	// In the first session it is up to the peer whether it reads.
	d := newDesk(t)
	d.from(friend, hello(friendAt))
	for seq := range uint16(20) {
		d.from(friend, &zremsg.Ping{Sequence: seq + 2})
		d.pass(1)
	}
	d.wantLog("ENTER friend")
}
