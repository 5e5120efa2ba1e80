package beacon

import (
	"log/slog"
	"net/netip"
	"sync"
	"sync/atomic"
)

// A Conn sends and hears beacons with one Config. Its methods may be called
// from any goroutine.
type Conn struct {
	registry  *registry
	transport *transport
	handler   Handler
	log       *slog.Logger

	// mu is held during each call of the handler, so that Close can wait for a
	// running one and none begins afterwards.
	mu     sync.Mutex
	closed atomic.Bool // set under mu

	beacons    int // sent so far; guarded by the transport's mu
	sent       atomic.Uint64
	sendErrors atomic.Uint64
	// What the transport had counted when this Conn joined it.
	receivedBefore, droppedBefore uint64
}

// Stats counts what a Conn did since it was opened, in datagrams: one Send
// makes several, and one beacon that arrives by broadcast and by multicast
// counts twice.
type Stats struct {
	Sent       uint64
	SendErrors uint64 // datagrams that the system refused to send
	Received   uint64 // handed to the handler
	Dropped    uint64 // arrived on an interface that is not among those named
}

// Open begins to hear and allows to send. A Config that cannot be is a
// *ConfigError, a port that another program keeps for itself a *PortError.
func Open(config Config) (*Conn, error) { return openIn(&shared, config) }

func openIn(r *registry, config Config) (*Conn, error) {
	settings, err := config.settings()
	if err != nil {
		return nil, err
	}
	c := &Conn{registry: r, handler: config.Handler, log: config.Logger}
	if c.handler == nil {
		c.handler = func([]byte, netip.AddrPort, int) {}
	}
	if c.log == nil {
		c.log = slog.New(slog.DiscardHandler)
	}
	if err := r.attach(c, settings); err != nil {
		return nil, err
	}
	return c, nil
}

// Send sends the payload, on every interface, to the broadcast address of each
// network and to every multicast group; to a group from the address in each network
// in turn, a call for each. It does not wait: what the system does not take at once
// is lost, as a beacon may be. An error on some interfaces is only counted. When
// nothing went out anywhere the error is ErrNotSent.
func (c *Conn) Send(payload []byte) error {
	if c.closed.Load() {
		return ErrClosed
	}
	return c.transport.send(c, payload)
}

// Stats gives the counters so far; they stay as they are after Close.
func (c *Conn) Stats() Stats {
	return Stats{
		Sent:       c.sent.Load(),
		SendErrors: c.sendErrors.Load(),
		Received:   c.transport.received.Load() - c.receivedBefore,
		Dropped:    c.transport.dropped.Load() - c.droppedBefore,
	}
}

// Close ends the Conn. When it returns the handler is not running and is not
// called any more; the last Conn with its settings leaves no goroutine and no
// descriptor behind. Closing again does nothing.
func (c *Conn) Close() error {
	c.mu.Lock()
	again := c.closed.Swap(true)
	c.mu.Unlock()
	if !again {
		c.registry.detach(c)
	}
	return nil
}

// deliver calls the handler unless the Conn is closed.
func (c *Conn) deliver(payload []byte, from netip.AddrPort, ifindex int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.closed.Load() {
		c.handler(payload, from, ifindex)
	}
}

// deliverAll is deliver for several datagrams.
func (c *Conn) deliverAll(arrivals []arrival) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed.Load() {
		return
	}
	for i := range arrivals {
		a := &arrivals[i]
		c.handler(a.payload[:a.size], a.from, a.ifindex)
	}
}
