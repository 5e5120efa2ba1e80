package poly1305

import (
	"crypto/subtle"

	"golang.org/x/crypto/poly1305" //lint:ignore SA1019 CURVE is made of Poly1305
)

const (
	// Size is the length of an authenticator in octets.
	Size = 16
	// KeySize is the length of a key in octets. A key is used for one message only.
	KeySize = 32
)

// Sum computes the authenticator of a message.
func Sum(out *[Size]byte, message []byte, key *[KeySize]byte) {
	if lanes == 1 || len(message) < vectorsFrom {
		poly1305.Sum(out, message, key)
		return
	}
	sumLong(out, message, key)
}

// Verify reports whether this is the authenticator of a message. The time that it takes does not
// depend on the answer.
func Verify(sum *[Size]byte, message []byte, key *[KeySize]byte) bool {
	if lanes == 1 || len(message) < vectorsFrom {
		return poly1305.Verify(sum, message, key)
	}
	var want [Size]byte
	sumLong(&want, message, key)
	return subtle.ConstantTimeCompare(want[:], sum[:]) == 1
}

// sumLong is not a part of Sum because of the stack that it needs.
//
//go:noinline
func sumLong(out *[Size]byte, message []byte, key *[KeySize]byte) {
	var m MAC
	m.Start(key)
	m.Write(message)
	m.Sum(out)
}

// MAC computes the authenticator of a message that is given in parts. It is meant for large
// ones.
type MAC struct {
	portable *poly1305.MAC // if the processor has no way that is here
	vector
}

// Start begins a message.
func (m *MAC) Start(key *[KeySize]byte) {
	if lanes == 1 {
		m.portable = poly1305.New(key)
		return
	}
	m.start(key, lanes)
}

// Write adds the next part of the message.
func (m *MAC) Write(part []byte) {
	if m.portable != nil {
		_, _ = m.portable.Write(part) // It never fails.
		return
	}
	m.write(part)
}

// Sum computes the authenticator of all parts. It ends the message.
func (m *MAC) Sum(out *[Size]byte) {
	if m.portable != nil {
		m.portable.Sum(out[:0])
		m.portable = nil
		return
	}
	m.sum(out)
}

// Verify reports whether this is the authenticator of all parts. It ends the message.
func (m *MAC) Verify(sum *[Size]byte) bool {
	var want [Size]byte
	m.Sum(&want)
	return subtle.ConstantTimeCompare(want[:], sum[:]) == 1
}
