package curve

import (
	"fmt"
	"sync/atomic"
)

// AnyKey in a list of trusted keys stands for all.
const AnyKey = "*"

// Trust decides which public keys are trusted. The zero value trusts none.
type Trust struct {
	any  bool
	keys map[Key]struct{}
}

// NewTrust makes a Trust from a list of public keys, from own alone if the list is empty.
func NewTrust(own string, list []string) (Trust, error) {
	if len(list) == 0 {
		list = []string{own}
	}
	t := Trust{keys: make(map[Key]struct{}, len(list))}
	for _, text := range list {
		if text == AnyKey {
			t.any = true
			continue
		}
		key, err := Parse(text)
		if err != nil {
			return Trust{}, fmt.Errorf("want public keys, or %q: %w", AnyKey, err)
		}
		t.keys[key] = struct{}{}
	}
	return t, nil
}

// Allows reports whether the key with this text is trusted.
func (t Trust) Allows(text string) bool {
	key, err := Parse(text)
	return err == nil && t.AllowsKey(key)
}

// AllowsKey reports whether the key is trusted. The zero Key never is.
func (t Trust) AllowsKey(key Key) bool {
	_, listed := t.keys[key]
	return (listed || t.any) && !key.IsZero()
}

// Trusted is a Trust that can be replaced while others use it. The zero value trusts no key.
// Its methods are safe for concurrent use.
type Trusted struct{ now atomic.Pointer[Trust] }

// Set replaces the Trust.
func (t *Trusted) Set(trust Trust) { t.now.Store(&trust) }

// AllowsKey reports whether the key is trusted now.
func (t *Trusted) AllowsKey(key Key) bool {
	now := t.now.Load()
	return now != nil && now.AllowsKey(key)
}

// Allows reports whether the key with this text is trusted now.
func (t *Trusted) Allows(text string) bool {
	now := t.now.Load()
	return now != nil && now.Allows(text)
}
