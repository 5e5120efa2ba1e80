package zgossip

import (
	"sync"
	"sync/atomic"

	"github.com/gozre/zre/internal/curve"
	"github.com/gozre/zre/internal/zmq"
)

// maxTold bounds how many strangers the log has a warning about.
const maxTold = 100

// guard decides who may connect to a server that uses CURVE. The zero value is that of
// one that does not.
type guard struct {
	trust   curve.Trust
	refused atomic.Uint64

	logs sync.WaitGroup // what is being logged
	mu   sync.Mutex
	told map[string]struct{} // keys that were logged
}

// guarded gives what the server's ROUTER needs, nil if everybody may connect.
func (s *Server) guarded() (*zmq.Curve, error) {
	if s.cfg.SecretKey == "" {
		return nil, nil
	}
	public, err := curve.Public(s.cfg.SecretKey)
	if err != nil {
		return nil, &ConfigError{"SecretKey", "(hidden)", err.Error()}
	}
	if s.guard.trust, err = curve.NewTrust(public, s.cfg.TrustedKeys); err != nil {
		return nil, &ConfigError{"TrustedKeys", "(hidden)", err.Error()}
	}
	s.guard.told = make(map[string]struct{})
	return &zmq.Curve{PublicKey: public, SecretKey: s.cfg.SecretKey, Allow: s.allow}, nil
}

func (s *Server) allow(key, address string) bool {
	g := &s.guard
	if g.trust.Allows(key) {
		return true
	}
	g.refused.Add(1)
	g.mu.Lock()
	defer g.mu.Unlock()
	if _, again := g.told[key]; !again && len(g.told) < maxTold {
		g.told[key] = struct{}{}
		// Whoever connects meanwhile does not wait for the log.
		g.logs.Go(func() {
			s.cfg.Logger.Warn("gossip client refused: its key is not trusted", "from", address, "key", key)
		})
	}
	return false
}
