package zgossip

import (
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/gozre/zre/internal/gossip/wire"
)

// Tuple is a published key and value: a node and how to reach it.
type Tuple struct {
	Key       string        // 32 upper-case hexadecimal digits for a UUID
	UUID      uuid.UUID     // the key, uuid.Nil if it is no UUID
	Endpoint  string        // tcp://IP:PORT
	PublicKey string        // of a node that uses CURVE, 40 characters of Z85; else empty
	TTL       time.Duration // what was left when it was received; 0 for no end
	Withdrawn bool          // it has ended
}

// tupleOf makes a Tuple of a canonical key and a checked value.
func tupleOf(key, value string, ttl time.Duration, alive bool) Tuple {
	t := Tuple{Key: key, TTL: ttl, Withdrawn: !alive}
	t.Endpoint, t.PublicKey, _ = strings.Cut(value, "|")
	if raw, ok := wire.RawKey(key); ok {
		copy(t.UUID[:], raw)
	}
	if t.Withdrawn {
		t.TTL = 0
	}
	return t
}

// keyOf is the canonical key of a node.
func keyOf(id uuid.UUID) string {
	key, _ := wire.CanonicalKey(string(id[:]), true) // 16 octets are always a key
	return key
}
