package core

import "iter"

// table is a map that is visited in an order which depends only on the calls made
// before, so that the same calls give the same answers.
type table[K comparable, V any] struct {
	index  map[K]int
	keys   []K
	values []V
}

func newTable[K comparable, V any]() table[K, V] { return table[K, V]{index: make(map[K]int)} }

func (t *table[K, V]) len() int { return len(t.keys) }

func (t *table[K, V]) has(k K) bool {
	_, ok := t.index[k]
	return ok
}

// get returns the value of a key, the zero value if it has none.
func (t *table[K, V]) get(k K) (v V) {
	if i, ok := t.index[k]; ok {
		return t.values[i]
	}
	return v
}

func (t *table[K, V]) set(k K, v V) {
	if i, ok := t.index[k]; ok {
		t.values[i] = v
		return
	}
	t.index[k] = len(t.keys)
	t.keys = append(t.keys, k)
	t.values = append(t.values, v)
}

// remove takes a key out; the last one gets its place.
func (t *table[K, V]) remove(k K) {
	i, ok := t.index[k]
	if !ok {
		return
	}
	last := len(t.keys) - 1
	t.keys[i], t.values[i] = t.keys[last], t.values[last]
	t.index[t.keys[i]] = i
	delete(t.index, k)
	var noKey K
	var noValue V
	t.keys[last], t.values[last] = noKey, noValue
	t.keys, t.values = t.keys[:last], t.values[:last]
}

// all visits the entries. The one that is visited may be removed meanwhile; after
// other removals an entry may be left out.
func (t *table[K, V]) all() iter.Seq2[K, V] {
	return func(yield func(K, V) bool) {
		for i := len(t.keys) - 1; i >= 0; i-- {
			if i < len(t.keys) && !yield(t.keys[i], t.values[i]) {
				return
			}
		}
	}
}
