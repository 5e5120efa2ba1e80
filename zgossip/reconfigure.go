package zgossip

import (
	"cmp"
	"errors"
	"slices"
	"time"

	"github.com/gozre/zre/internal/curve"
	"github.com/gozre/zre/internal/gossip/wire"
	"github.com/gozre/zre/internal/transport"
	"github.com/gozre/zre/internal/transport/choose"
)

// SetTrustedKeys replaces TrustedKeys of the configuration: the public keys of clients that
// may connect, "*" for all, the server's own key if the list is empty. Connections of clients
// whose key is not trusted any more are closed, and their tuples end. The error is a
// *ConfigError; then nothing changes.
func (s *Server) SetTrustedKeys(keys []string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.now.SecretKey == "" {
		return &ConfigError{"TrustedKeys", "(hidden)", "the server has no SecretKey"}
	}
	cfg := s.now
	cfg.TrustedKeys = keys
	err := s.reconfigure(cfg)
	if errors.Is(err, ErrClosed) {
		return nil // It has no connections any more.
	}
	return err
}

// Reconfigure replaces the configuration while the server runs. Listen, Transport and
// MaxMessageSize have to be as they were; OnTuple and Logger stay, whatever cfg says. The
// error is a *ConfigError, or ErrClosed; then nothing changes.
//
// A new SecretKey is used by all connections that begin later, and clients that expect the old
// one are refused. Connections that exist go on: CURVE encrypts each of them with keys that live
// as long as it does (ZeroMQ RFC 25), so closing them would protect nobody. A client whose key is
// not trusted any more is closed, as by SetTrustedKeys; without TrustedKeys these are the clients
// that share the server's old key. Clients can be given both keys of the server before. A server
// cannot begin or cease to use CURVE. Over libzmq the key cannot change.
//
// The server connects to what is new in Connect, and closes the connections to servers that
// are not in it any more. A limit that is lower than before ends nothing that exists.
func (s *Server) Reconfigure(cfg ServerConfig) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.reconfigure(cfg)
}

// reconfigure is called with the mutex held.
func (s *Server) reconfigure(cfg ServerConfig) error {
	if s.ctx.Err() != nil {
		return ErrClosed
	}
	cfg.listen, cfg.remotes = nil, nil
	cfg, err := cfg.withDefaults()
	if err == nil {
		err = s.checkFixed(&cfg)
	}
	if err != nil {
		return err
	}
	cfg.Logger, cfg.OnTuple = s.cfg.Logger, s.cfg.OnTuple
	if s.guard.secure {
		if err := s.setKeys(&cfg); err != nil {
			return err
		}
	}
	s.now = cfg
	s.hub.Configure(cfg.hub(wire.ID{})) // which keeps its ID
	s.connect(cfg.remotes)
	now := time.Now()
	s.closeStrangers(now)
	s.hub.Settle(now)
	s.settle()
	return nil
}

// checkFixed refuses a change of what cannot change.
func (s *Server) checkFixed(cfg *ServerConfig) error {
	const reason = "cannot change while the server runs"
	now := &s.now
	switch {
	case !slices.Equal(cfg.listen, now.listen):
		return &ConfigError{"Listen", cfg.Listen, reason}
	case cmp.Or(cfg.Transport, choose.Default) != cmp.Or(now.Transport, choose.Default):
		return &ConfigError{"Transport", cfg.Transport, reason}
	case cfg.MaxMessageSize != now.MaxMessageSize:
		return &ConfigError{"MaxMessageSize", cfg.MaxMessageSize, reason}
	case (cfg.SecretKey != "") != s.guard.secure:
		return &ConfigError{"SecretKey", "(hidden)", "cannot be added or removed while the server runs"}
	}
	return nil
}

// setKeys replaces the server's own key and the trusted ones.
func (s *Server) setKeys(cfg *ServerConfig) error {
	security, err := securityFor(cfg.SecretKey)
	if err != nil {
		return &ConfigError{"SecretKey", "(hidden)", err.Error()}
	}
	public := security.Public.String()
	trust, err := newTrust(public, cfg.TrustedKeys)
	if err != nil {
		return err
	}
	if public != s.guard.own() {
		if err := s.rekey(security); err != nil {
			return err
		}
	}
	s.guard.set(public, trust)
	return nil
}

func (s *Server) rekey(security *transport.Security) error {
	security.Allow = s.guard.allow
	if err := s.network.setKeys(security); err != nil {
		return &ConfigError{"SecretKey", "(hidden)", err.Error()}
	}
	s.cfg.Logger.Info("gossip server has a new key", "key", curve.Text(security.Public))
	return nil
}
