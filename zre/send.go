package zre

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/gozre/zre/internal/zmq"
	"github.com/gozre/zre/zre/internal/core"
)

// The operations that a DeliveryError names.
const (
	opShout = "shout"
	opFlush = "flush"
	opClose = "close"
)

// Whisper sends a message of any number of frames to one peer (RFC 36,
// "WHISPER"). While as much as Config.SendWindow is under way to the peer it
// waits, until there is room, ctx ends or the peer is gone. The frames may be
// reused when it returns.
//
// That it returns nil means that the message is on its way, in order; Flush
// tells when it was taken in. It is safe for concurrent use.
func (n *Node) Whisper(ctx context.Context, peer uuid.UUID, frames ...[]byte) error {
	if _, err := n.checkFrames(frames); err != nil {
		return fmt.Errorf("whisper to %s: %w", peer, err)
	}
	d, err := n.directory()
	if err != nil {
		return fmt.Errorf("whisper to %s: %w", peer, err)
	}
	l := d.link(peer)
	if l == nil {
		return fmt.Errorf("whisper to %s: %w", peer, ErrUnknownPeer)
	}
	if err := l.send(ctx, frames); err != nil {
		return fmt.Errorf("whisper to %s: %w", peer, err)
	}
	return nil
}

// Shout sends a message of any number of frames to all peers in a group (RFC 36,
// "SHOUT"). The node need not be in the group itself, and gets no copy. Where as
// much as Config.SendWindow is under way to a member, the others are served
// first; then it waits, until there is room, ctx ends or the member is gone.
//
// A *DeliveryError names the members that were not reached. Each member gets the
// message whole or not at all, and a message that was skipped leaves no gap. It
// is safe for concurrent use.
func (n *Node) Shout(ctx context.Context, group string, frames ...[]byte) error {
	if err := checkGroup(group); err != nil {
		return fmt.Errorf("shout: %w", err)
	}
	size, err := n.checkFrames(frames)
	if err != nil {
		return fmt.Errorf("shout to %q: %w", group, err)
	}
	d, err := n.directory()
	if err != nil {
		return fmt.Errorf("shout to %q: %w", group, err)
	}
	var missed []Missed
	var later []*link
	var shared *zmq.Content
	if len(d.groups[group]) > 1 && size >= shareFrom {
		shared = new(zmq.Content)
		shared.Set(slices.Clone(frames)...) // so that frames can stay on the stack of the caller
		defer shared.Release()
	}
	for _, l := range d.groups[group] {
		sent, err := l.try(group, frames, shared, nil)
		switch {
		case err != nil:
			missed = append(missed, n.missed(l, err))
		case !sent:
			later = append(later, l)
		}
	}
	if len(later) > 0 {
		missed = append(missed, n.shoutLater(ctx, group, frames, shared, later)...)
	}
	if len(missed) > 0 {
		return &DeliveryError{opShout, missed}
	}
	return nil
}

// shoutLater sends to the links as each of them has room.
func (n *Node) shoutLater(ctx context.Context, group string, frames [][]byte, shared *zmq.Content, links []*link) (missed []Missed) {
	wake := make(chan struct{}, 1)
	all := slices.Clone(links)
	defer func() {
		for _, l := range all {
			l.forget(wake)
		}
	}()
	for {
		links = slices.DeleteFunc(links, func(l *link) bool {
			sent, err := l.try(group, frames, shared, wake)
			if err != nil {
				missed = append(missed, n.missed(l, err))
			}
			return sent || err != nil
		})
		if len(links) == 0 {
			return missed
		}
		if err := n.wait(ctx, wake); err != nil {
			for _, l := range links {
				missed = append(missed, n.missed(l, err))
			}
			return missed
		}
	}
}

// shareFrom is the size, in octets, from which on a SHOUT is copied once for all
// members. For a small one that costs more than a copy for each.
const shareFrom = 512

// Flush waits until every peer has taken in all that was sent to it before, or
// ctx ends. It is a fence by PING and PING-OK, so it works against every
// implementation; a peer of this one answers when its application has taken the
// messages. A *DeliveryError names the peers that have not taken in everything,
// also those that went away before they had since the last Flush.
func (n *Node) Flush(ctx context.Context) error {
	if n.closing.Load() {
		return fmt.Errorf("flush: %w", ErrClosed)
	}
	return n.flush(ctx, opFlush)
}

func (n *Node) flush(ctx context.Context, op string) error {
	type goal struct {
		l  *link
		at uint64
	}
	var goals []goal
	n.mu.Lock()
	n.core.Peers(func(p *core.Peer) {
		l := linkOf(p)
		if at, fenced := l.fence(op == opClose); fenced {
			goals = append(goals, goal{l, at})
		}
	})
	n.mu.Unlock()
	var missed []Missed
	for _, g := range goals {
		if err := g.l.await(ctx, g.at); err != nil && !errors.Is(err, ErrPeerGone) {
			missed = append(missed, n.missed(g.l, err))
		}
	}
	missed = append(missed, n.takeLost()...)
	if len(missed) == 0 {
		return nil
	}
	slices.SortFunc(missed, func(a, b Missed) int { return strings.Compare(a.Peer.String(), b.Peer.String()) })
	return &DeliveryError{op, missed}
}

// fence sends a PING unless the last message was one or all is taken in. It
// returns what has to be acknowledged. With dataOnly, messages of control need
// not be.
func (l *link) fence(dataOnly bool) (goal uint64, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err != nil || (dataOnly && l.win.UnackedData() == 0) {
		return 0, false
	}
	if l.win.Unfenced() {
		l.ping()
	}
	goal = l.win.Goal()
	return goal, !l.win.Reached(goal)
}

// fenceAfter is how long after a message at the latest a PING follows, so that a
// peer that read what little there was to read, and left some time later, is not
// taken for one that missed it.
const fenceAfter = 20 * time.Millisecond

// fenceSoon lets a PING follow the data that was just sent.
func (n *Node) fenceSoon() {
	if !n.fencing.Load() && n.fencing.CompareAndSwap(false, true) {
		n.fencer.Reset(fenceAfter)
	}
}

// fenceAll sends PINGs where data was sent that no PING follows yet.
func (n *Node) fenceAll() {
	n.fencing.Store(false)
	n.mu.Lock()
	defer n.mu.Unlock()
	n.core.Peers(func(p *core.Peer) { linkOf(p).fenceData() })
}

func (l *link) fenceData() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err == nil && l.win.UnfencedData() {
		l.ping()
	}
}

// awaitPings gives peers whose messages the application has taken the time to ask
// whether it has: they do so fenceAfter they sent. Other implementations do not
// ask, so the wait is short.
func (n *Node) awaitPings() {
	for range 10 {
		unasked := false
		n.mu.Lock()
		n.core.Peers(func(p *core.Peer) { unasked = unasked || linkOf(p).unasked() })
		n.mu.Unlock()
		if !unasked {
			return
		}
		<-time.After(fenceAfter / 2)
	}
}

// unasked reports whether the application has taken messages from the peer, and
// the peer has not sent a PING after them. Called under Node.mu.
func (l *link) unasked() bool {
	return l.delivered != l.asked && l.consumed.Load() == l.delivered
}

// await waits until the goal is acknowledged.
func (l *link) await(ctx context.Context, goal uint64) error {
	wake := make(chan struct{}, 1)
	defer l.forget(wake)
	for {
		l.mu.Lock()
		switch {
		case l.win.Reached(goal):
			l.mu.Unlock()
			return nil
		case l.err != nil:
			l.mu.Unlock()
			return l.err
		}
		if l.wait == nil {
			l.wait = make(map[chan struct{}]struct{})
		}
		l.wait[wake] = struct{}{}
		l.mu.Unlock()
		if err := l.node.wait(ctx, wake); err != nil {
			return err
		}
	}
}

// checkFrames refuses what no peer with the same limit would accept. It returns
// the size of all.
func (n *Node) checkFrames(frames [][]byte) (size int, err error) {
	for i, f := range frames {
		size += len(f)
		if int64(len(f)) > n.cfg.MaxMessageSize {
			return 0, fmt.Errorf("frame %d of %d octets, limit %d: %w", i, len(f), n.cfg.MaxMessageSize, ErrTooLarge)
		}
	}
	return size, nil
}

func checkGroup(group string) error {
	if len(group) == 0 || len(group) > 255 {
		return fmt.Errorf("group name of %d octets: %w", len(group), ErrGroupName)
	}
	return nil
}
