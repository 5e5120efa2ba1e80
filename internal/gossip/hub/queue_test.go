package hub

import (
	"testing"
	"time"

	"github.com/gozre/zre/internal/codec/zgossipmsg"
	"github.com/gozre/zre/internal/gossip/wire"
)

var (
	hello = &zgossipmsg.Hello{}
	ping  = &zgossipmsg.Ping{}
)

// A client whose queue is full keeps its place, and is sent the rest when there is room.
func TestFullQueue(t *testing.T) {
	b := newTable(t, nil)
	reader := b.say("reader", hello, ping)
	reader.take(zgossipmsg.IDPong)
	reader.queued = simConfig.SendQueue
	b.say("author", hello, tuple(1), tuple(2))
	b.say("author", tuple(3), &zgossipmsg.Publish{Key: keyOf(1), Value: endpoint(9)})
	reader.peer.Receive(b.now, frameOf(ping))
	b.wait(time.Second)
	if len(reader.sent) != 0 {
		t.Fatalf("%d messages to a full queue", len(reader.sent))
	}
	reader.queued = 0
	b.wait(retryMost)
	if n := len(reader.sent); n != 4 || zgossipmsg.ID(reader.sent[3][0][2]) != zgossipmsg.IDPong {
		t.Fatalf("%d messages, want three tuples and the PONG behind them", n)
	}
	b.wantTuples("reader", 2, 3, 1) // one that changed twice is sent once
	b.wait(simConfig.IdleTimeout - 2*time.Second)
	if reader.closed || b.h.Counts().CutOff != 0 {
		t.Error("a client that reads was closed")
	}
}

// What fits is sent, and no more.
func TestRoom(t *testing.T) {
	b := newTable(t, nil)
	reader := b.say("reader", hello, ping)
	size := len(frameOf(tuple(1)))
	reader.queued = simConfig.SendQueue - 2*size
	b.say("author", hello, tuple(1), tuple(2), tuple(3))
	b.wantTuples("reader", 1, 2)
	reader.queued = 0
	b.wait(retryMost)
	b.wantTuples("reader", 3)
}

// Many tuples are sent in parts, so that one client does not hold up the others.
func TestManyTuples(t *testing.T) {
	const n = 3000
	b := newTable(t, func(c *Config) {
		c.SendQueue, c.Store.MaxTuples, c.Store.MaxPerSource = 1<<20, n, n
	})
	author := b.client("author")
	author.peer.Receive(b.now, frameOf(hello))
	for i := range n {
		author.peer.Receive(b.now, frameOf(tuple(i)))
	}
	b.wait(time.Second)
	reader := b.say("reader", hello, ping)
	size := 0
	for _, m := range reader.sent {
		size += len(m[0])
	}
	if size < batchSize || size > batchSize+100 {
		t.Errorf("%d octets at once, want a batch of %d", size, batchSize)
	}
	b.wait(time.Second)
	if got := len(reader.sent); got != n+1 || zgossipmsg.ID(reader.sent[n][0][2]) != zgossipmsg.IDPong {
		t.Fatalf("%d messages, want %d and the PONG behind them", got, n)
	}
	for i := range n { // in order, each once
		if m, err := zgossipmsg.Decode(reader.sent[i][0]); err != nil || m.(*zgossipmsg.Publish).Key != keyOf(i) {
			t.Fatalf("message %d is %v, %v", i, m, err)
		}
	}
}

// A client that takes nothing is closed, one that takes a little is not.
func TestSlowReader(t *testing.T) {
	b := newTable(t, nil)
	stuck, slow := b.say("stuck", hello, ping), b.say("slow", hello, ping)
	stuck.queued, slow.queued = 2*simConfig.SendQueue, 2*simConfig.SendQueue
	b.say("author", hello, tuple(1))
	for range 10 {
		slow.queued--
		b.say("slow", ping) // both are alive
		if !stuck.closed {
			b.say("stuck", ping)
		}
		b.wait(time.Second)
	}
	if !stuck.closed || slow.closed || b.h.Counts().CutOff != 1 || b.h.Gauges().Clients[Czmq] != 2 {
		t.Errorf("stuck closed %t, slow closed %t, %+v", stuck.closed, slow.closed, b.h.Gauges())
	}
	stuck.peer.Receive(b.now, frameOf(hello)) // its last messages, and its end
	stuck.peer.Closed(b.now, errGone)
	if b.h.Gauges().Clients[Czmq] != 2 {
		t.Error("a closed client is back")
	}
}

// PONGs that wait are bounded.
func TestPongsAreBounded(t *testing.T) {
	b := newTable(t, nil)
	c := b.say("c", hello, ping)
	c.queued = simConfig.SendQueue
	for range 3 * maxPongs {
		c.peer.Receive(b.now, frameOf(ping))
	}
	c.sent, c.queued = nil, 0
	b.wait(time.Second)
	if n := len(c.take(zgossipmsg.IDPong)); n != maxPongs {
		t.Errorf("%d PONGs, want %d", n, maxPongs)
	}
}

// A silent client that has sent PINGs is closed, and its tuples go without grace.
func TestIdleClientIsClosed(t *testing.T) {
	b := newTable(t, nil)
	c := b.say("c", hello, tuple(1), ping)
	quiet := b.say("zyre", hello, tuple(2))
	b.wait(simConfig.IdleTimeout - time.Millisecond)
	if c.closed {
		t.Error("closed too early")
	}
	b.wait(sweepInterval)
	if !c.closed || quiet.closed || b.h.Gauges().Tuples != 1 || b.h.Counts().Idle != 1 {
		t.Errorf("closed %t and %t, %d tuples", c.closed, quiet.closed, b.h.Gauges().Tuples)
	}
}

// A transport that cannot close connections goes on delivering: the client is told that it
// was forgotten.
func TestForgottenClientIsTold(t *testing.T) {
	b := newTable(t, nil)
	c := b.client("c")
	marked := wire.AppendMark(frameOf(ping), wire.Mark{Role: wire.RoleNode, ID: wire.ID{7}})
	c.peer.Receive(b.now, marked)
	if n := len(c.take(zgossipmsg.IDInvalid)); n != 0 {
		t.Error("INVALID to the first PING")
	}
	c.peer.Receive(b.now, marked)
	if n := len(c.take(zgossipmsg.IDInvalid)); n != 1 {
		t.Errorf("%d INVALIDs to a second PING without HELLO", n)
	}
	c.peer.Receive(b.now, frameOf(hello))
	c.peer.Receive(b.now, marked)
	if n := len(c.take(zgossipmsg.IDInvalid)); n != 0 {
		t.Error("INVALID after HELLO")
	}
}

// When it is not known which connection has ended, all clients that are silent since are
// sent a PONG.
func TestLostConnection(t *testing.T) {
	b := newTable(t, nil)
	gone, quiet, talks := b.say("gone", hello), b.say("quiet", hello), b.say("talks", hello)
	b.wait(time.Second)
	gone.gone = true
	b.h.Lost(b.now)
	for range 30 {
		talks.peer.Receive(b.now, frameOf(&zgossipmsg.Pong{}))
		b.wait(100 * time.Millisecond)
	}
	for name, want := range map[string]int{"gone": 0, "quiet": 2, "talks": 0} {
		if got := len(b.client(name).take(zgossipmsg.IDPong)); got != want {
			t.Errorf("%s: %d PONGs, want %d", name, got, want)
		}
	}
	if quiet.closed {
		t.Error("a client that is there was closed")
	}
}

// Two connections with one identity are two clients.
func TestSameIdentityTwice(t *testing.T) {
	b := newTable(t, nil)
	const raw = "\xf1\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10"
	first := b.say(raw, hello, &zgossipmsg.Publish{Key: raw, Value: endpoint(1), TTL: 600})
	delete(b.clients, raw)
	second := b.say(raw, hello, &zgossipmsg.Publish{Key: raw, Value: endpoint(1), TTL: 600})
	first.peer.Closed(b.now, errGone)
	b.wait(simConfig.Store.Grace + time.Second)
	if n := b.h.Gauges().Tuples; n != 1 {
		t.Errorf("%d tuples: the end of the old connection took the new one's", n)
	}
	second.sent = nil
	b.say("author", hello, tuple(5))
	if n := len(second.take(zgossipmsg.IDPublish)); n != 1 || len(first.take(zgossipmsg.IDPublish)) != 0 {
		t.Errorf("the new connection was sent %d tuples", n)
	}
}

// Beyond the limit no client is accepted.
func TestTooManyClients(t *testing.T) {
	b := newTable(t, func(c *Config) { c.MaxClients = 2 })
	a := b.client("a")
	b.client("b")
	if p := b.h.Accept(b.now, nil, "c", &client{}); p != nil || b.h.Counts().Refused[TooManyClients] != 1 {
		t.Error("one too many was accepted")
	}
	a.peer.Closed(b.now, errGone)
	b.client("d")
}

// A new client is not sent tuples whose publisher has just left, until that is back. A client
// that was told before is sent every change.
func TestPublisherLeaves(t *testing.T) {
	b := newTable(t, nil)
	b.say("reader", hello, ping)
	author := b.client("author")
	author.peer.Receive(b.now, frameOf(hello))
	author.peer.Receive(b.now, frameOf(tuple(1)))
	author.peer.Closed(b.now, errGone)
	b.h.Flush(b.now)
	b.wantTuples("reader", 1)
	b.say("late", hello, ping)
	b.wantTuples("late")
	b.say("author again", hello, tuple(1))
	b.wait(time.Second)
	b.wantTuples("late", 1)
	b.wantTuples("reader")
}

// A client whose queue was full while the last change was forgotten is sent its PONG.
func TestFullQueueWhileTuplesAreForgotten(t *testing.T) {
	b := newTable(t, func(c *Config) { c.Store.TombstoneTTL = time.Second })
	reader := b.say("reader", hello, ping)
	b.say("author", hello, tuple(1))
	b.wait(time.Second)
	reader.take(zgossipmsg.IDPong)
	reader.queued = simConfig.SendQueue
	b.client("author").peer.Evict(b.now)
	b.say("reader", ping)
	b.wait(2 * time.Second)
	if n := b.h.store.Len(); n != 0 || len(reader.sent) != 0 {
		t.Fatalf("%d tuples, %d messages to a full queue", n, len(reader.sent))
	}
	reader.queued = 0
	b.wait(retryMost)
	if n := len(reader.take(zgossipmsg.IDPong)); n != 1 {
		t.Errorf("%d PONGs, want 1", n)
	}
}
