package zre

import (
	"fmt"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"

	"github.com/gozre/zre/internal/codec/zremsg"
	"github.com/gozre/zre/zre/internal/core"
)

// counter is a peer with its own rule of which sequence follows another one. When it
// gets another sequence it forgets the node, and begins a new session.
type counter struct {
	*scripted
	group string
	after func(int) int

	ready    bool         // the node's HELLO came
	want     int          // the next sequence
	got      atomic.Int64 // messages of data
	sessions int
}

// newCounter starts a peer for which the sequence that after gives follows on
// another one, and which is in the group.
func newCounter(t *testing.T, n *Node, group string, after func(int) int) (*counter, uuid.UUID) {
	c := &counter{scripted: newScripted(t), group: group, after: after}
	c.dial(n.Endpoint())
	done := make(chan struct{})
	t.Cleanup(func() {
		must(t, c.transport.Close(0))
		close(c.in)
		<-done
	})
	go func() {
		defer close(done)
		c.greet()
		for h := range c.in {
			if h.err == nil {
				c.take(h)
			}
		}
	}()
	return c, c.id
}

func (c *counter) greet() {
	c.ready, c.seq = false, 0
	c.sessions++
	c.send(c.hello("counter", c.group))
}

func (c *counter) take(h heard) {
	switch _, hello := h.message.(*zremsg.Hello); {
	case hello:
		c.ready, c.want = true, 1
	case !c.ready:
		return // of a session that was forgotten
	}
	if int(h.message.HeaderSequence()) != c.want {
		c.greet()
		return
	}
	c.want = c.after(c.want)
	switch h.message.(type) {
	case *zremsg.Ping:
		c.send(&zremsg.PingOK{})
	case *zremsg.Whisper, *zremsg.Shout:
		if want := fmt.Sprint(c.got.Load()); string(h.content[0]) != want {
			c.t.Errorf("got %s, want %s", h.content[0], want)
		}
		c.got.Add(1)
	}
}

// The sequence wraps twice. Whatever sequence the peer expects after 65534, all that is
// sent to it arrives, in order and once.
func TestSequenceOfOthers(t *testing.T) {
	const last = 65535
	for _, c := range []struct {
		name     string
		after    func(int) int
		sessions int // begun by the peer
		slips    int // PINGs of other reasons shortly before the end of the numbers
	}{
		{"zyre", func(n int) int { return (n + 1) % (last + 1) }, 1, 0},
		{"pyre", func(n int) int { return (n + 1) % last }, 2, 0},
		{"pyre, PINGs in between", func(n int) int { return (n + 1) % last }, 2, 3},
		{"haskell-zre", func(n int) int { return n + 1 }, 3, 0},
		{"haskell-zre, PINGs in between", func(n int) int { return n + 1 }, 3, 3},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newTestNet(t)
			n := w.start("n", func(c *Config) { c.Discovery.NoBeacon = true })
			peer, id := newCounter(t, n, "g", c.after)
			await(t, n, is(EventJoin, "counter"))
			const count = 140_000
			ctx := bg(t)
			for i := range count {
				var err error
				if i == last-8 { // shortly before the trial
					for range c.slips {
						n.engine.Change(func(core *core.Core) { core.Peer(id).Link().Send(&zremsg.Ping{}) })
					}
				}
				if text := fmt.Append(nil, i); i%2 == 0 {
					err = n.Whisper(ctx, id, text)
				} else {
					err = n.Shout(ctx, "g", text)
				}
				if err != nil {
					t.Fatalf("message %d: %v", i, err)
				}
			}
			must(t, n.Flush(ctx))
			if got := peer.got.Load(); got != count {
				t.Errorf("%d messages arrived, want %d", got, count)
			}
			peer.done.Store(true)
			must(t, n.Close())
			var exits []Reason
			for ev := range n.Events() {
				if ev.Type == EventExit {
					exits = append(exits, ev.Reason)
				}
			}
			want := slices.Repeat([]Reason{ReasonRestarted}, c.sessions-1)
			if !slices.Equal(exits, want) {
				t.Errorf("EXIT because of %v, want %v", exits, want)
			}
		})
	}
}
