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
	flushErr error
	closeErr error
	shoutErr map[int]error // by the number of the message, from 0
	onShout  func(n int)
	onTake   func() // an event was taken
}

func newFakeNode() *fakeNode {
	return &fakeNode{events: make(chan zre.Event, 10_000), closed: make(chan struct{}), flushed: -1}
}

var (
	alice = zre.Peer{ID: uuid.MustParse("aaaaaaaa-0000-4000-8000-000000000001"), Name: "alice"}
	bob   = zre.Peer{ID: uuid.MustParse("bbbbbbbb-0000-4000-8000-000000000002"), Name: "bob"}
)

func (n *fakeNode) join(p zre.Peer, group string) {
	n.mu.Lock()
	n.members = append(n.members, p)
	n.mu.Unlock()
	n.events <- zre.Event{Type: zre.EventEnter, Peer: p.ID, Name: p.Name}
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

func (n *fakeNode) Flush(context.Context) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.flushed < 0 {
		n.flushed = len(n.shouted)
	}
	return n.flushErr
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
		return ev, nil
	default:
	}
	select {
	case ev := <-n.events:
		return ev, nil
	case <-n.closed:
	}
	select { // what came before Close
	case ev := <-n.events:
		return ev, nil
	default:
		return zre.Event{}, io.EOF
	}
}

func (n *fakeNode) Close() error {
	close(n.closed)
	return n.closeErr
}
