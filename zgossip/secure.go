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
	public  string // the server's own key; "" if it does not use CURVE
	trusted curve.Trusted
	refused atomic.Uint64

	logs sync.WaitGroup // lines that are being logged
	mu   sync.Mutex
	told map[curve.Key]struct{} // keys that were logged
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
	g.public = security.Public.String()
	g.told = make(map[curve.Key]struct{})
	security.Allow = g.allow
	return security, g.trust(cfg.TrustedKeys)
}

// trust replaces the trusted keys.
func (g *guard) trust(keys []string) error {
	trust, err := curve.NewTrust(g.public, keys)
	if err != nil {
		return &ConfigError{"TrustedKeys", "(hidden)", err.Error()}
	}
	g.trusted.Set(trust)
	return nil
}

// admits reports whether a client with this key may be connected.
func (g *guard) admits(key curve.Key) bool { return g.public == "" || g.trusted.AllowsKey(key) }

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

// SetTrustedKeys replaces TrustedKeys of the configuration: the public keys of clients that
// may connect, "*" for all, the server's own key if the list is empty. Connections of clients
// whose key is not trusted any more are closed, and their tuples end. The error is a
// *ConfigError; then nothing changes.
func (s *Server) SetTrustedKeys(keys []string) error {
	if s.guard.public == "" {
		return &ConfigError{"TrustedKeys", "(hidden)", "the server has no SecretKey"}
	}
	if err := s.guard.trust(keys); err != nil {
		return err
	}
	s.do(s.closeStrangers)
	return nil
}
