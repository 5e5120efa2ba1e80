package hub

import (
	"slices"
	"testing"
	"time"

	"github.com/gozre/zre/internal/codec/zgossipmsg"
)

// table is a hub with a clock, and clients by name.
type table struct {
	*testing.T
	h       *Hub
	now     time.Time
	clients map[string]*client
}

// client is one connection with all that it was sent.
type client struct {
	peer   *Peer
	sent   [][][]byte // messages
	queued int        // what the connection reports
	gone   bool       // the connection has ended, and the hub was not told yet
	closed bool       // by the hub
}

func (c *client) Send(first []byte, rest ...[]byte) error {
	if c.gone || c.closed {
		return errGone
	}
	m := [][]byte{slices.Clone(first)}
	for _, f := range rest {
		m = append(m, slices.Clone(f))
	}
	c.sent = append(c.sent, m)
	return nil
}

func (c *client) SendBatch(messages [][]byte) error {
	for _, m := range messages {
		if err := c.Send(m); err != nil {
			return err
		}
	}
	return nil
}

func (c *client) Queued() int { return c.queued }
func (c *client) Abort()      { c.closed = true }

// take returns the messages that were sent since the last call, of one type.
func (c *client) take(id zgossipmsg.ID) (messages []zgossipmsg.Message) {
	for _, m := range c.sent {
		frame := m[len(m)-1]
		if zgossipmsg.ID(frame[2]) != id {
			continue
		}
		if msg, err := zgossipmsg.Decode(frame); err == nil {
			messages = append(messages, msg)
		}
	}
	c.sent = nil
	return messages
}

func newTable(t *testing.T, change func(*Config)) *table {
	cfg := simConfig
	if change != nil {
		change(&cfg)
	}
	now := time.Unix(1_000_000, 0)
	return &table{T: t, h: New(now, cfg), now: now, clients: make(map[string]*client)}
}

// client returns the client with this identity, which is connected at its first use.
func (t *table) client(identity string) *client {
	t.Helper()
	c := t.clients[identity]
	if c == nil {
		c = &client{}
		if c.peer = t.h.Accept(t.now, []byte(identity), "10.0.0.1:5000", c); c.peer == nil {
			t.Fatalf("%q was not accepted", identity)
		}
		t.clients[identity] = c
	}
	return c
}

// say hands the hub messages of a client, and what follows from them.
func (t *table) say(identity string, messages ...zgossipmsg.Message) *client {
	t.Helper()
	c := t.client(identity)
	for _, m := range messages {
		c.peer.Receive(t.now, frameOf(m))
	}
	t.h.Flush(t.now)
	return c
}

// wait lets time pass, with a tick whenever one is due.
func (t *table) wait(d time.Duration) {
	t.Helper()
	end := t.now.Add(d)
	for next := t.h.Next(); !next.After(end); next = t.h.Next() {
		t.now = next
		t.h.Tick(next)
		if n := t.h.Next(); !n.After(next) {
			t.Fatalf("a tick at %v leaves one to do at %v", next, n)
		}
	}
	t.now = end
}

func tuple(i int) *zgossipmsg.Publish {
	return &zgossipmsg.Publish{Key: keyOf(i), Value: endpoint(i % 200)}
}

// wantTuples checks the keys of the tuples that a client was sent.
func (t *table) wantTuples(identity string, want ...int) {
	t.Helper()
	var got, keys []string
	for _, m := range t.client(identity).take(zgossipmsg.IDPublish) {
		got = append(got, m.(*zgossipmsg.Publish).Key)
	}
	for _, i := range want {
		keys = append(keys, keyOf(i))
	}
	if !slices.Equal(got, keys) {
		t.Fatalf("%q was sent %v, want %v", identity, got, keys)
	}
}
