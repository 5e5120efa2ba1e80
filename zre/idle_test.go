package zre

import (
	"testing"
	"time"
)

// Peer.Idle grows while nothing comes from a peer, and is small again after a message.
func TestIdle(t *testing.T) {
	w := newTestNet(t)
	a, b := w.start("a"), w.start("b")
	talk(t, a, b)
	idle := func() time.Duration {
		p, ok := a.Peer(b.ID())
		if !ok {
			t.Fatal("b is gone")
		}
		return p.Idle
	}
	deadline := time.Now().Add(time.Minute)
	for idle() < 50*time.Millisecond {
		if time.Now().After(deadline) {
			t.Fatal("nothing comes from b, and it is never idle")
		}
		time.Sleep(5 * time.Millisecond)
	}
	for before, now := idle(), time.Duration(0); ; before = now {
		must(t, b.Whisper(bg(t), a.ID(), []byte("hello")))
		await(t, a, is(EventWhisper, "b"))
		if now = idle(); now < before {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("messages come from b, and it is idle")
		}
	}
}
