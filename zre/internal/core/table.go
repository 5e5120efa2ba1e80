package core

import "iter"

// table is a map that is visited in an order which depends only on the calls made
// before, so that the same calls give the same answers. The zero value is empty: a peer that is in no
// group has no map.
type table[K comparable, V any] struct {
	index  map[K]place[V]
	keys   []K
	values []V
}

// place is where an entry is, and its value, so that get looks in one place.
type place[V any] struct {
	v V
	i int
}

func (t *table[K, V]) len() int { return len(t.keys) }

func (t *table[K, V]) has(k K) bool {
	_, ok := t.index[k]
	return ok
}

// get returns the value of a key, the zero value if it has none.
func (t *table[K, V]) get(k K) V { return t.index[k].v }

func (t *table[K, V]) set(k K, v V) {
	if p, ok := t.index[k]; ok {
		t.values[p.i] = v
		t.index[k] = place[V]{v, p.i}
		return
	}
	if t.index == nil {
		t.index = make(map[K]place[V])
	}
	t.index[k] = place[V]{v, len(t.keys)}
	t.keys = append(t.keys, k)
	t.values = append(t.values, v)
}

// remove takes a key out; the last one gets its place.
func (t *table[K, V]) remove(k K) {
	p, ok := t.index[k]
	if !ok {
		return
	}
	last := len(t.keys) - 1
	t.keys[p.i], t.values[p.i] = t.keys[last], t.values[last]
	t.index[t.keys[p.i]] = place[V]{t.values[p.i], p.i}
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
