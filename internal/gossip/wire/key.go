package wire

import (
	"encoding/hex"
	"errors"
	"strings"
)

// ErrKey says that a key is empty or holds control characters.
var ErrKey = errors.New("not a key: empty, or with octets that are not printable ASCII")

// rawKeyLen is the length of a UUID in raw octets, hexKeyLen in hexadecimal digits.
const (
	rawKeyLen = 16
	hexKeyLen = 32
)

// CanonicalKey gives the form in which a key is kept: a UUID as 32 upper-case
// hexadecimal digits, anything else as it is. With raw set a key of 16 octets is
// taken for the raw octets of a UUID.
func CanonicalKey(key string, raw bool) (string, error) {
	if raw && len(key) == rawKeyLen {
		return strings.ToUpper(hex.EncodeToString([]byte(key))), nil
	}
	if !Printable(key) {
		return "", ErrKey
	}
	if len(key) == hexKeyLen && isHex(key) {
		return strings.ToUpper(key), nil
	}
	return key, nil
}

// RawKey gives the 16 raw octets of a canonical key, false if it is no UUID.
func RawKey(key string) (string, bool) {
	if len(key) != hexKeyLen {
		return "", false
	}
	raw, err := hex.DecodeString(key)
	return string(raw), err == nil
}

// Printable says that s is not empty and all printable ASCII without blanks.
func Printable(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' {
			return false
		}
	}
	return s != ""
}

func isHex(s string) bool {
	for i := range len(s) {
		switch c := s[i]; {
		case c >= '0' && c <= '9', c >= 'a' && c <= 'f', c >= 'A' && c <= 'F':
		default:
			return false
		}
	}
	return true
}
