package wire

import "hash/maphash"

// The table of an Interner has internSets sets of internWays strings. A
// string of more than internLongest octets is not kept. So a table never holds
// more than 256 x 64 octets, whatever peers send.
const (
	internSets    = 128 // a power of two
	internWays    = 2
	internLongest = 64
)

// Interner hands out one string for equal octets, so that a name that comes
// with every message, as a group's does, is allocated once. It forgets the
// older string of a set when a third one comes. The zero value is ready; a nil
// Interner keeps nothing. One goroutine at a time may use it.
type Interner struct {
	table *[internSets][internWays]string
	seed  maphash.Seed
}

// string returns the octets as a string.
func (in *Interner) string(b []byte) string {
	if in == nil || len(b) == 0 || len(b) > internLongest {
		return string(b)
	}
	if in.table == nil {
		// The seed is random so that no peer can choose names that collide.
		in.seed = maphash.MakeSeed()
		in.table = new([internSets][internWays]string)
	}
	set := &in.table[maphash.Bytes(in.seed, b)%internSets]
	if set[0] == string(b) {
		return set[0]
	}
	if set[1] == string(b) {
		set[0], set[1] = set[1], set[0]
		return set[0]
	}
	set[1] = set[0]
	set[0] = string(b)
	return set[0]
}
