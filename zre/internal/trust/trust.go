package trust

import (
	"errors"
	"net/netip"
	"sync/atomic"

	"github.com/google/uuid"

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
	report func(Refusal)
	public curve.Key
	secret curve.Key

	list    curve.Trusted
	refused atomic.Uint64 // beacons, tuples and connections
}

// New returns the Trust of a node with this secret key, "" for a plain one. Trusted
// are public keys; without any it is the node's own one. Report is called for each
// refusal, by the goroutine that has received something; it must not block.
func New(secret string, trusted []string, report func(Refusal)) (*Trust, error) {
	t := &Trust{report: report}
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
			host := "this process"
			if from.IsValid() {
				host = from.Addr().String()
			}
			t.Refuse(Refusal{Cause: err, What: "connection", From: host, Host: host, Key: key})
		}
		return err
	}}
}

// Refused returns how many beacons, tuples and connections were refused.
func (t *Trust) Refused() uint64 { return t.refused.Load() }

// Refusal is a beacon, tuple or connection of a node that does not belong to the network.
type Refusal struct {
	Cause error     // ErrPlain, ErrSecure or ErrUntrusted
	What  string    // "beacon", "gossip" or "connection"
	From  string    // an address
	Host  string    // that of the other host, as far as it is known
	Peer  uuid.UUID // uuid.Nil if it is not known
	Key   curve.Key // zero if it has none
}

// Refuse counts and reports a refusal.
func (t *Trust) Refuse(r Refusal) {
	t.refused.Add(1)
	t.report(r)
}
