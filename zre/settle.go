package zre

import (
	"context"
	"fmt"
	"time"

	"github.com/gozre/zre/zre/internal/settle"
)

// The times that a node listens, from its start on, before it can be settled.
const (
	// A beacon comes once in a period; a tenth of it is for the time that it takes.
	listenBeacons = DefaultBeaconPeriod + DefaultBeaconPeriod/10
	// Without beacons the node is told of others, or they connect.
	listenOthers = 300 * time.Millisecond
)

// Settle waits until the node knows who is there: everyone who has announced himself (by
// a beacon, a gossip server, Discovery.Peers or a connection) is a peer whose groups are
// known, or has proved unreachable; and for a short time nothing new has come. A program
// that sends and leaves calls it after Start, and before it sends, so that what it sends
// reaches everybody who was there. In a quiet network it takes until 1.1 s after Start, and
// no time if the node runs longer; without beacons 0.3 s. A node that does not answer is
// waited for for 5 s, one that has connected to this one for 8 s.
//
// Nil means that everyone was reached. An *UnsettledError names those who were not, and
// the gossip servers that have not answered. If ctx ends before, it names those who are
// still awaited, and wraps the cause of ctx.
func (n *Node) Settle(ctx context.Context) error {
	n.engine.Probe(true)
	defer n.engine.Probe(false)
	begin := n.engine.Time(time.Now())
	s := settle.New(begin, n.engine.Time(n.started)+n.listenTime())
	for {
		engineView, changed := n.engine.Watch()
		asking, failed := n.discovery.Servers()
		v := settle.View{
			Now: engineView.Now, News: engineView.News, Awaited: engineView.Awaited,
			Handshakes: n.transport.Handshakes(), Asking: asking,
		}
		if n.closing.Load() {
			return fmt.Errorf("settle: %w", ErrClosed)
		}
		wait := s.Look(v)
		if wait == 0 {
			return unsettled(settle.Unreached(v), failed, nil)
		}
		if s.Listening(v.Now) {
			changed = nil
		}
		if err := n.pause(ctx, wait, changed); err != nil {
			return unsettled(settle.Open(v), failed, err)
		}
	}
}

// listenTime is how long after its start the node has heard everybody.
func (n *Node) listenTime() time.Duration {
	if n.cfg.Discovery.NoBeacon {
		return listenOthers
	}
	return max(listenBeacons, n.cfg.Discovery.BeaconPeriod+n.cfg.Discovery.BeaconPeriod/10)
}

// wakePause bounds how often a change wakes a goroutine that waits for peers.
const wakePause = 10 * time.Millisecond

// pause waits until something has changed, for a time at most. It returns the cause of ctx
// if that ends before.
func (n *Node) pause(ctx context.Context, most time.Duration, changed <-chan struct{}) error {
	timer := time.NewTimer(most)
	defer timer.Stop()
	select {
	case <-changed:
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	timer.Reset(min(most, wakePause))
	select {
	case <-timer.C:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	return nil
}

// WaitFor waits until at least so many peers are in a group. If ctx ends before, a
// *MembersError says how many there are.
func (n *Node) WaitFor(ctx context.Context, group string, members int) error {
	if err := checkGroup(group); err != nil {
		return fmt.Errorf("wait for %q: %w", group, err)
	}
	for {
		_, changed := n.engine.Watch()
		there := len(n.engine.Group(group))
		if there >= members {
			return nil
		}
		if n.closing.Load() {
			return fmt.Errorf("wait for %q: %w", group, ErrClosed)
		}
		if err := n.pause(ctx, time.Hour, changed); err != nil {
			return &MembersError{Group: group, Want: members, Have: there, Err: err}
		}
	}
}
