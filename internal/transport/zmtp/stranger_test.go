package zmtp

import (
	"bytes"
	"errors"
	"testing"

	"github.com/gozre/zre/internal/transport"
)

// strict makes messages small until a connection is admitted, which its owner does when a
// message comes whose first frame is "known".
func strict(cfg *transport.Config) {
	cfg.Limits.MaxStranger = 20_000
	accept := cfg.Accept
	cfg.Accept = func(c *transport.Conn) transport.Handler { return knows{accept(c).(*owner)} }
}

type knows struct{ *owner }

func (k knows) Receive(c *transport.Conn, messages []transport.Message) {
	for _, m := range messages {
		if string(m.First) == "known" {
			c.Admit()
		}
	}
	k.owner.Receive(c, messages)
}

// A connection may send large messages when its owner knows whose it is, not before: neither
// in one frame nor in many.
func TestStranger(t *testing.T) {
	large := join(frame(1, "x"), long(0, 100_000), make([]byte, 100_000))
	many := join(frame(1, "x"), bytes.Repeat(frame(1, string(make([]byte, 200))), 500), frame(0, ""))
	for name, tc := range map[string]struct {
		octets   []byte
		messages int // that arrive
		fails    bool
	}{
		"large":                 {large, 0, true},
		"of many frames":        {many, 0, true},
		"after another message": {join(frame(0, "hi"), large), 1, true},
		"after it is known":     {join(frame(0, "known"), large, many), 3, false},
		"after small ones":      {join(frame(0, "hi"), frame(0, "known"), many, large), 4, false},
	} {
		for _, slow := range []bool{false, true} {
			e := newEnd(t, small, func(c *transport.Config) { c.Limits.MaxFrame, c.Limits.MaxMessage = 200_000, 300_000 },
				func(c *transport.Config) { c.Limits.MaxFrames = 1000 }, strict)
			s, o := e.shaken()
			if slow && len(tc.octets) > 10 {
				s.sendSlowly(tc.octets[:10])
				s.send(tc.octets[10:])
			} else {
				s.send(tc.octets)
			}
			for range tc.messages {
				got(t, name+": a message", o.inbox)
			}
			if !tc.fails {
				continue
			}
			if err := got(t, name+": its end", o.down); !errors.Is(err, transport.ErrTooLarge) {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

// What is dialed is not bounded by that.
func TestStrangerIsDialed(t *testing.T) {
	l := newScriptListener(t)
	o := newEnd(t, strict).dial(l.addr())
	s := l.next()
	s.send(peerGreeting, routerReady, frame(1, "x"), long(0, 100_000), make([]byte, 100_000))
	got(t, "a message", o.inbox)
}
