package zre

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"github.com/gozre/zre/internal/zmq"
	"github.com/gozre/zre/zre/internal/core"
)

// Node is one member of a ZRE network. All its methods are safe for concurrent
// use.
type Node struct {
	cfg   Config
	log   *slog.Logger
	zmq   *zmq.Context
	inbox *zmq.Socket
	port  uint16
	bound []string // the hosts that the inbox is bound to at the start
	net   *network
	queue *queue
	turns *turns
	find  finders

	security *security

	mu      sync.Mutex // guards what follows; nothing blocks while it is held
	core    *core.Core
	batch   []item // events since mu was taken
	epoch   uint64 // of the core when stale was set last
	retired LinkStats
	short   map[uuid.UUID]struct{} // peers that leave out the last number of the sequence

	stale atomic.Bool // dir is out of date
	dir   atomic.Pointer[directory]

	lostMu sync.Mutex
	lost   map[uuid.UUID]Missed // peers that went away before they had taken in all

	fencer  *time.Timer // runs fenceAll
	fencing atomic.Bool // it is set

	deaf      atomic.Bool // the inbox is not read: the queue is full
	closing   atomic.Bool
	closeOnce sync.Once
	closeErr  error
	start     time.Time       // the core's time is counted from here
	life      context.Context // ends in Close, and with it the node's goroutines
	die       context.CancelFunc
	wg        sync.WaitGroup
}

// Start makes a node and lets it be found. It returns with a node that runs, or
// with the error that kept it from running and nothing left behind. When ctx
// ends the node closes as by Close.
func Start(ctx context.Context, cfg Config) (*Node, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("start: %w", context.Cause(ctx))
	}
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	cfg.Headers = maps.Clone(cfg.Headers)
	log := cfg.Logger.With("node", cfg.Name)
	security, err := newSecurity(&cfg, log)
	if err != nil {
		return nil, err
	}
	if security.public != "" {
		if cfg.Headers == nil {
			cfg.Headers = make(map[string]string)
		}
		cfg.Headers[core.KeyHeader] = security.public
	}
	n := &Node{
		cfg:   cfg,
		log:   log,
		lost:  make(map[uuid.UUID]Missed),
		short: make(map[uuid.UUID]struct{}),

		security: security,
	}
	n.start = time.Now().Add(-time.Hour) // so that no time is 0
	n.life, n.die = context.WithCancel(context.Background())
	n.core = core.New(core.Config{
		ID: cfg.UUID, Name: cfg.Name, Headers: cfg.Headers, PublicKey: security.public,
		QuietPeriod: cfg.QuietPeriod, PingRate: cfg.QuietPingRate, DeadPeriod: cfg.DeadPeriod,
		NoBeacon: cfg.NoBeacon, MaxPeers: cfg.MaxPeers, Shell: (*shell)(n), Logger: n.log,
	})
	for _, g := range cfg.Contest {
		n.core.Contest(g)
	}
	n.dir.Store(&directory{})
	n.fencer = time.AfterFunc(time.Hour, n.fenceAll)
	n.fencer.Stop()
	n.queue = newQueue(cfg.ReceiveQueue, n.wait)
	n.turns = newTurns(n.relieve, security.heads())
	if err := n.open(); err != nil {
		n.release()
		return nil, fmt.Errorf("start: %w", err)
	}
	context.AfterFunc(ctx, func() {
		if err := n.Close(); err != nil {
			n.log.Warn("node closed by its context", "error", err)
		}
	})
	return n, nil
}

// open makes the sockets, then the goroutines that use them, then the ways to
// be found.
func (n *Node) open() (err error) {
	if n.net, err = newNetwork(n.cfg.Interfaces); err != nil {
		return err
	}
	if n.zmq, err = zmq.Open(); err != nil {
		return err
	}
	if err = n.openInbox(); err != nil {
		return err
	}
	n.wg.Add(2)
	go n.readInbox()
	go n.keepTime()
	return n.startFinders()
}

// now returns the time as the core counts it.
func (n *Node) now() time.Duration { return time.Since(n.start) }

// unlock ends a critical section: senders learn that the peers have changed, and
// its events go to the application.
func (n *Node) unlock() {
	// In this order, so that who takes an ENTER can send to the peer.
	if e := n.core.Epoch(); e != n.epoch {
		n.epoch = e
		n.stale.Store(true)
	}
	if len(n.batch) > 0 {
		n.batch = n.queue.put(n.batch)
		n.interrupt()
	}
	n.mu.Unlock()
}

// Close leaves the network politely. It waits until the peers have taken in what
// was sent, at most for Config.CloseTimeout; says GOODBYE; sends the beacon with
// port 0; and frees everything. A *DeliveryError names the peers that are not
// known to have taken in everything. Events that were received before can still
// be read by Next until io.EOF. Further calls return the same.
func (n *Node) Close() error {
	n.closeOnce.Do(func() {
		n.closing.Store(true)
		signal(n.queue.room)
		signal(n.turns.relief)
		ctx, cancel := context.WithTimeoutCause(context.Background(), n.cfg.CloseTimeout,
			fmt.Errorf("no answer within %v", n.cfg.CloseTimeout))
		n.closeErr = n.flush(ctx, opClose)
		cancel()
		n.awaitPings()
		n.stopFinders()
		n.mu.Lock()
		n.core.Goodbye()
		n.unlock()
		n.release()
	})
	return n.closeErr
}

// release frees what open made, as far as it came.
func (n *Node) release() {
	n.closing.Store(true)
	n.fencer.Stop()
	n.die()
	n.stopFinders()
	if n.inbox != nil {
		if err := n.inbox.Close(); err != nil {
			n.log.Error("inbox does not close", "error", err)
		}
	}
	signal(n.queue.room)
	n.wg.Wait()
	n.security.logs.Wait() // No beacon is heard any more, and nobody can connect.
	// An application that reads still has the last batch in hand.
	n.turns.reading.Lock()
	n.turns.ended.Store(true)
	n.turns.heedNone()
	n.turns.reading.Unlock()
	n.turns.timer.Stop()
	n.mu.Lock()
	n.core.Links(func(l core.Link) { l.Close("this node is closed") })
	n.mu.Unlock()
	if n.zmq != nil {
		if err := n.zmq.Close(); err != nil {
			n.log.Error("libzmq does not end", "error", err)
		}
	}
	// A program that reads events until they end may end as well: by now the
	// last words of the node are out.
	n.queue.close()
}

// keepTime drives the clocks of the core and the beacons until the node closes.
func (n *Node) keepTime() {
	defer n.wg.Done()
	every := min(n.cfg.QuietPingRate, n.cfg.QuietPeriod, n.cfg.DeadPeriod/4) / 2
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	last := n.now()
	for {
		select {
		case <-n.life.Done():
			return
		case <-ticker.C:
		}
		now := n.now()
		n.mu.Lock()
		if gap := now - last; gap > 4*every {
			// This process was frozen, or the host asleep: nothing could be
			// heard, so that nobody is judged by it.
			n.core.Hear(now, gap)
		}
		n.core.Tick(now, n.deaf.Load())
		n.unlock()
		last = now
	}
}

// Join puts the node into a group: it gets what is shouted there. Joining twice
// is the same as once.
func (n *Node) Join(ctx context.Context, group string) error {
	return n.change(ctx, "join", group, (*core.Core).Join)
}

// Leave takes the node out of a group. Leaving a group that it is not in does
// nothing.
func (n *Node) Leave(ctx context.Context, group string) error {
	return n.change(ctx, "leave", group, (*core.Core).Leave)
}

func (n *Node) change(ctx context.Context, op, group string, f func(*core.Core, string) bool) error {
	err := checkGroup(group)
	if err == nil {
		err = context.Cause(ctx)
	}
	if err == nil && n.closing.Load() {
		err = ErrClosed
	}
	if err != nil {
		return fmt.Errorf("%s %q: %w", op, group, err)
	}
	n.mu.Lock()
	f(n.core, group)
	n.unlock()
	return nil
}

// ID returns the node's UUID.
func (n *Node) ID() uuid.UUID { return n.cfg.UUID }

// Name returns the node's name.
func (n *Node) Name() string { return n.cfg.Name }

// PublicKey returns the node's public key, "" if Config.SecretKey is not set.
func (n *Node) PublicKey() string { return n.security.public }

// Headers returns a copy of what peers are told in the HELLO.
func (n *Node) Headers() map[string]string { return maps.Clone(n.cfg.Headers) }

// Endpoint returns where the node is reached, tcp://IP:PORT. A host with several
// addresses tells each peer the one that reaches that peer; this is the first.
func (n *Node) Endpoint() string {
	if n.cfg.Advertise != "" {
		return n.cfg.Advertise
	}
	return n.net.endpoint(n.port)
}

// isClosed reports whether an error only says that a socket was closed.
func isClosed(err error) bool { return errors.Is(err, zmq.ErrClosed) }
