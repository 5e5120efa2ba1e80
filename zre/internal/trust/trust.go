package trust

import (
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"sync"
	"sync/atomic"

	"github.com/gozre/zre/internal/curve"
	"github.com/gozre/zre/internal/transport"
)

// Why a node is left out.
var (
	ErrPlain     = errors.New("it does not use CURVE, and this node does")
	ErrSecure    = errors.New("it uses CURVE, and this node has no key")
	ErrUntrusted = errors.New("its key is not trusted")
)

// Trust is the node's own key and the keys that it trusts. That of a plain node has
// none.
type Trust struct {
	log    *slog.Logger
	public curve.Key
	secret curve.Key

	list    curve.Trusted
	refused atomic.Uint64 // beacons, tuples and connections

	logs sync.WaitGroup // what is being logged

	mu     sync.Mutex
	logged map[string]struct{} // keys and addresses
}

// New returns the Trust of a node with this secret key, "" for a plain one. Trusted
// are public keys; without any it is the node's own one.
func New(secret string, trusted []string, log *slog.Logger) (*Trust, error) {
	t := &Trust{log: log, logged: make(map[string]struct{})}
	if secret == "" {
		return t, nil
	}
	public, err := curve.Public(secret)
	if err != nil {
		return nil, err
	}
	if t.secret, err = curve.Parse(secret); err != nil {
		return nil, err
	}
	if t.public, err = curve.Parse(public); err != nil {
		return nil, err
	}
	return t, t.Set(trusted)
}

// Set replaces the trusted keys. It reports an error, and changes nothing, if one
// of them is not a key.
func (t *Trust) Set(trusted []string) error {
	list, err := curve.NewTrust(t.public.String(), trusted)
	if err != nil {
		return err
	}
	t.list.Set(list)
	return nil
}

// Secure reports whether the node has a key.
func (t *Trust) Secure() bool { return !t.public.IsZero() }

// Public returns the node's public key, zero if it has none.
func (t *Trust) Public() curve.Key { return t.public }

// Allows reports whether a key is trusted.
func (t *Trust) Allows(key curve.Key) bool { return t.list.AllowsKey(key) }

// Check says why a node with this public key, zero for none, does not belong to the
// network.
func (t *Trust) Check(key curve.Key) error {
	switch {
	case !t.Secure() && key.IsZero():
		return nil
	case !t.Secure():
		return ErrSecure
	case key.IsZero():
		return ErrPlain
	case !t.Allows(key):
		return ErrUntrusted
	}
	return nil
}

// Security returns what the node's transport needs, nil in a plain network.
func (t *Trust) Security() *transport.Security {
	if !t.Secure() {
		return nil
	}
	return &transport.Security{Public: t.public, Secret: t.secret, Allow: func(key curve.Key, from netip.AddrPort) error {
		err := t.Check(key)
		if err != nil {
			t.Refuse(err, "connection", from.Addr().String(), key)
		}
		return err
	}}
}

// Refused returns how many beacons, tuples and connections were refused.
func (t *Trust) Refused() uint64 { return t.refused.Load() }

// maxLogged bounds how many keys and addresses are logged.
const maxLogged = 100

// Refuse counts a node that does not belong to the network. The log says so, once
// for each key and each address; the caller does not wait for the log.
func (t *Trust) Refuse(cause error, what, from string, key curve.Key) {
	t.refused.Add(1)
	about, args := from, []any{"from", from, "cause", cause}
	if !key.IsZero() {
		about, args = key.String(), append(args, "key", key)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if _, logged := t.logged[about]; logged || len(t.logged) >= maxLogged {
		return
	}
	t.logged[about] = struct{}{}
	level := slog.LevelWarn
	if errors.Is(cause, ErrSecure) {
		level = slog.LevelInfo // A network may have both kinds of nodes on purpose.
	}
	t.logs.Go(func() { t.log.Log(context.Background(), level, what+" of a node that is left out", args...) })
}

// Close waits until everything is logged. Nothing is refused any more.
func (t *Trust) Close() { t.logs.Wait() }
