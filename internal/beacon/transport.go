package beacon

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gozre/zre/internal/netif"
)

// retryPeriod is how long the transport waits before it tries again what
// failed without a sign of when it will work.
const retryPeriod = 2 * time.Second

// A transport is what Conns with equal settings share.
type transport struct {
	key      string   // of the settings that it was opened for
	settings settings // the families are those that the host has
	sockets  map[binding]socket
	conns    atomic.Pointer[[]*Conn]

	// accepted are the indexes of the named interfaces, nil when none is named.
	accepted          atomic.Pointer[[]int]
	received, dropped atomic.Uint64
	repeats           repeats

	// mu guards where and when is sent, and the sending itself.
	mu       sync.Mutex
	routes   []route
	schedule schedule
	closed   bool

	opened      time.Time
	rescheduled chan struct{} // holds one value when the schedule has changed

	// Only the follower goroutine uses these once the transport is open.
	interfaces []netif.Interface
	joined     map[membership]bool

	stop       context.CancelFunc
	goroutines sync.WaitGroup
}

// openTransport opens the sockets and starts the goroutines.
func openTransport(s settings, open opener, log *slog.Logger) (*transport, error) {
	// The watch begins before the list is made, so that no change falls in
	// between.
	ctx, stop := context.WithCancel(context.Background())
	changed, err := netif.Watch(ctx)
	if err != nil {
		stop()
		return nil, fmt.Errorf("beacon: %w", err)
	}
	t := &transport{
		key:         s.key(),
		settings:    s,
		sockets:     make(map[binding]socket),
		joined:      make(map[membership]bool),
		opened:      time.Now(),
		rescheduled: make(chan struct{}, 1),
		stop:        stop,
	}
	t.setConns(nil)
	interfaces, err := netif.List()
	if err == nil {
		interfaces = s.choice.Filter(interfaces)
		err = t.openSockets(open, log)
	}
	if err != nil {
		t.close()
		for range changed { // until the watch has given back what it holds
		}
		return nil, err
	}
	whole := t.use(interfaces, log)
	for _, socket := range t.sockets {
		t.goroutines.Go(func() { t.read(ctx, socket) })
	}
	t.goroutines.Go(func() { t.follow(changed, !whole) })
	t.goroutines.Go(func() { t.announce(ctx) })
	return t, nil
}

// openSockets opens a socket for each binding. The host may lack a version of IP,
// though not all that are to be used.
func (t *transport) openSockets(open opener, log *slog.Logger) error {
	var missing error
	for _, b := range t.settings.bindings() {
		socket, err := open(b, t.settings.ttl)
		switch {
		case err == nil:
			t.sockets[b] = socket
		case isMissing(err):
			missing = err
			log.Debug("beacon: the host lacks a version of IP", "missing", b.family, "error", err)
		default:
			return err
		}
	}
	if len(t.sockets) == 0 {
		return missing
	}
	t.settings.families = slices.DeleteFunc(slices.Clone(t.settings.families), func(f Family) bool {
		return t.sockets[binding{f, t.settings.port}] == nil
	})
	return nil
}

// close ends the goroutines and waits for them. No Conn is attached any more.
func (t *transport) close() {
	t.mu.Lock()
	t.closed = true
	for _, r := range t.routes {
		r.sender.close()
	}
	t.routes = nil
	t.mu.Unlock()
	t.stop()
	for _, socket := range t.sockets {
		socket.close()
	}
	t.goroutines.Wait()
	t.repeats.end()
}

func (t *transport) current() []*Conn { return *t.conns.Load() }

// drop ends what the Conn has going on here.
func (t *transport) drop(c *Conn) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.schedule.drop(c)
}

func (t *transport) setConns(conns []*Conn) { t.conns.Store(&conns) }

// logger gives that of the longest attached Conn, for what concerns them all.
func (t *transport) logger() *slog.Logger {
	if conns := t.current(); len(conns) > 0 {
		return conns[0].log
	}
	return slog.New(slog.DiscardHandler)
}

// read hands on what arrives on one socket until that is closed.
func (t *transport) read(ctx context.Context, socket socket) {
	for {
		payload, from, ifindex, err := socket.receive()
		switch {
		case err == nil:
			t.dispatch(payload, from, ifindex)
		case errors.Is(err, net.ErrClosed):
			return
		default:
			// Not known to happen: nothing is connected, so no peer can cause
			// it. Should it last, it must not take a whole core.
			t.logger().Debug("beacon: receive", "error", err)
			select {
			case <-ctx.Done():
				return
			case <-time.After(retryPeriod):
			}
		}
	}
}

// dispatch gives one datagram to all Conns, unless it came by an interface
// that is not to be used. Datagrams are handed over in the order in which they came.
func (t *transport) dispatch(payload []byte, from netip.AddrPort, ifindex int) {
	if accepted := t.accepted.Load(); accepted != nil && !slices.Contains(*accepted, ifindex) {
		t.dropped.Add(1)
		return
	}
	t.received.Add(1)
	if len(t.current()) >= repeatConns && t.keep(payload, from, ifindex) {
		return
	}
	t.handOver() // Something waits also where there were more Conns a moment ago.
	for _, c := range t.current() {
		c.deliver(payload, from, ifindex)
	}
}

// send sends a beacon of the Conn to all targets, and counts.
func (t *transport) send(c *Conn, payload []byte) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.sendLocked(c, payload)
}

// sendLocked is send with mu held. The log takes a target's first failure and
// its end, not each one: a beacon goes out every second.
func (t *transport) sendLocked(c *Conn, payload []byte) error {
	if t.closed {
		return ErrClosed
	}
	var sent, failed uint64
	var last error
	for i := range t.routes {
		r := &t.routes[i]
		if r.turns > 1 && c.beacons%r.turns != r.turn {
			continue
		}
		if err := r.send(payload); err != nil {
			if !r.failing {
				c.log.Debug("beacon: cannot send",
					"interface", r.name, "source", r.src, "to", r.dst, "error", err)
			}
			r.failing = true
			last = err
			failed++
			continue
		}
		if r.failing {
			c.log.Debug("beacon: sending again",
				"interface", r.name, "source", r.src, "to", r.dst)
		}
		r.failing = false
		sent++
	}
	c.beacons++
	c.sent.Add(sent)
	c.sendErrors.Add(failed)
	switch {
	case sent > 0:
		return nil
	case last != nil:
		return fmt.Errorf("%w: %w", ErrNotSent, last)
	default:
		return ErrNotSent
	}
}
