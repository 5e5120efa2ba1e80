package zgossip

import (
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"time"

	"github.com/gozre/zre/internal/curve"
	"github.com/gozre/zre/internal/hostname"
	"github.com/gozre/zre/internal/transport"
	"github.com/gozre/zre/internal/transport/choose"
)

// Limits of connections. A host that has vanished is noticed in about 10 s.
const (
	keepAlive  = 2 * time.Second
	retryFirst = 50 * time.Millisecond  // after the first failed attempt to connect
	retryMost  = 400 * time.Millisecond // a server that was restarted is soon found again
	maxFrames  = 16                     // of a message; the protocol has one or two
	frameCost  = 24                     // octets of a frame in Limits.MaxMessage
)

// way is how a connection is made. Each way needs a transport of its own.
type way struct {
	secure bool // with CURVE
	named  bool // with the identity of a node
}

// network makes the transports of a server or client when they are first needed.
type network struct {
	name     string // Config.Transport
	config   transport.Config
	identity []byte          // for the named ways
	lookup   hostname.Lookup // nil: the system's

	mu       sync.Mutex          // guards what follows
	security *transport.Security // for the secure ways; it is replaced, not changed
	made     map[way]transport.Transport
	closed   bool
}

// limitsFor are the limits of connections that carry messages of this size, in octets.
func limitsFor(message int64) transport.Limits {
	return transport.Limits{
		MaxFrame: message, MaxMessage: message + maxFrames*frameCost,
		MaxFrames: maxFrames, MaxFirst: int(message),
		KeepAlive: keepAlive, RetryFirst: retryFirst, RetryMost: retryMost,
	}
}

// securityFor returns the keys of a client with this secret key, nil if it is "".
func securityFor(secret string) (*transport.Security, error) {
	if secret == "" {
		return nil, nil
	}
	octets, err := curve.Parse(secret)
	if err != nil {
		return nil, err
	}
	text, err := curve.Public(secret)
	if err != nil {
		return nil, err
	}
	public, err := curve.Parse(text)
	return &transport.Security{Public: public, Secret: octets, Allow: trustNone}, err
}

// trustNone is the Security.Allow of transports that do not listen.
func trustNone(curve.Key, netip.AddrPort) error { return transport.ErrNotTrusted }

// refuseAll is the Config.Accept of transports that do not listen.
func refuseAll(*transport.Conn) transport.Handler { return nil }

// get returns the transport for connections that are made in this way.
func (n *network) get(w way) (transport.Transport, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.closed {
		return nil, ErrClosed
	}
	if t := n.made[w]; t != nil {
		return t, nil
	}
	cfg := n.config
	if w.secure {
		cfg.Security = n.security
	}
	if w.named {
		cfg.Identity = n.identity
	}
	t, err := choose.New(n.name, cfg)
	if err != nil {
		return nil, err
	}
	if n.made == nil {
		n.made = make(map[way]transport.Transport)
	}
	n.made[w] = t
	return t, nil
}

// secure reports whether there are keys.
func (n *network) secure() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.security != nil
}

// setKeys replaces the keys of the secure ways. If the transport cannot, nothing changes.
func (n *network) setKeys(security *transport.Security) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	for w, t := range n.made {
		if !w.secure {
			continue
		}
		r, ok := t.(transport.Rekeyer)
		if !ok {
			return fmt.Errorf("transport %s keeps its keys: %w", n.name, errors.ErrUnsupported)
		}
		if err := r.SetKeys(security.Public, security.Secret); err != nil {
			return err
		}
	}
	n.security = security
	return nil
}

// close closes all transports at the same time, and drains their connections.
func (n *network) close(drain time.Duration) error {
	n.mu.Lock()
	n.closed = true
	made := n.made
	n.made = nil
	n.mu.Unlock()
	errs := make(chan error, len(made))
	for _, t := range made {
		go func() { errs <- t.Close(drain) }()
	}
	var err error
	for range made {
		err = errors.Join(err, <-errs)
	}
	return err
}
