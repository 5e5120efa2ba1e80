package zre

import (
	"context"
	"errors"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/gozre/zre/internal/transport"
	"github.com/gozre/zre/zre/internal/core"
	"github.com/gozre/zre/zre/internal/engine"
	"github.com/gozre/zre/zre/internal/inbox"
)

// Peer is a copy of what is known of another node.
type Peer struct {
	ID       uuid.UUID
	Name     string
	Endpoint string            // where it is reached, tcp://IP:PORT
	Groups   []string          // sorted
	Headers  map[string]string // from its HELLO
	Evasive  bool              // it does not answer PINGs
	Idle     time.Duration     // since a message came from it, PING-OKs included
	Stats    PeerStats

	PublicKey string // in a secure network, 40 characters of Z85; else empty
}

// Peers returns all peers that are present, sorted by name, then UUID.
func (n *Node) Peers() []Peer {
	var peers []Peer
	now := n.engine.Time(time.Now())
	n.engine.Inspect(func(c *core.Core) {
		c.Peers(func(p *core.Peer) { peers = append(peers, copyPeer(p, now)) })
	})
	sortPeers(peers)
	return peers
}

// Peer returns the peer with this UUID, if it is present.
func (n *Node) Peer(id uuid.UUID) (peer Peer, ok bool) {
	now := n.engine.Time(time.Now())
	n.engine.Inspect(func(c *core.Core) {
		if p := c.Peer(id); p != nil {
			peer, ok = copyPeer(p, now), true
		}
	})
	return peer, ok
}

// PeersByGroup returns the peers in a group, sorted by name, then UUID.
func (n *Node) PeersByGroup(group string) []Peer {
	var peers []Peer
	now := n.engine.Time(time.Now())
	n.engine.Inspect(func(c *core.Core) {
		c.Members(group, func(p *core.Peer) { peers = append(peers, copyPeer(p, now)) })
	})
	sortPeers(peers)
	return peers
}

// Groups returns the groups that this node is in, sorted.
func (n *Node) Groups() (groups []string) {
	n.engine.Inspect(func(c *core.Core) { groups = c.OwnGroups() })
	return groups
}

// PeerGroups returns the groups that peers are in, sorted.
func (n *Node) PeerGroups() (groups []string) {
	n.engine.Inspect(func(c *core.Core) { groups = c.PeerGroups() })
	return groups
}

// Leader returns the leader that the members of a group elected last, which may be this
// node. It reports false if none was elected since this node joined, or if the leader has
// left. See Config.Contest.
func (n *Node) Leader(group string) (id uuid.UUID, ok bool) {
	n.engine.Inspect(func(c *core.Core) { id = c.Leader(group) })
	return id, id != uuid.Nil
}

func copyPeer(p *core.Peer, now time.Duration) Peer {
	messages, octets := p.Received()
	return Peer{
		ID: p.ID(), Name: p.Name(), Endpoint: p.Endpoint().String(),
		Groups: p.Groups(), Headers: p.Headers(), PublicKey: p.Key().String(),
		Idle:    max(0, now-p.LastMessage()), // A message can come between the two.
		Evasive: p.State() == core.Evasive || p.State() == core.Silent,
		Stats:   PeerStats{MessagesIn: messages, OctetsIn: octets, LinkStats: linkStats(engine.LinkOf(p).Stats())},
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
// A node whose application does not call Next keeps up to Limits.ReceiveQueue
// octets and then reads no more from its peers, which wait; see also
// Config.DiscardEvents. Taking an event acknowledges it: the sender gets a PING-OK. With
// Config.ManualAck it does not, see Ack.
func (n *Node) Next(ctx context.Context) (ev Event, err error) {
	err = n.next(ctx, &ev)
	return ev, err
}

func (n *Node) next(ctx context.Context, ev *Event) error {
	var taken inbox.Event
	if err := n.queue.Take(ctx, &taken); err != nil {
		return err
	}
	if taken.Other != nil {
		*ev = newEvent(taken.Other)
		return nil
	}
	ev.Type, ev.Group, ev.Content = EventType(taken.Item.Type), taken.Item.Group, taken.Item.Content
	ev.Peer, ev.Name = taken.Source.Peer()
	return nil
}

var errNoRoom = errors.New("NextBatch: events is empty")

// NextBatch is Next for many events at a time: it waits for one, writes that and those behind it to
// events, in order, and returns how many these are; there may be more. A program that gets millions of small messages
// a second spends a good part of its time on taking them one by one. All of them count as taken
// when it returns, see Next and Ack. It is an error if events is empty.
func (n *Node) NextBatch(ctx context.Context, events []Event) (int, error) {
	if len(events) == 0 {
		return 0, errNoRoom
	}
	i := 0
	err := n.queue.TakeSome(ctx, len(events), func(s inbox.Source, messages []inbox.Item, other *core.Event) {
		if other != nil {
			events[i] = newEvent(other)
			i++
			return
		}
		peer, name := s.Peer()
		for k := range messages {
			m, ev := &messages[k], &events[i]
			// One by one: a whole Event would be made elsewhere first and copied, which is a tenth of
			// what a receiver of small messages does.
			ev.Type = EventType(m.Type)
			ev.Peer = peer
			ev.Name = name
			ev.Group = m.Group
			ev.Content = m.Content
			ev.Endpoint, ev.Headers, ev.Reason = "", nil, 0
			i++
		}
	})
	return i, err
}

func newEvent(ev *core.Event) Event {
	return Event{
		Type: EventType(ev.Type), Peer: ev.Peer, Name: ev.Name, Group: ev.Group,
		Endpoint: ev.Endpoint, Headers: ev.Headers, Reason: Reason(ev.Reason),
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
			if err := n.next(context.Background(), &ev); err != nil || !yield(ev) {
				return
			}
		}
	}
}

// Ack acknowledges all messages that Next has returned before, in a node with
// Config.ManualAck. Call it when they are handled; after each message costs little. A
// node of which a message is never acknowledged counts, for the Flush of the sender, as one
// that has not received everything: so an application that cannot handle a message stops
// calling Ack, and closes the node. PINGs count messages in order, so there is no way to
// leave out one message and acknowledge the next. Without ManualAck it does nothing.
func (n *Node) Ack() { n.queue.Ack() }

// Recycle gives the memory of an event's Content back, to be used for later messages. The
// application must not use these frames afterwards. Calling it is optional. It saves the
// garbage collector work where large messages come fast.
func (n *Node) Recycle(content ...[]byte) {
	for _, frame := range content {
		transport.Recycle(frame)
	}
}
