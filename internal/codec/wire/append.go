package wire

import (
	"encoding/binary"
	"math"
	"slices"
	"strings"
)

// AppendUint16 appends a number of 2 octets.
func AppendUint16(dst []byte, v uint16) []byte { return binary.BigEndian.AppendUint16(dst, v) }

// AppendUint32 appends a number of 4 octets.
func AppendUint32(dst []byte, v uint32) []byte { return binary.BigEndian.AppendUint32(dst, v) }

// AppendUint64 appends a number of 8 octets.
func AppendUint64(dst []byte, v uint64) []byte { return binary.BigEndian.AppendUint64(dst, v) }

// AppendString appends a string of at most 255 octets. It returns dst as it
// was, and [ErrTooLong], for a longer one.
func AppendString(dst []byte, s string) ([]byte, error) {
	if len(s) > math.MaxUint8 {
		return dst, ErrTooLong
	}
	dst = append(dst, byte(len(s)))
	return append(dst, s...), nil
}

// AppendLongString appends a string of at most 4 GiB - 1. It returns dst as it
// was, and [ErrTooLong], for a longer one.
func AppendLongString(dst []byte, s string) ([]byte, error) {
	if uint64(len(s)) > math.MaxUint32 {
		return dst, ErrTooLong
	}
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(s)))
	return append(dst, s...), nil
}

// AppendChunk appends at most 4 GiB - 1 of octets with their length. It
// returns dst as it was, and [ErrTooLong], for more.
func AppendChunk(dst, chunk []byte) ([]byte, error) {
	if uint64(len(chunk)) > math.MaxUint32 {
		return dst, ErrTooLong
	}
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(chunk)))
	return append(dst, chunk...), nil
}

// AppendStrings appends a list of strings. It returns dst as it was, and
// [ErrTooLong], when the list or one of its strings is too long.
func AppendStrings(dst []byte, list []string) ([]byte, error) {
	if uint64(len(list)) > math.MaxUint32 {
		return dst, ErrTooLong
	}
	out := binary.BigEndian.AppendUint32(dst, uint32(len(list)))
	var err error
	for _, s := range list {
		if out, err = AppendLongString(out, s); err != nil {
			return dst, err
		}
	}
	return out, nil
}

// keysOnStack is how many keys AppendHash sorts without an allocation. Few
// nodes have more headers.
const keysOnStack = 16

// AppendHash appends a map in the order of its keys, so that equal maps give
// equal octets. A key has at most 255 octets. It returns dst as it was, and
// [ErrTooLong], when the map, a key or a value is too long.
func AppendHash(dst []byte, hash map[string]string) ([]byte, error) {
	if uint64(len(hash)) > math.MaxUint32 {
		return dst, ErrTooLong
	}
	var room [keysOnStack]string
	keys := room[:0]
	for key := range hash {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	out := binary.BigEndian.AppendUint32(dst, uint32(len(hash)))
	var err error
	for _, key := range keys {
		if out, err = AppendString(out, key); err != nil {
			return dst, err
		}
		if out, err = AppendLongString(out, hash[key]); err != nil {
			return dst, err
		}
	}
	return out, nil
}

// AppendZeroTerminated appends a text and a zero octet: the topic that leads
// a message of a publish-subscribe protocol. It returns dst as it was, and
// [ErrZero], when the text contains a zero octet itself.
func AppendZeroTerminated(dst []byte, s string) ([]byte, error) {
	if strings.IndexByte(s, 0) >= 0 {
		return dst, ErrZero
	}
	dst = append(dst, s...)
	return append(dst, 0), nil
}
