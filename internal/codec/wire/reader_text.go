package wire

import (
	"bytes"
	"encoding/binary"
)

// The fewest octets that an entry of a list and of a hash takes: its lengths.
const (
	minStringsEntry = 4
	minHashEntry    = 1 + 4
)

// String reads a string of at most 255 octets.
func (r *Reader) String(field string) string {
	start := r.off
	n := int(r.Uint8(field))
	return r.intern.string(r.body(field, start, n))
}

// LongString reads a string of at most 4 GiB - 1.
func (r *Reader) LongString(field string) string {
	start := r.off
	n := r.Uint32(field)
	return string(r.longBody(field, start, n))
}

// Chunk reads octets that come with their length. It returns nil for none.
func (r *Reader) Chunk(field string) []byte {
	start := r.off
	n := r.Uint32(field)
	b := r.longBody(field, start, n)
	if len(b) == 0 {
		return nil
	}
	return bytes.Clone(b)
}

// Strings reads a list of strings. It returns nil for an empty one.
func (r *Reader) Strings(field string) []string {
	count, entries := r.entries(field, false)
	if count == 0 {
		return nil
	}
	// One copy holds the text of all entries: they come and go together.
	text := string(entries)
	list := make([]string, 0, count)
	for at := 0; at < len(text); {
		n := int(binary.BigEndian.Uint32(entries[at:]))
		at += minStringsEntry
		list = append(list, text[at:at+n])
		at += n
	}
	return list
}

// Hash reads a map. Of entries with equal keys the first stands. It returns
// nil for an empty map.
func (r *Reader) Hash(field string) map[string]string {
	count, entries := r.entries(field, true)
	if count == 0 {
		return nil
	}
	text := string(entries)
	hash := make(map[string]string, count)
	for at := 0; at < len(text); {
		n := int(text[at])
		key := text[at+1 : at+1+n]
		at += 1 + n
		n = int(binary.BigEndian.Uint32(entries[at:]))
		value := text[at+4 : at+4+n]
		at += 4 + n
		if _, taken := hash[key]; !taken {
			hash[key] = value
		}
	}
	return hash
}

// entries reads the count of a list or a hash and walks over the entries
// without keeping any. It returns their octets, all lengths verified.
func (r *Reader) entries(field string, keyed bool) (int, []byte) {
	start := r.off
	count := r.Uint32(field)
	if r.err != nil || count == 0 {
		return 0, nil
	}
	least := minStringsEntry
	if keyed {
		least = minHashEntry
	}
	if uint64(count)*uint64(least) > uint64(len(r.frame)-r.off) {
		r.fail(field, start, ErrCount)
		return 0, nil
	}
	first := r.off
	for range count {
		if keyed {
			if n := r.body(field, start, 1); n != nil {
				r.body(field, start, int(n[0]))
			}
		}
		if n := r.body(field, start, 4); n != nil {
			r.longBody(field, start, binary.BigEndian.Uint32(n))
		}
		if r.err != nil {
			return 0, nil
		}
	}
	return int(count), r.frame[first:r.off]
}

// body returns the n octets of a field that starts at start.
func (r *Reader) body(field string, start, n int) []byte {
	if r.err != nil {
		return nil
	}
	if n > len(r.frame)-r.off {
		r.fail(field, start, ErrShort)
		return nil
	}
	b := r.frame[r.off : r.off+n]
	r.off += n
	return b
}

// longBody is body for a length of 4 octets, which an int may not hold.
func (r *Reader) longBody(field string, start int, n uint32) []byte {
	if uint64(n) > uint64(len(r.frame)) {
		r.fail(field, start, ErrShort)
		return nil
	}
	return r.body(field, start, int(n))
}
