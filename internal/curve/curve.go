package curve

import (
	"crypto/ecdh"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
)

// Size is the length of a key in octets, and TextSize that of its text.
const (
	Size     = 32
	TextSize = 40
)

// Key is a key in octets. The zero Key stands for none.
type Key [Size]byte

// String returns the text of a key, "" for the zero Key.
func (k Key) String() string {
	if k.IsZero() {
		return ""
	}
	return Text(k)
}

// IsZero reports whether k stands for no key.
func (k Key) IsZero() bool { return k == Key{} }

// ErrKey says that a text is not that of a key.
var ErrKey = errors.New("not a CURVE key, which has 40 characters of Z85")

const alphabet = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#"

// Parse returns the octets of a key. The error does not quote the text, which may be that of
// a secret key.
func Parse(text string) (key Key, err error) {
	if len(text) != TextSize {
		return key, fmt.Errorf("%w: it has %d", ErrKey, len(text))
	}
	for i := 0; i < TextSize; i += 5 {
		var word uint64
		for j := i; j < i+5; j++ {
			digit := strings.IndexByte(alphabet, text[j])
			if digit < 0 {
				return Key{}, fmt.Errorf("%w: character %d is none of Z85", ErrKey, j+1)
			}
			word = word*85 + uint64(digit)
		}
		if word > 1<<32-1 {
			return Key{}, fmt.Errorf("%w: characters %d to %d are too large a number", ErrKey, i+1, i+5)
		}
		binary.BigEndian.PutUint32(key[i/5*4:], uint32(word))
	}
	return key, nil
}

// Text returns the text of a key.
func Text(key [Size]byte) string {
	var text [TextSize]byte
	for i := 0; i < TextSize; i += 5 {
		word := binary.BigEndian.Uint32(key[i/5*4:])
		for j := i + 4; j >= i; j-- {
			text[j] = alphabet[word%85]
			word /= 85
		}
	}
	return string(text[:])
}

// NewPair makes a key pair. The public key does not begin with an octet 0, because zyre takes
// a beacon with such a key for a beacon without a key.
func NewPair() (public, secret string, err error) {
	key, err := ecdh.X25519().GenerateKey(rand.Reader)
	for err == nil && key.PublicKey().Bytes()[0] == 0 {
		key, err = ecdh.X25519().GenerateKey(rand.Reader)
	}
	if err != nil {
		return "", "", fmt.Errorf("no new CURVE key: %w", err)
	}
	return Text([Size]byte(key.PublicKey().Bytes())), Text([Size]byte(key.Bytes())), nil
}

// Public returns the public key that belongs to a secret one.
func Public(secret string) (string, error) {
	octets, err := Parse(secret)
	if err != nil {
		return "", err
	}
	key, err := ecdh.X25519().NewPrivateKey(octets[:])
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrKey, err)
	}
	return Text([Size]byte(key.PublicKey().Bytes())), nil
}
