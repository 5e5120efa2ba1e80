package zre

import (
	"context"
	"iter"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/gozre/zre/zre/internal/core"
)

// Peer is a copy of what is known of another node.
type Peer struct {
	ID       uuid.UUID
	Name     string
	Endpoint string            // where it is reached, tcp://IP:PORT
	Groups   []string          // sorted
	Headers  map[string]string // from its HELLO
	Evasive  bool              // it leaves PINGs unanswered
	Stats    PeerStats

	PublicKey string // in a secure network, 40 characters of Z85; else empty
}

// Peers returns the peers that are there, sorted by name, then UUID.
func (n *Node) Peers() []Peer {
	n.mu.Lock()
	defer n.mu.Unlock()
	var peers []Peer
	n.core.Peers(func(p *core.Peer) { peers = append(peers, copyPeer(p)) })
	sortPeers(peers)
	return peers
}

// Peer returns the peer with this UUID, if it is there.
func (n *Node) Peer(id uuid.UUID) (Peer, bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if p := n.core.Peer(id); p != nil {
		return copyPeer(p), true
	}
	return Peer{}, false
}

// PeersByGroup returns the peers in a group, sorted by name, then UUID.
func (n *Node) PeersByGroup(group string) []Peer {
	n.mu.Lock()
	defer n.mu.Unlock()
	var peers []Peer
	n.core.Members(group, func(p *core.Peer) { peers = append(peers, copyPeer(p)) })
	sortPeers(peers)
	return peers
}

// Groups returns the groups that this node is in, sorted.
func (n *Node) Groups() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.core.OwnGroups()
}

// PeerGroups returns the groups that peers are in, sorted.
func (n *Node) PeerGroups() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.core.PeerGroups()
}

// Leader returns the leader that the members of a group have elected last, which may
// be this node. It reports false if none was elected since this node joined, or the
// leader has left since. See Config.Contest.
func (n *Node) Leader(group string) (uuid.UUID, bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	id := n.core.Leader(group)
	return id, id != uuid.Nil
}

func copyPeer(p *core.Peer) Peer {
	l := linkOf(p)
	messages, octets := p.Received()
	return Peer{
		ID: p.ID(), Name: p.Name(), Endpoint: p.Endpoint(),
		Groups: p.Groups(), Headers: p.Headers(), Evasive: p.Evasive(),
		PublicKey: p.Key(),
		Stats:     PeerStats{MessagesIn: messages, OctetsIn: octets, LinkStats: l.stats()},
	}
}

func sortPeers(peers []Peer) {
	slices.SortFunc(peers, func(a, b Peer) int {
		if c := strings.Compare(a.Name, b.Name); c != 0 {
			return c
		}
		return slices.Compare(a.ID[:], b.ID[:])
	})
}

// Next returns the next event, waiting for one until ctx ends. After Close it
// returns what was received before, and then io.EOF.
//
// A node whose application does not call Next keeps up to Config.ReceiveQueue
// octets and then reads no more from its peers, which wait; see also
// Config.DiscardEvents. Taking an event is what tells its sender, by PING-OK,
// that the message was taken in.
func (n *Node) Next(ctx context.Context) (ev Event, err error) {
	err = n.queue.take(ctx, &ev)
	return ev, err
}

// Recycle gives the memory of an event's Content back, for messages to come. The
// application must not touch these frames any more. Nobody has to do this; it
// spares Go's collector work where large messages come fast.
func (n *Node) Recycle(content ...[]byte) {
	for _, frame := range content {
		n.inbox.Recycle(frame)
	}
}

// Events returns the events in order, for use with range, until the node is
// closed and all that was received is read. See Next.
//
// It is an iterator and not a channel, so that the queue's bound in octets and
// the answer to a sender's PING are exact: an event is either queued or taken.
func (n *Node) Events() iter.Seq[Event] {
	return func(yield func(Event) bool) {
		for {
			var ev Event
			if err := n.queue.take(context.Background(), &ev); err != nil || !yield(ev) {
				return
			}
		}
	}
}
