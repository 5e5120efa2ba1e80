package zmtp

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gozre/zre/internal/curve"
	"github.com/gozre/zre/internal/transport"
)

// engine is the transport: what all its links and listeners share.
type engine struct {
	cfg       transport.Config // with a copy of the identity, and no zero limits
	refusals  refusals
	admission admission
	files     shortage
	memory    *memory
	keys      atomic.Pointer[keyPair] // nil without CURVE
	reader    limits                  // what each link's inbound checks
	stranger  limits                  // likewise, while an accepted connection is not admitted
	beat      atomic.Uint32           // counts the rounds of the goroutine that looks after silent links

	mu        sync.Mutex
	closed    bool
	watched   bool // the goroutine that looks after silent links runs
	listeners map[listener]struct{}
	links     map[*link]struct{}

	dial    dialer
	turns   turns // of attempts to connect
	resting resting
	stop    chan struct{} // closed when the engine is
	wg      sync.WaitGroup
	epoch   time.Time

	lastWrite atomic.Int64 // when a write ended, since epoch
}

// unhurried reports whether no write has ended a moment ago, on whichever link: then a
// sending goroutine may write by itself.
func (e *engine) unhurried() bool {
	return e.now()-time.Duration(e.lastWrite.Load()) >= streamPause
}

// wrote says that a write has ended.
func (e *engine) wrote() { e.lastWrite.Store(int64(e.now())) }

// now is the time since epoch.
func (e *engine) now() time.Duration { return time.Since(e.epoch) }

// maxIdentity is the largest identity, in octets (ZeroMQ RFC 37, section "Identity").
const maxIdentity = 255

// New returns the transport. It listens and dials nowhere yet. It fails if the
// configuration is not usable.
func New(cfg transport.Config) (transport.Transport, error) {
	cfg.Limits = cfg.Limits.WithDefaults()
	cfg.Identity = slices.Clone(cfg.Identity)
	if len(cfg.Identity) > maxIdentity {
		return nil, fmt.Errorf("zmtp: identity of %d octets, want at most %d",
			len(cfg.Identity), maxIdentity)
	}
	if cfg.Logger == nil || cfg.Accept == nil {
		return nil, errors.New("zmtp: Config.Logger and Config.Accept must be set")
	}
	l := cfg.Limits
	if min(l.MaxFrame, l.MaxMessage, l.MaxStranger) < 0 ||
		min(l.MaxFrames, l.MaxFirst, l.MaxHandshakes, l.MaxPerHost) < 0 ||
		min(l.HandshakeTimeout, l.KeepAlive, l.RetryFirst, l.RetryMost) < 0 {
		return nil, errors.New("zmtp: a limit is negative")
	}
	var keys *keyPair
	if cfg.Security != nil {
		var err error
		if keys, err = newKeyPair(cfg.Security.Public, cfg.Security.Secret); err != nil {
			return nil, err
		}
	}
	e := &engine{
		cfg:       cfg,
		refusals:  refusals{log: cfg.Logger},
		admission: admission{most: l.MaxHandshakes, mostPerHost: l.MaxPerHost},
		files:     shortage{log: cfg.Logger},
		reader:    newLimits(l),
		stranger:  newLimits(l).ofStranger(l.MaxStranger),
		listeners: make(map[listener]struct{}),
		links:     make(map[*link]struct{}),
		stop:      make(chan struct{}),
		epoch:     time.Now(),
	}
	e.keys.Store(keys)
	e.dial = e.dialTCP
	e.memory = newMemory(e)
	return e, nil
}

// Listen implements transport.Transport.
func (e *engine) Listen(addr netip.AddrPort) (netip.AddrPort, error) {
	tcp, err := listen(addr, e.keepAlive())
	if err != nil {
		return netip.AddrPort{}, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		_ = tcp.Close()
		return netip.AddrPort{}, transport.ErrClosed
	}
	addr = addrPort(tcp.Addr())
	e.serveLocked(tcp)
	if local := e.listenLocal(addr); local != nil {
		e.serveLocked(local)
	}
	return addr, nil
}

// serveLocked accepts connections. Called under mu.
func (e *engine) serveLocked(l listener) {
	e.listeners[l] = struct{}{}
	e.wg.Go(func() { e.accept(l) })
}

// Dial implements transport.Transport.
func (e *engine) Dial(to transport.Target, h transport.Handler) *transport.Conn {
	l := e.newLink(h)
	l.target = to
	l.conn.Dialed = true
	l.conn.Remote = to.Addr
	if !e.start(l, l.runDialed) {
		l.end(transport.ErrClosed)
		go h.Down(l.conn, transport.ErrClosed) // The engine is closed: nothing else happens to this link.
	}
	return l.conn
}

// start runs a link in a goroutine of its own. It reports false if the engine is
// closed.
func (e *engine) start(l *link, run func()) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return false
	}
	e.links[l] = struct{}{}
	if !e.watched {
		e.watched = true
		e.wg.Go(e.watch)
	}
	e.wg.Go(run)
	return true
}

// forget takes a link that has ended out of the set.
func (e *engine) forget(l *link) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if delete(e.links, l); len(e.links) == 0 {
		e.resting.close()
	}
}

// snapshot returns the links there are now.
func (e *engine) snapshot() []*link {
	e.mu.Lock()
	defer e.mu.Unlock()
	all := make([]*link, 0, len(e.links))
	for l := range e.links {
		all = append(all, l)
	}
	return all
}

// Handshakes implements transport.Transport.
func (e *engine) Handshakes() int { return e.admission.unfinished() }

// SetKeys implements transport.Rekeyer.
func (e *engine) SetKeys(public, secret curve.Key) error {
	if e.cfg.Security == nil {
		return errors.New("zmtp: new keys, and Config.Security is not set")
	}
	keys, err := newKeyPair(public, secret)
	if err == nil {
		e.keys.Store(keys)
	}
	return err
}

// Close implements transport.Transport.
func (e *engine) Close(drain time.Duration) error {
	e.mu.Lock()
	first := !e.closed
	e.closed = true
	for listener := range e.listeners {
		_ = listener.Close()
	}
	clear(e.listeners)
	e.mu.Unlock()
	if first {
		close(e.stop)
	}
	for _, l := range e.snapshot() {
		l.conn.Close(drain)
	}
	e.wg.Wait()
	e.files.stop()
	e.memory.stop()
	return nil
}
