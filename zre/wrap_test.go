package zre

import (
	"fmt"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"

	"github.com/gozre/zre/internal/codec/zremsg"
	"github.com/gozre/zre/internal/zmq"
)

// counter is a peer with its own idea of what number follows on another. When it
// is sent another one it forgets the node, and greets it anew.
type counter struct {
	t      *testing.T
	inbox  *zmq.Socket
	outbox *zmq.Socket
	hello  zremsg.Hello
	after  func(int) int

	ready    bool // the node's HELLO came
	want     int  // the next number
	sent     uint16
	got      atomic.Int64 // messages of data
	sessions int
	done     chan struct{}
}

// newCounter starts a peer that follows on a number with the one that after
// gives, and is in the group.
func newCounter(t *testing.T, n *Node, group string, after func(int) int) (*counter, uuid.UUID) {
	id := uuid.New()
	ctx, err := zmq.Open()
	must(t, err)
	c := &counter{t: t, after: after, done: make(chan struct{})}
	c.inbox, err = ctx.Router(zmq.Options{})
	must(t, err)
	c.hello = zremsg.Hello{Sequence: 1, Name: "counter", Groups: []string{group}, Status: 1}
	c.hello.Endpoint, err = c.inbox.Bind("tcp://127.0.0.1:*")
	must(t, err)
	c.outbox, err = ctx.Dealer(zmq.Options{Identity: append([]byte{1}, id[:]...)})
	must(t, err)
	must(t, c.outbox.Connect(n.Endpoint()))
	go c.run()
	t.Cleanup(func() {
		must(t, c.inbox.Close())
		<-c.done
		must(t, c.outbox.Close())
		must(t, ctx.Close())
	})
	return c, id
}

func (c *counter) send(m zremsg.Message) {
	frame, err := m.AppendTo(nil)
	if err == nil {
		err = c.outbox.Send(frame)
	}
	if err != nil {
		c.t.Error(err)
	}
}

func (c *counter) greet() {
	c.ready, c.sent = false, 1
	c.sessions++
	c.send(&c.hello)
}

func (c *counter) run() {
	defer close(c.done)
	c.greet()
	var b zmq.Batch
	for c.inbox.Receive(&b) == nil {
		for i := range b.Len() {
			c.take(b.Message(i)[1:])
		}
	}
}

func (c *counter) take(frames [][]byte) {
	m, err := zremsg.Decode(frames[0])
	if err != nil {
		c.t.Error(err)
		return
	}
	h, err := zremsg.DecodeHeader(frames[0])
	switch _, hello := m.(*zremsg.Hello); {
	case err != nil:
		c.t.Error(err)
		return
	case hello:
		c.ready, c.want = true, 1
	case !c.ready:
		return // of a session that was forgotten
	}
	if int(h.Sequence) != c.want {
		c.greet()
		return
	}
	c.want = c.after(c.want)
	switch m.(type) {
	case *zremsg.Ping:
		c.sent++
		c.send(&zremsg.PingOK{Sequence: c.sent})
	case *zremsg.Whisper, *zremsg.Shout:
		if want := fmt.Sprint(c.got.Load()); string(frames[1]) != want {
			c.t.Errorf("got %s, want %s", frames[1], want)
		}
		c.got.Add(1)
	}
}

// The sequence goes round twice: whatever follows on 65534 in the eyes of the
// peer, all that is sent to it arrives, in order and once.
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
			n := w.start("n", func(c *Config) { c.NoBeacon = true })
			peer, id := newCounter(t, n, "g", c.after)
			await(t, n, is(EventJoin, "counter"))
			const count = 140_000
			ctx := bg(t)
			n.mu.Lock()
			l := linkOf(n.core.Peer(id))
			n.mu.Unlock()
			for i := range count {
				var err error
				l.mu.Lock()
				if l.count.MessagesOut == last-3 {
					for range c.slips {
						l.ping()
					}
				}
				l.mu.Unlock()
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
			must(t, n.Close())
			var exits []string
			for ev := range n.Events() {
				if ev.Type == EventExit {
					exits = append(exits, ev.Reason)
				}
			}
			want := slices.Repeat([]string{ReasonRestarted}, c.sessions-1)
			if !slices.Equal(exits, want) {
				t.Errorf("EXIT because of %q, want %q", exits, want)
			}
		})
	}
}

// A peer that leaves out 65535 in its own sequence gets none of ours, in its next
// sessions as well.
func TestShorten(t *testing.T) {
	n := newTestNet(t).start("n")
	id := uuid.New()
	n.mu.Lock()
	defer n.mu.Unlock()
	numbers := func(l *link) (got []uint16) {
		for l.seq = 65533; len(got) < 3; l.seq = l.next() {
			got = append(got, l.next())
		}
		return got
	}
	l := n.newLink(id, nil)
	if got := numbers(l); !slices.Equal(got, []uint16{65534, 65535, 0}) {
		t.Errorf("numbers %v", got)
	}
	l.Shorten()
	for _, l := range []*link{l, n.newLink(id, nil)} {
		if got := numbers(l); !slices.Equal(got, []uint16{65534, 0, 1}) {
			t.Errorf("numbers after Shorten %v", got)
		}
	}
	if got := numbers(n.newLink(uuid.New(), nil)); got[1] != 65535 {
		t.Errorf("numbers of another peer %v", got)
	}
}

// While the numbers in doubt are tried out no other PING gets a number.
func TestNoPingBesidesTrial(t *testing.T) {
	w := newTestNet(t)
	n := w.start("n", func(c *Config) { c.NoBeacon = true })
	_, id := newCounter(t, n, "", func(n int) int { return n + 1 })
	await(t, n, is(EventEnter, "counter"))
	n.mu.Lock()
	l := linkOf(n.core.Peer(id))
	n.mu.Unlock()
	for stage := running; stage <= agreed; stage++ {
		l.mu.Lock()
		l.wrap.stage = stage
		before := l.seq
		l.mu.Unlock()
		l.Send(&zremsg.Ping{})
		l.mu.Lock()
		if sent := l.seq != before; sent == (stage == asking) {
			t.Errorf("stage %d: a PING was sent: %v", stage, sent)
		}
		l.mu.Unlock()
	}
}
