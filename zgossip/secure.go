package zgossip

import (
	"fmt"
	"log/slog"
	"net/netip"
	"sync"
	"sync/atomic"

	"github.com/gozre/zre/internal/curve"
	"github.com/gozre/zre/internal/transport"
)

// maxStrangers bounds how many untrusted keys are logged.
const maxStrangers = 100

// guard decides which clients may connect to a server that uses CURVE.
type guard struct {
	log     *slog.Logger
	secure  bool // the server uses CURVE
	trusted curve.Trusted
	refused atomic.Uint64

	logs   sync.WaitGroup         // lines that are being logged
	mu     sync.Mutex             // guards what follows
	public string                 // the server's own key
	told   map[curve.Key]struct{} // keys that were logged
}

// open sets the keys of the configuration. It returns nil if the server does not use CURVE.
func (g *guard) open(cfg *ServerConfig) (*transport.Security, error) {
	g.log = cfg.Logger
	security, err := securityFor(cfg.SecretKey)
	if err != nil {
		return nil, &ConfigError{"SecretKey", "(hidden)", err.Error()}
	}
	if security == nil {
		return nil, nil
	}
	g.secure = true
	g.told = make(map[curve.Key]struct{})
	security.Allow = g.allow
	trust, err := newTrust(security.Public.String(), cfg.TrustedKeys)
	if err != nil {
		return nil, err
	}
	g.set(security.Public.String(), trust)
	return security, nil
}

// newTrust is what a server with this public key trusts.
func newTrust(public string, keys []string) (curve.Trust, error) {
	trust, err := curve.NewTrust(public, keys)
	if err != nil {
		err = &ConfigError{"TrustedKeys", "(hidden)", err.Error()}
	}
	return trust, err
}

// own returns the server's own public key.
func (g *guard) own() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.public
}

// set replaces the server's own key and the trusted ones.
func (g *guard) set(public string, trust curve.Trust) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.public = public
	g.trusted.Set(trust)
}

// admits reports whether a client with this key may be connected.
func (g *guard) admits(key curve.Key) bool { return !g.secure || g.trusted.AllowsKey(key) }

// allow decides in the handshake. Each key is logged once.
func (g *guard) allow(key curve.Key, from netip.AddrPort) error {
	if g.trusted.AllowsKey(key) {
		return nil
	}
	g.refused.Add(1)
	g.mu.Lock()
	defer g.mu.Unlock()
	if _, again := g.told[key]; !again && len(g.told) < maxStrangers {
		g.told[key] = struct{}{}
		g.logs.Go(func() { // The handshake does not wait for the log.
			g.log.Warn("gossip client refused: its key is not trusted",
				"from", from, "key", key.String())
		})
	}
	return fmt.Errorf("%w: %v", transport.ErrNotTrusted, key)
}
