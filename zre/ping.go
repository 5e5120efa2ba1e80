package zre

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
)

// Ping measures a round trip to a peer: the time from a PING (RFC 36, "PING") to the
// PING-OK that answers it. It waits until the answer comes, ctx ends or the peer is gone.
//
// PINGs keep their place among the messages to a peer, and a peer of this implementation
// answers when its application has taken what came before. So the round trip includes the
// time that messages in flight take, in both queues: it is that of the network alone if
// there are none. Other implementations answer before their application has read anything.
//
// An error wraps ErrUnknownPeer if there is no peer with this UUID, ErrPeerGone if it went
// away, the cause of ctx if that has ended, ErrEventsNotTaken if the answer is behind events
// that this node's application does not take, or ErrClosed. Ping is safe for concurrent use.
func (n *Node) Ping(ctx context.Context, peer uuid.UUID) (time.Duration, error) {
	if n.closing.Load() {
		return 0, fmt.Errorf("ping %s: %w", peer, ErrClosed)
	}
	l := n.engine.Link(peer)
	if l == nil {
		return 0, fmt.Errorf("ping %s: %w", peer, ErrUnknownPeer)
	}
	begin := time.Now()
	goal, err := l.Ping(ctx)
	if err == nil {
		err = l.Await(ctx, goal)
	}
	if err != nil {
		return 0, fmt.Errorf("ping %s: %w", peer, err)
	}
	return time.Since(begin), nil
}
