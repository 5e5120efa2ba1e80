package zre

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gozre/zre/internal/codec/zrebeacon"
	"github.com/gozre/zre/internal/curve"
	"github.com/gozre/zre/internal/zmq"
	"github.com/gozre/zre/zre/internal/core"
)

// TrustAnyKey in Config.TrustedKeys stands for all public keys: what is sent is
// encrypted, but it may be sent to anybody who asks.
const TrustAnyKey = curve.AnyKey

// PublicKey returns the public key that belongs to a secret one.
func PublicKey(secret string) (string, error) { return curve.Public(secret) }

// Why a node is left out.
var (
	errPlain     = errors.New("it does not use CURVE, and this node does")
	errSecure    = errors.New("it uses CURVE, and this node has no key")
	errUntrusted = errors.New("its key is not trusted")
	errBanned    = errors.New("it has used the UUID of another node")
)

// security decides who belongs to the network. A plain node has one without keys.
type security struct {
	log            *slog.Logger
	public, secret string // the node's own, "" in a plain network
	trust          curve.Trust

	refused atomic.Uint64 // beacons, tuples and connections

	logs sync.WaitGroup // what is being logged

	mu     sync.Mutex
	told   map[string]struct{}  // what was logged
	banned map[string]time.Time // until when
}

func newSecurity(cfg *Config, log *slog.Logger) (*security, error) {
	s := &security{log: log, secret: cfg.SecretKey, told: make(map[string]struct{}), banned: make(map[string]time.Time)}
	if s.secret == "" {
		return s, nil
	}
	var err error
	if s.public, err = curve.Public(s.secret); err != nil {
		return nil, &ConfigError{"SecretKey", "(hidden)", err.Error()}
	}
	if s.trust, err = curve.NewTrust(s.public, cfg.TrustedKeys); err != nil {
		return nil, &ConfigError{"TrustedKeys", "(hidden)", err.Error()}
	}
	for _, p := range cfg.Peers {
		if endpoint, key := s.keyOf(p); !s.trust.Allows(key) {
			return nil, &ConfigError{"Peers", endpoint, "its key has to be one of TrustedKeys"}
		}
	}
	return s, nil
}

// check says why a node with this public key, "" for none, is none of this network's.
func (s *security) check(key string) error {
	switch {
	case s.public == "" && key == "":
		return nil
	case s.public == "":
		return errSecure
	case key == "":
		return errPlain
	case !s.trust.Allows(key):
		return errUntrusted
	}
	return nil
}

// ban lets a key connect no more for some time.
func (s *security) ban(key string, until time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	maps.DeleteFunc(s.banned, func(_ string, end time.Time) bool { return end.Before(now) })
	s.banned[key] = until
}

func (s *security) isBanned(key string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return time.Now().Before(s.banned[key])
}

// maxTold bounds how many strangers the log has a warning about.
const maxTold = 100

// refuse counts a node that is none of this network's. Where that may be by mistake
// the log says so, once for each key and each address; whoever calls does not wait for
// the log.
func (s *security) refuse(cause error, what, from, key string) {
	s.refused.Add(1)
	about, args := from, []any{"from", from, "cause", cause}
	if key != "" {
		about, args = key, append(args, "key", key)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, again := s.told[about]; again || len(s.told) >= maxTold {
		return
	}
	s.told[about] = struct{}{}
	level := slog.LevelWarn
	if errors.Is(cause, errSecure) {
		level = slog.LevelInfo // Who has no key may well live beside those who have one.
	}
	s.logs.Go(func() { s.log.Log(context.Background(), level, what+" of a node that is left out", args...) })
}

// allow decides about a connection, for the ZAP handler of internal/zmq.
func (s *security) allow(key, address string) bool {
	err := s.check(key)
	if err == nil && s.isBanned(key) {
		err = errBanned
	}
	if err != nil {
		s.refuse(err, "connection", address, key)
	}
	return err == nil
}

// inbox returns what the node's ROUTER needs, nil in a plain network.
func (s *security) inbox() *zmq.Curve {
	if s.public == "" {
		return nil
	}
	return &zmq.Curve{PublicKey: s.public, SecretKey: s.secret, Allow: s.allow}
}

// link returns what a DEALER to the peer with this key needs, nil in a plain network.
func (s *security) link(key string) *zmq.Curve {
	if s.public == "" {
		return nil
	}
	return &zmq.Curve{PublicKey: s.public, SecretKey: s.secret, ServerKey: key}
}

// heads is how many frames of a message there are before the content.
func (s *security) heads() int {
	if s.public == "" {
		return 2
	}
	return 3
}

// head splits them into the sender's identity, the key that its connection has proven,
// which is empty in a plain network, and the header of the message.
func (s *security) head(frames [][]byte) (identity, key, header []byte) {
	if len(frames) == 2 {
		return frames[0], nil, frames[1]
	}
	return frames[0], frames[1], frames[2]
}

// published returns an endpoint as gossip servers are told it: with the key.
func (s *security) published(endpoint string) string {
	if s.public == "" {
		return endpoint
	}
	return endpoint + "|" + s.public
}

// keyOf returns the endpoint and the key of an entry of Config.Peers. The key is the
// node's own where none is given.
func (s *security) keyOf(peer string) (endpoint, key string) {
	endpoint, key, given := strings.Cut(peer, "|")
	if !given {
		key = s.public
	}
	return endpoint, key
}

// beacon returns the beacon with this port.
func (s *security) beacon(b zrebeacon.Plain) ([]byte, error) {
	if s.public == "" {
		return b.AppendTo(nil)
	}
	key, err := curve.Parse(s.public)
	if err != nil {
		return nil, err
	}
	secure := zrebeacon.Secure{UUID: b.UUID, Port: b.Port, PublicKey: key}
	return secure.AppendTo(nil)
}

// decodeBeacon returns a beacon of either kind, and the key in it.
func decodeBeacon(payload []byte) (b zrebeacon.Plain, key string, err error) {
	if h, err := zrebeacon.DecodeHeader(payload); err == nil && h.ID == zrebeacon.IDSecure {
		var m zrebeacon.Secure
		err := m.Decode(payload)
		return zrebeacon.Plain{UUID: m.UUID, Port: m.Port}, curve.Text(m.PublicKey), err
	}
	err = b.Decode(payload)
	return b, "", err
}

// checkKeys finds what is wrong with the keys of a Config.
func (c *Config) checkKeys() error {
	if c.SecretKey == "" {
		if len(c.TrustedKeys) > 0 {
			return &ConfigError{"TrustedKeys", fmt.Sprint(len(c.TrustedKeys), " keys"), "want SecretKey too: without it nothing is encrypted"}
		}
		return nil
	}
	if _, ours := c.Headers[core.KeyHeader]; ours {
		return &ConfigError{"Headers", core.KeyHeader, "is set by SecretKey"}
	}
	return nil
}
