package main

import (
	"context"
	"io"
	"slices"
	"sync"

	"github.com/google/uuid"

	"github.com/gozre/zre/zre"
)

// fakeNode is a node whose peers the test plays.
type fakeNode struct {
	events chan zre.Event // capacity: more than any test makes

	mu       sync.Mutex
	members  []zre.Peer
	shouted  []string
	groups   []string
	flushed  int // how many messages had been shouted at the first Flush
	closed   chan struct{}
	flushErr *zre.DeliveryError
	closeErr error
	shoutErr map[int]error // by the number of the message, from 0
	onShout  func(n int)

	whispered []whisper
	taken     int    // events
	acked     int    // events that were taken before the last Ack
	onTake    func() // an event was taken
}

// whisper is a message to one peer.
type whisper struct {
	peer   uuid.UUID
	frames [][]byte
}

func newFakeNode() *fakeNode {
	return &fakeNode{events: make(chan zre.Event, 10_000), closed: make(chan struct{}), flushed: -1}
}

var (
	alice = zre.Peer{ID: uuid.MustParse("aaaaaaaa-0000-4000-8000-000000000001"), Name: "alice"}
	bob   = zre.Peer{ID: uuid.MustParse("bbbbbbbb-0000-4000-8000-000000000002"), Name: "bob"}
	carol = zre.Peer{ID: uuid.MustParse("cccccccc-0000-4000-8000-000000000003"), Name: "carol"}
)

func (n *fakeNode) join(p zre.Peer, group string) {
	n.mu.Lock()
	n.members = append(n.members, p)
	n.mu.Unlock()
	n.events <- zre.Event{Type: zre.EventEnter, Peer: p.ID, Name: p.Name, Headers: p.Headers}
	n.events <- zre.Event{Type: zre.EventJoin, Peer: p.ID, Name: p.Name, Group: group}
}

func (n *fakeNode) exit(p zre.Peer, reason zre.Reason) {
	n.mu.Lock()
	n.members = slices.DeleteFunc(n.members, func(m zre.Peer) bool { return m.ID == p.ID })
	n.mu.Unlock()
	n.events <- zre.Event{Type: zre.EventExit, Peer: p.ID, Name: p.Name, Reason: reason}
}

func (n *fakeNode) say(p zre.Peer, group string, frames ...string) {
	ev := zre.Event{Type: zre.EventShout, Peer: p.ID, Name: p.Name, Group: group}
	if group == "" {
		ev.Type = zre.EventWhisper
	}
	for _, f := range frames {
		ev.Content = append(ev.Content, []byte(f))
	}
	n.events <- ev
}

func (n *fakeNode) Join(group string) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.groups = append(n.groups, group)
	return nil
}

func (n *fakeNode) Leave(group string) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.groups = slices.DeleteFunc(n.groups, func(g string) bool { return g == group })
	return nil
}

func (n *fakeNode) Shout(ctx context.Context, _ string, frames ...[]byte) error {
	n.mu.Lock()
	number := len(n.shouted)
	n.shouted = append(n.shouted, string(slices.Concat(frames...)))
	err, hook := n.shoutErr[number], n.onShout
	n.mu.Unlock()
	if hook != nil {
		hook(number)
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

func (n *fakeNode) Whisper(_ context.Context, peer uuid.UUID, frames ...[]byte) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.whispered = append(n.whispered, whisper{peer, frames})
	return nil
}

// Ack counts what the program took before.
func (n *fakeNode) Ack() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.acked = n.taken
}

func (n *fakeNode) Flush(context.Context) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.flushed < 0 {
		n.flushed = len(n.shouted)
	}
	if n.flushErr != nil {
		return n.flushErr
	}
	return nil
}

func (n *fakeNode) PeersByGroup(string) []zre.Peer {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Clone(n.members)
}

// Recycle spoils the content, as a node may do with memory that was given back.
func (n *fakeNode) Recycle(content ...[]byte) {
	for _, frame := range content {
		clear(frame)
	}
}

func (n *fakeNode) Next(context.Context) (zre.Event, error) {
	if n.onTake != nil {
		n.onTake()
	}
	select {
	case ev := <-n.events:
		return n.give(ev), nil
	default:
	}
	select {
	case ev := <-n.events:
		return n.give(ev), nil
	case <-n.closed:
	}
	select { // what came before Close
	case ev := <-n.events:
		return n.give(ev), nil
	default:
		return zre.Event{}, io.EOF
	}
}

// give counts an event that is taken.
func (n *fakeNode) give(ev zre.Event) zre.Event {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.taken++
	return ev
}

func (n *fakeNode) Close() error {
	close(n.closed)
	return n.closeErr
}
