package engine

import (
	"log/slog"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"github.com/gozre/zre/internal/curve"
	"github.com/gozre/zre/internal/endpoint"
	"github.com/gozre/zre/internal/transport"
	"github.com/gozre/zre/zre/internal/core"
	"github.com/gozre/zre/zre/internal/host"
	"github.com/gozre/zre/zre/internal/inbox"
	"github.com/gozre/zre/zre/internal/link"
	"github.com/gozre/zre/zre/internal/pace"
)

// Config is what an Engine is made of. All fields are needed but Advertise and
// DiscardEvents.
type Config struct {
	Core core.Config // without its Shell
	// Advertise is the node's endpoint where that is not its own address.
	Advertise endpoint.Endpoint
	// DiscardEvents drops events instead of queueing them.
	DiscardEvents bool
	Host          *host.Host
	Queue         *inbox.Queue
	Logger        *slog.Logger
}

// Engine runs the protocol of one node.
type Engine struct {
	cfg     Config
	links   *link.Set
	roster  roster
	port    uint16
	start   time.Time // the core's time is counted from here
	closing atomic.Bool
	stop    chan struct{}
	done    sync.WaitGroup

	mu    sync.Mutex // guards what follows
	core  *core.Core
	batch []*inbox.Chunk // events since mu was taken
	ended bool           // the links are closed
	moved bool           // the roster is locked, because it changes
	watch watch

	failures failures
}

// New returns an Engine without peers.
func New(cfg Config) *Engine {
	e := &Engine{
		cfg: cfg, start: time.Now().Add(-time.Hour), // so that no time is 0
		stop: make(chan struct{}), roster: newRoster(), failures: make(failures),
	}
	cfg.Core.Shell = (*shell)(e)
	cfg.Core.Logger = cfg.Logger
	e.core = core.New(cfg.Core)
	return e
}

// Listen makes the Engine use these links, runs listen, which accepts connections and
// returns the port at which this node is reached, and starts the clock. Connections
// that come during the call wait.
func (e *Engine) Listen(links *link.Set, listen func() (port uint16, err error)) (err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.links = links
	if e.port, err = listen(); err != nil {
		return err
	}
	e.done.Go(e.keepTime)
	return nil
}

// now returns the time as the core counts it.
func (e *Engine) now() time.Duration { return time.Since(e.start) }

// do runs f with the core, unless the engine is closed.
func (e *Engine) do(f func(c *core.Core, now time.Duration)) {
	e.mu.Lock()
	if !e.ended {
		f(e.core, e.now())
	}
	e.unlock()
}

// unlock ends a critical section: senders see all its changes together, and its events
// go to the application.
func (e *Engine) unlock() {
	if e.moved {
		e.moved = false
		e.roster.mu.Unlock()
	}
	e.watch.tell(e.core)
	if len(e.batch) > 0 {
		e.cfg.Queue.Put(e.batch)
		clear(e.batch)
		e.batch = e.batch[:0]
		if cap(e.batch) > maxBatch {
			e.batch = nil
		}
	}
	e.mu.Unlock()
}

// maxBatch bounds the memory that is kept for the events of the next critical
// section, in chunks.
const maxBatch = 4096

// Inspect runs f with the core, to read from it.
func (e *Engine) Inspect(f func(c *core.Core)) {
	e.mu.Lock()
	defer e.mu.Unlock()
	f(e.core)
}

// Change runs f with the core, to change what the application decides.
func (e *Engine) Change(f func(c *core.Core)) {
	e.do(func(c *core.Core, now time.Duration) { c.At(now); f(c) })
}

// AddStatic dials the node at an endpoint, now and whenever it is not there.
func (e *Engine) AddStatic(at endpoint.Endpoint) {
	e.do(func(c *core.Core, now time.Duration) { c.AddStatic(now, at) })
}

// AddNamed is AddStatic for a node whose host has a name.
func (e *Engine) AddNamed(hostPort string, key curve.Key) {
	e.do(func(c *core.Core, now time.Duration) { c.AddNamed(now, hostPort, key) })
}

// WantsAddress reports whether such a node is not there.
func (e *Engine) WantsAddress(hostPort string) (wants bool) {
	e.Inspect(func(c *core.Core) { wants = c.WantsAddress(hostPort) })
	return wants
}

// SetAddresses tells which addresses the name of such a node's host has, or why it has none.
func (e *Engine) SetAddresses(hostPort string, addrs []netip.AddrPort, err error) {
	e.do(func(c *core.Core, now time.Duration) { c.SetAddresses(now, hostPort, addrs, err) })
}

// Links calls f with the link of each ready peer.
func (e *Engine) Links(f func(l *link.Link)) {
	e.Inspect(func(c *core.Core) {
		c.Peers(func(p *core.Peer) { f(LinkOf(p)) })
	})
}

// AllLinks calls f with each open link, of peers that are not ready as well.
func AllLinks(c *core.Core, f func(l *link.Link)) {
	c.Links(func(l core.Link) { f(l.(*link.Link)) })
}

// LinkOf returns the link to a peer.
func LinkOf(p *core.Peer) *link.Link { return p.Link().(*link.Link) }

// Leaving says that the node is being closed.
func (e *Engine) Leaving() {
	e.closing.Store(true)
	e.mu.Lock()
	defer e.mu.Unlock()
	e.watch.wake()
}

// Goodbye sends GOODBYE to the peers.
func (e *Engine) Goodbye() { e.Change((*core.Core).Goodbye) }

// Close stops the clock and closes all links.
func (e *Engine) Close() {
	e.closing.Store(true)
	close(e.stop)
	e.done.Wait()
	e.mu.Lock()
	defer e.mu.Unlock()
	e.ended = true
	AllLinks(e.core, func(l *link.Link) { l.Close(core.ReasonClosed) })
}

// keepTime drives the clocks of the core until the engine closes.
func (e *Engine) keepTime() {
	c := e.cfg.Core
	every := min(c.PingRate, c.QuietPeriod, c.DeadPeriod/4) / 2
	timer := time.NewTimer(pace.Left(every))
	defer timer.Stop()
	last := e.now()
	counted := time.Duration(0) // of the time that connections were not read
	for {
		select {
		case <-e.stop:
			return
		case <-timer.C:
		}
		timer.Reset(pace.Left(every))
		now := e.now()
		blocked, total := e.cfg.Queue.Blocked()
		e.mu.Lock()
		if gap := now - last; gap > 2*every {
			// This process was frozen, or the host asleep, or there are too few processors. No
			// message could arrive, so this time does not count against any peer. And
			// if there are too few, PINGs to peers that cannot answer make it worse.
			e.core.Hear(now, gap-every)
		} else if !blocked && total > counted {
			e.core.Hear(now, total-counted)
		}
		if !blocked {
			counted = total
		}
		e.core.Tick(now, blocked)
		e.unlock()
		last = now
	}
}

// Beacon implements discovery.Sink.
func (e *Engine) Beacon(id uuid.UUID, from netip.Addr, port uint16, key curve.Key) (isNew bool) {
	e.mu.Lock()
	if !e.ended {
		isNew = e.core.Beacon(e.now(), id, from, port, key)
	}
	e.unlock()
	return isNew
}

// Knows implements discovery.Sink.
func (e *Engine) Knows(id uuid.UUID) (known bool) {
	e.Inspect(func(c *core.Core) { known = c.Knows(id) })
	return known
}

// IsNew implements discovery.Sink.
func (e *Engine) IsNew(id uuid.UUID) (isNew bool) {
	e.do(func(c *core.Core, now time.Duration) { isNew = c.IsNew(now, id) })
	return isNew
}

// BeaconRefused implements discovery.Sink.
func (e *Engine) BeaconRefused(from netip.AddrPort, cause error) {
	e.do(func(c *core.Core, _ time.Duration) { c.BeaconRefused(from, cause) })
}

// Discovered implements discovery.Sink.
func (e *Engine) Discovered(id uuid.UUID, at endpoint.Endpoint) {
	e.do(func(c *core.Core, now time.Duration) { c.Discovered(now, id, at) })
}

// Withdrawn implements discovery.Sink.
func (e *Engine) Withdrawn(id uuid.UUID) {
	e.do(func(c *core.Core, now time.Duration) { c.Withdrawn(now, id) })
}

// Accept is transport.Config.Accept.
func (e *Engine) Accept(t *transport.Conn) transport.Handler {
	if c := inbox.NewConn(t, (*protocol)(e), e.cfg.Queue); c != nil {
		return c
	}
	return nil
}
