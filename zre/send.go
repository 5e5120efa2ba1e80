package zre

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/gozre/zre/internal/transport"
	"github.com/gozre/zre/zre/internal/link"
)

// The operations that a DeliveryError names.
const (
	opShout = "shout"
	opFlush = "flush"
	opClose = "close"
)

// noContent is sent for a message without frames: some implementations fail on one.
func noContent() [][]byte { return [][]byte{nil} }

// Whisper sends a message of any number of frames to one peer (RFC 36,
// "WHISPER"). While as much as Limits.SendWindow is in flight to the peer it
// waits, until there is room, ctx ends or the peer is gone. The frames may be
// reused when it returns. A message without frames is sent as one empty frame.
//
// A nil error means that the message is in flight, in order. Flush waits until it is
// acknowledged. Whisper is safe for concurrent use.
func (n *Node) Whisper(ctx context.Context, peer uuid.UUID, frames ...[]byte) error {
	octets, err := n.checkFrames(frames)
	if err != nil {
		return fmt.Errorf("whisper to %s: %w", peer, err)
	}
	if n.closing.Load() {
		return fmt.Errorf("whisper to %s: %w", peer, ErrClosed)
	}
	l := n.engine.Link(peer)
	if l == nil {
		return fmt.Errorf("whisper to %s: %w", peer, ErrUnknownPeer)
	}
	if len(frames) == 0 {
		frames = noContent()
	}
	if err := l.Whisper(ctx, frames, octets); err != nil {
		return fmt.Errorf("whisper to %s: %w", peer, err)
	}
	return nil
}

// Shout sends a message of any number of frames to all peers in a group (RFC 36,
// "SHOUT"). The node need not be in the group itself, and gets no copy. Where as
// much as Limits.SendWindow is in flight to a member, the others are served
// first; then it waits, until there is room, ctx ends or the member is gone. A
// message without frames is sent as one empty frame.
//
// A *DeliveryError names the members that were not reached. Each member gets the
// message whole or not at all, and a message that was skipped leaves no gap. It
// is safe for concurrent use.
func (n *Node) Shout(ctx context.Context, group string, frames ...[]byte) error {
	if err := checkGroup(group); err != nil {
		return fmt.Errorf("shout: %w", err)
	}
	octets, err := n.checkFrames(frames)
	if err == nil && n.closing.Load() {
		err = ErrClosed
	}
	if err != nil {
		return fmt.Errorf("shout to %q: %w", group, err)
	}
	if len(frames) == 0 {
		frames = noContent()
	}
	if missed := n.links.Shout(ctx, group, frames, octets, n.engine.Group(group)); len(missed) > 0 {
		return deliveryError(opShout, missed)
	}
	return nil
}

// Flush waits until every peer has acknowledged the SHOUTs and WHISPERs that were sent to
// it before, or ctx ends. A peer that was sent none is not waited for. Flush is a fence by
// PING and PING-OK, so it works against every implementation; a peer of this one answers
// when its application has taken the messages. A *DeliveryError names the peers that have
// not acknowledged everything, also those that went away before they had since the last
// Flush.
func (n *Node) Flush(ctx context.Context) error {
	if n.closing.Load() {
		return fmt.Errorf("flush: %w", ErrClosed)
	}
	return n.flush(ctx, opFlush)
}

func (n *Node) flush(ctx context.Context, op string) error {
	type goal struct {
		l  *link.Link
		at uint64
	}
	var goals []goal
	n.engine.Links(func(l *link.Link) {
		if at, fenced := l.Fence(); fenced {
			goals = append(goals, goal{l, at})
		}
	})
	var missed []link.Missed
	for _, g := range goals {
		if err := g.l.Await(ctx, g.at); err != nil && !errors.Is(err, ErrPeerGone) {
			missed = append(missed, g.l.Missed(err))
		}
	}
	missed = append(missed, n.links.TakeMissed()...)
	if len(missed) == 0 {
		return nil
	}
	link.SortMissed(missed)
	return deliveryError(op, missed)
}

// awaitPings gives peers the time to send the PING that follows their messages, which is
// link.FenceAfter, so that it is answered before the node closes. Other implementations
// send none, so the wait is short.
func (n *Node) awaitPings() {
	for range 10 {
		unasked := false
		n.engine.Links(func(l *link.Link) { unasked = unasked || l.Unasked() })
		if !unasked {
			return
		}
		<-time.After(link.FenceAfter / 2)
	}
}

// maxContentFrames is the largest number of frames in a message; the header is one more.
const maxContentFrames = transport.DefaultMaxFrames - 1

// checkFrames refuses what no peer with the same limits would accept. It returns
// the size of all.
func (n *Node) checkFrames(frames [][]byte) (size int, err error) {
	if len(frames) > maxContentFrames {
		return 0, fmt.Errorf("%d frames, limit %d: %w", len(frames), maxContentFrames, ErrTooLarge)
	}
	for _, f := range frames {
		size += len(f)
	}
	if int64(size) > n.cfg.Limits.MaxMessageSize {
		return 0, fmt.Errorf("%d octets, limit %d: %w", size, n.cfg.Limits.MaxMessageSize, ErrTooLarge)
	}
	return size, nil
}

func checkGroup(group string) error {
	if len(group) == 0 || len(group) > 255 {
		return fmt.Errorf("group name of %d octets: %w", len(group), ErrGroupName)
	}
	return nil
}
