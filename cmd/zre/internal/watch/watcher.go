package watch

import (
	"context"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/gozre/zre/cmd/internal/cli"
	"github.com/gozre/zre/zre"
)

// Node is what is watched: a *zre.Node.
type Node interface {
	ID() uuid.UUID
	Name() string
	Endpoint() string
	Groups() []string
	Peers() []zre.Peer
	Problems() []zre.Problem
	Leader(group string) (uuid.UUID, bool)
	Join(group string) error
	Next(ctx context.Context) (zre.Event, error)
	Recycle(content ...[]byte)
	Ping(ctx context.Context, peer uuid.UUID) (time.Duration, error)
}

// Options say how a node is watched.
type Options struct {
	Window     int  // octets that may be in flight to one peer
	Visitors   bool // show nodes of other commands too
	EveryGroup bool // join each group that there is
}

// Times of a watcher.
const (
	period = time.Second            // of snapshots
	hurry  = 200 * time.Millisecond // the least time between two, when something has changed
)

// watcher follows a node.
type watcher struct {
	Options
	node    Node
	changed chan struct{} // capacity 1: something has happened

	mu       sync.Mutex // guards what follows
	ledger   *ledger
	meters   meters
	groups   map[string]*meter // SHOUTs to the groups that this node is in
	trips    map[uuid.UUID]time.Duration
	visitors map[uuid.UUID]bool // nodes of other commands that are there
}

// Run publishes snapshots, each second or soon after something has changed, until ctx ends or
// the node is closed. It calls publish from the calling goroutine.
func Run(ctx context.Context, node Node, opts Options, publish func(*Snapshot)) {
	ctx, cancel := context.WithCancel(ctx)
	w := newWatcher(node, opts)
	var all sync.WaitGroup
	defer all.Wait()
	defer cancel()
	all.Go(func() {
		defer cancel()
		w.take(ctx)
	})
	all.Go(func() { w.measure(ctx) })
	for {
		publish(w.snapshot(time.Now()))
		if !pause(ctx, hurry, nil) || !pause(ctx, period-hurry, w.changed) {
			return
		}
	}
}

func newWatcher(node Node, opts Options) *watcher {
	return &watcher{
		Options: opts, node: node, changed: make(chan struct{}, 1),
		ledger: newLedger(), meters: meters{}, groups: map[string]*meter{},
		trips: map[uuid.UUID]time.Duration{}, visitors: map[uuid.UUID]bool{},
	}
}

// pause waits for a time, or for an element of early. It reports false if ctx has ended.
func pause(ctx context.Context, most time.Duration, early <-chan struct{}) bool {
	timer := time.NewTimer(most)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-early:
	case <-timer.C:
	}
	return ctx.Err() == nil
}

// take takes the events.
func (w *watcher) take(ctx context.Context) {
	full := false
	for {
		ev, err := w.node.Next(ctx)
		if err != nil {
			return
		}
		if ev.Type == zre.EventJoin && w.EveryGroup && !full {
			full = w.node.Join(ev.Group) != nil // The node is in as many as allowed.
		}
		w.record(ev, time.Now())
		w.node.Recycle(ev.Content...)
		if ev.Type == zre.EventShout || ev.Type == zre.EventWhisper {
			continue
		}
		select {
		case w.changed <- struct{}{}:
		default: // One is enough.
		}
	}
}

// record keeps what an event says.
func (w *watcher) record(ev zre.Event, now time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if ev.Type == zre.EventEnter && ev.Headers[cli.OneShotHeader] != "" {
		w.visitors[ev.Peer] = true
	}
	if w.Visitors || !w.visitors[ev.Peer] {
		w.ledger.add(ev, now)
	}
	if ev.Type == zre.EventExit {
		delete(w.visitors, ev.Peer)
	}
}

// snapshot is what is known now.
func (w *watcher) snapshot(now time.Time) *Snapshot {
	peers, own := w.node.Peers(), w.node.Groups()
	s := &Snapshot{Time: now, Self: Self{
		ID: w.node.ID(), Name: w.node.Name(), Endpoint: w.node.Endpoint(), Groups: own, Window: w.Window,
	}}
	for _, p := range w.node.Problems() {
		s.Faults = append(s.Faults, p.Where+": "+p.Cause)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, p := range w.meters.measure(now, peers) {
		s.Self.In, s.Self.Out = s.Self.In.plus(p.In), s.Self.Out.plus(p.Out)
		if !w.Visitors && p.Visitor() {
			continue
		}
		p.RoundTrip = w.trips[p.ID]
		s.Peers = append(s.Peers, p)
	}
	for id := range w.trips {
		if w.meters[id] == nil { // It has left.
			delete(w.trips, id)
		}
	}
	s.Groups = groupsOf(s.Peers, own)
	for i := range s.Groups {
		w.measureGroup(now, &s.Groups[i])
	}
	s.Events = w.ledger.recent(now)
	return s
}

// measureGroup adds what is known of a group that this node is in.
func (w *watcher) measureGroup(now time.Time, g *Group) {
	if !g.Own {
		return
	}
	g.Leader, _ = w.node.Leader(g.Name)
	m := w.groups[g.Name]
	if m == nil {
		m = &meter{}
		w.groups[g.Name] = m
	}
	var c counter
	if counted := w.ledger.groups[g.Name]; counted != nil {
		c = *counted
	}
	g.In = m.update(now, c)
}
