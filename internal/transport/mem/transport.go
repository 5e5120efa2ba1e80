package mem

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/gozre/zre/internal/curve"
	"github.com/gozre/zre/internal/transport"
)

// maxIdentity is the length of the longest identity, in octets (ZeroMQ RFC 37).
const maxIdentity = 255

// Transport is one user of a registry.
type Transport struct {
	cfg transport.Config // with the defaults of the limits
	reg *Registry

	mu     sync.Mutex
	public curve.Key // its own, zero without keys
	state  state
	addrs  []netip.AddrPort  // that it listens at
	ends   map[*end]struct{} // of connections that are not down
	unused sync.WaitGroup    // one count for each member of ends
}

// state is what a Transport does.
type state uint8

const (
	dialing   state = iota // it listens nowhere
	listening              // it accepts connections
	closed
)

// New returns a transport through memory alone.
func New(cfg transport.Config, reg *Registry) (transport.Transport, error) {
	if len(cfg.Identity) > maxIdentity {
		return nil, fmt.Errorf("identity of %d octets: at most %d", len(cfg.Identity), maxIdentity)
	}
	return newTransport(cfg, reg), nil
}

func newTransport(cfg transport.Config, reg *Registry) *Transport {
	cfg.Identity = slices.Clone(cfg.Identity)
	cfg.Limits = cfg.Limits.WithDefaults()
	t := &Transport{cfg: cfg, reg: reg, ends: make(map[*end]struct{})}
	if cfg.Security != nil {
		t.public = cfg.Security.Public
	}
	return t
}

// SetKeys implements transport.Rekeyer. Package mem trusts its callers to have a pair.
func (t *Transport) SetKeys(public, _ curve.Key) error {
	if t.cfg.Security == nil {
		return errors.New("mem: new keys, and Config.Security is not set")
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.public = public
	return nil
}

// key returns the public key that handshakes use now.
func (t *Transport) key() curve.Key {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.public
}

// Listen implements transport.Transport. Any unicast address is available.
func (t *Transport) Listen(addr netip.AddrPort) (netip.AddrPort, error) {
	if err := t.reg.reserve(t.cfg.Name, t); err != nil {
		return netip.AddrPort{}, err
	}
	addr, err := t.reg.listen(addr, t)
	if err != nil {
		return netip.AddrPort{}, err
	}
	return addr, t.open(addr)
}

// open lets others connect. The address, if valid, is registered.
func (t *Transport) open(addr netip.AddrPort) error {
	t.mu.Lock()
	if t.state != closed {
		t.state = listening
		if addr.IsValid() {
			t.addrs = append(t.addrs, addr)
		}
		t.mu.Unlock()
		return nil
	}
	t.mu.Unlock()
	t.reg.forget(t, []netip.AddrPort{addr})
	return transport.ErrClosed
}

// listens reports whether others can connect.
func (t *Transport) listens() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.state == listening
}

// addresses returns the addresses that it listens at.
func (t *Transport) addresses() []netip.AddrPort {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.addrs
}

// Dial implements transport.Transport. It looks for the target's name first, then for
// its address.
func (t *Transport) Dial(to transport.Target, h transport.Handler) *transport.Conn {
	return dial(t, to, h).conn
}

// add makes an end one of the transport's; it reports false if that is closed.
func (t *Transport) add(e *end) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.state == closed {
		return false
	}
	t.ends[e] = struct{}{}
	t.unused.Add(1)
	return true
}

// remove is the last that happens to an end.
func (t *Transport) remove(e *end) {
	t.mu.Lock()
	delete(t.ends, e)
	t.mu.Unlock()
	t.unused.Done()
}

// snapshot returns the ends that are not down.
func (t *Transport) snapshot() []*end {
	t.mu.Lock()
	defer t.mu.Unlock()
	ends := make([]*end, 0, len(t.ends))
	for e := range t.ends {
		ends = append(ends, e)
	}
	return ends
}

// Handshakes implements transport.Transport. There are none within a process.
func (t *Transport) Handshakes() int { return 0 }

// Close implements transport.Transport.
func (t *Transport) Close(drain time.Duration) error {
	t.shut()
	for _, e := range t.snapshot() {
		e.Close(e.conn, drain)
	}
	t.unused.Wait()
	return nil
}

// shut ends listening and dialing.
func (t *Transport) shut() {
	t.mu.Lock()
	t.state = closed
	addrs := t.addrs
	t.addrs = nil
	t.mu.Unlock()
	t.reg.forget(t, addrs)
}
