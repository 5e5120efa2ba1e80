package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/gozre/zre/zre"
)

// fakeNode is a node whose peers the test plays. It writes down what it is
// asked for.
type fakeNode struct {
	events chan zre.Event // capacity: more than any test makes

	name, endpoint string // "me", and one of 127.0.0.1

	mu       sync.Mutex
	peers    []zre.Peer
	own      []string
	did      []string
	closed   chan struct{}
	acks     int
	flushErr error
	sendErr  error
}

func newFakeNode(peers ...zre.Peer) *fakeNode {
	return &fakeNode{events: make(chan zre.Event, 1000), closed: make(chan struct{}), peers: peers}
}

var (
	self  = uuid.MustParse("00000000-0000-4000-8000-000000000000")
	alice = zre.Peer{ID: uuid.MustParse("aabbaaaa-0000-4000-8000-000000000001"), Name: "alice", Endpoint: "tcp://127.0.0.1:1", Groups: []string{"chat", "time"}, Headers: map[string]string{"k": "v"}}
	bob   = zre.Peer{ID: uuid.MustParse("aaccbbbb-0000-4000-8000-000000000002"), Name: "bob", Endpoint: "tcp://127.0.0.1:2", Groups: []string{"chat"}}
	twin  = zre.Peer{ID: uuid.MustParse("ccccbbbb-0000-4000-8000-000000000003"), Name: "bob", Endpoint: "tcp://127.0.0.1:3"}
	space = zre.Peer{ID: uuid.MustParse("ddddbbbb-0000-4000-8000-000000000004"), Name: "big bird"}
)

func (n *fakeNode) note(format string, args ...any) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.did = append(n.did, fmt.Sprintf(format, args...))
}

// done is what the node was asked for since the last call.
func (n *fakeNode) done() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	did := n.did
	n.did = nil
	return did
}

func (n *fakeNode) come(p zre.Peer) {
	n.mu.Lock()
	n.peers = append(n.peers, p)
	n.mu.Unlock()
	n.events <- zre.Event{Type: zre.EventEnter, Peer: p.ID, Name: p.Name, Endpoint: p.Endpoint, Headers: p.Headers}
	for _, g := range p.Groups {
		n.events <- zre.Event{Type: zre.EventJoin, Peer: p.ID, Name: p.Name, Group: g}
	}
}

func (n *fakeNode) ID() uuid.UUID    { return self }
func (n *fakeNode) Name() string     { return cmp.Or(n.name, "me") }
func (n *fakeNode) Endpoint() string { return cmp.Or(n.endpoint, "tcp://127.0.0.1:9") }

func (n *fakeNode) Headers() map[string]string { return map[string]string{"X-PUBLICKEY": "K"} }

func (n *fakeNode) Join(group string) error {
	n.note("join %s", group)
	n.mu.Lock()
	defer n.mu.Unlock()
	n.own = append(n.own, group)
	return nil
}

func (n *fakeNode) Leave(group string) error {
	n.note("leave %s", group)
	n.mu.Lock()
	defer n.mu.Unlock()
	n.own = slices.DeleteFunc(n.own, func(g string) bool { return g == group })
	return nil
}

func (n *fakeNode) Whisper(_ context.Context, peer uuid.UUID, frames ...[]byte) error {
	n.note("whisper %s %q", peer, frames)
	return n.sendErr
}

func (n *fakeNode) Shout(_ context.Context, group string, frames ...[]byte) error {
	n.note("shout %s %q", group, frames)
	return n.sendErr
}

func (n *fakeNode) Flush(context.Context) error {
	n.note("flush")
	return n.flushErr
}

func (n *fakeNode) Peers() []zre.Peer {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Clone(n.peers)
}

func (n *fakeNode) Peer(id uuid.UUID) (zre.Peer, bool) {
	for _, p := range n.Peers() {
		if p.ID == id {
			return p, true
		}
	}
	return zre.Peer{}, false
}

func (n *fakeNode) PeersByGroup(group string) []zre.Peer {
	return slices.DeleteFunc(n.Peers(), func(p zre.Peer) bool { return !slices.Contains(p.Groups, group) })
}

func (n *fakeNode) Groups() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Clone(n.own)
}

func (n *fakeNode) PeerGroups() []string {
	var all []string
	for _, p := range n.Peers() {
		all = append(all, p.Groups...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// Leader takes the first of the peers in a group for its leader.
func (n *fakeNode) Leader(group string) (uuid.UUID, bool) {
	for _, p := range n.PeersByGroup(group) {
		return p.ID, true
	}
	return uuid.Nil, false
}

func (n *fakeNode) Ack() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.acks++
}

func (n *fakeNode) Next(ctx context.Context) (zre.Event, error) {
	select {
	case ev := <-n.events:
		return ev, nil
	default:
	}
	select {
	case ev := <-n.events:
		return ev, nil
	case <-ctx.Done():
		return zre.Event{}, context.Cause(ctx)
	case <-n.closed:
	}
	select { // what came before Close
	case ev := <-n.events:
		return ev, nil
	default:
		return zre.Event{}, io.EOF
	}
}

func (n *fakeNode) Problems() []zre.Problem {
	return []zre.Problem{{Kind: zre.ProblemStatic, Where: "10.0.0.9:1", Cause: "timed out", Advice: "open it"}}
}

// Ping takes a time that depends on nothing.
func (n *fakeNode) Ping(_ context.Context, peer uuid.UUID) (time.Duration, error) {
	n.note("ping %s", peer)
	return 412 * time.Microsecond, n.sendErr
}

func (n *fakeNode) Stats() zre.Stats { return zre.Stats{Peers: 1, MessagesIn: 42} }

func (n *fakeNode) Close() error {
	n.note("close")
	close(n.closed)
	return nil
}

// wide is a peer whose name and groups are of wide characters and accents.
var wide = zre.Peer{ID: uuid.MustParse("eeeebbbb-0000-4000-8000-000000000005"), Name: "žlut\u030cý 日本", Endpoint: "tcp://[fe80::1%eth0]:41000",
	Groups: []string{"chat", "料理の話"}, Headers: map[string]string{"X-PUBLICKEY": strings.Repeat("k", 40), "role": "printer"}}

func message(p zre.Peer, group string, content ...string) zre.Event {
	ev := zre.Event{Type: zre.EventWhisper, Peer: p.ID, Name: p.Name, Content: frames(content...)}
	if group != "" {
		ev.Type, ev.Group = zre.EventShout, group
	}
	return ev
}
