package lan

import (
	"bytes"
	"context"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gozre/zre/internal/beacon"
)

// maxHeard is how many beacons wait for a node.
const maxHeard = 256

// datagram is a beacon on its way.
type datagram struct {
	payload []byte
	from    netip.AddrPort
}

// Air is one node's place for beacons. It does what beacon.Conn does.
type Air struct {
	network *Network
	addr    netip.Addr
	port    int
	handler beacon.Handler
	heard   chan datagram
	cancel  context.CancelFunc
	done    sync.WaitGroup // the goroutine that hands over

	sent, received, dropped atomic.Uint64

	mu     sync.Mutex
	stop   context.CancelFunc // ends the goroutine that repeats; nil if there is none
	repeat sync.WaitGroup
}

// Open begins to hear for a node with this address. Nodes hear those of the same port.
func (n *Network) Open(addr netip.Addr, port int, handler beacon.Handler) *Air {
	ctx, cancel := context.WithCancel(context.Background())
	a := &Air{
		network: n, addr: addr, port: port, handler: handler,
		heard: make(chan datagram, maxHeard), cancel: cancel,
	}
	n.mu.Lock()
	n.airs[a] = struct{}{}
	n.mu.Unlock()
	a.done.Go(func() { a.listen(ctx) })
	return a
}

// listen hands over what is heard.
func (a *Air) listen(ctx context.Context) {
	for {
		select {
		case d := <-a.heard:
			a.received.Add(1)
			a.handler(d.payload, d.from, ifindex)
		case <-ctx.Done():
			return
		}
	}
}

// Announce sends a beacon now, and again after each period, in place of the one before. A nil
// payload ends that.
func (a *Air) Announce(payload []byte, period time.Duration) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.stop != nil {
		a.stop()
		a.repeat.Wait()
		a.stop = nil
	}
	if payload == nil {
		return nil
	}
	payload = bytes.Clone(payload)
	ctx, cancel := context.WithCancel(context.Background())
	a.stop = cancel
	err := a.Send(payload)
	a.repeat.Go(func() { a.beat(ctx, payload, period) })
	return err
}

// beat sends a beacon in each period.
func (a *Air) beat(ctx context.Context, payload []byte, period time.Duration) {
	ticker := time.NewTicker(period)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			_ = a.Send(payload) // It never fails.
		case <-ctx.Done():
			return
		}
	}
}

// Send sends a beacon once. It never fails.
func (a *Air) Send(payload []byte) error {
	a.sent.Add(1)
	a.network.spread(a, datagram{bytes.Clone(payload), netip.AddrPortFrom(a.addr, uint16(a.port))})
	return nil
}

// Stats returns what was sent and heard.
func (a *Air) Stats() beacon.Stats {
	return beacon.Stats{Sent: a.sent.Load(), Received: a.received.Load(), Dropped: a.dropped.Load()}
}

// Close ends both goroutines. The handler is not called any more.
func (a *Air) Close() error {
	err := a.Announce(nil, 0)
	a.network.mu.Lock()
	delete(a.network.airs, a)
	a.network.mu.Unlock()
	a.cancel()
	a.done.Wait()
	return err
}
