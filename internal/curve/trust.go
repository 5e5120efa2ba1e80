package curve

import (
	"fmt"
	"slices"
)

// AnyKey in a list of trusted keys stands for all.
const AnyKey = "*"

// Trust decides which public keys to speak with. The zero value trusts nobody.
type Trust struct {
	any  bool
	keys map[string]struct{}
}

// NewTrust makes a Trust in a list of public keys, in own alone if the list is empty.
func NewTrust(own string, list []string) (Trust, error) {
	if len(list) == 0 {
		list = []string{own}
	}
	t := Trust{any: slices.Contains(list, AnyKey), keys: make(map[string]struct{}, len(list))}
	for _, key := range list {
		if _, err := Parse(key); err != nil && key != AnyKey {
			return Trust{}, fmt.Errorf("want public keys, or %q: %w", AnyKey, err)
		}
		t.keys[key] = struct{}{}
	}
	return t, nil
}

// Allows reports whether the key is trusted.
func (t Trust) Allows(key string) bool {
	_, listed := t.keys[key]
	return listed || t.any && key != ""
}
