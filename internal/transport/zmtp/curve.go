package zmtp

import (
	"crypto/ecdh"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"

	"golang.org/x/crypto/nacl/secretbox"

	"github.com/gozre/zre/internal/curve"
	"github.com/gozre/zre/internal/transport/zmtp/keystream"
)

// The names follow ZeroMQ RFC 25: s, c are secret and S, C public keys of server and
// client, a prime marks those that live as long as one connection.

// The prefixes of nonces.
const (
	nonceHello    = "CurveZMQHELLO---"
	nonceWelcome  = "WELCOME-"
	nonceVouch    = "VOUCH---"
	nonceInitiate = "CurveZMQINITIATE"
	nonceReady    = "CurveZMQREADY---"
	nonceClient   = "CurveZMQMESSAGEC"
	nonceServer   = "CurveZMQMESSAGES"
)

// The sizes of commands, without their names.
const (
	helloSize     = 194
	welcomeSize   = 160
	initiateLeast = 248 // without metadata
	cookieSize    = 96
	vouchSize     = 80
	boxOverhead   = secretbox.Overhead
)

var errBox = errors.New("a box of the peer cannot be opened")

// keyPair is a long-term key pair, or one that lives as long as a connection.
type keyPair struct {
	secret *ecdh.PrivateKey
	public curve.Key
}

// newKeyPair checks that the keys belong together.
func newKeyPair(public, secretKey curve.Key) (*keyPair, error) {
	secret, err := ecdh.X25519().NewPrivateKey(secretKey[:])
	if err != nil {
		return nil, fmt.Errorf("zmtp: no secret key: %w", err)
	}
	if subtle.ConstantTimeCompare(secret.PublicKey().Bytes(), public[:]) != 1 {
		return nil, errors.New("zmtp: the public key is not that of the secret key")
	}
	return &keyPair{secret, public}, nil
}

// newShortTerm makes a key pair for one connection.
func newShortTerm() *keyPair {
	secret, err := ecdh.X25519().GenerateKey(rand.Reader)
	if err != nil {
		panic("zmtp: the system's source of random octets does not fail: " + err.Error())
	}
	return &keyPair{secret, curve.Key(secret.PublicKey().Bytes())}
}

// boxKey is what both ends of a box compute (crypto_box_beforenm of NaCl).
type boxKey [32]byte

// with computes the key of boxes between us and the owner of a public key. It
// fails for one of small order, which would make the key known to everybody.
func (k *keyPair) with(public []byte) (*boxKey, error) {
	other, err := ecdh.X25519().NewPublicKey(public)
	if err != nil {
		return nil, err
	}
	shared, err := k.secret.ECDH(other)
	if err != nil {
		return nil, fmt.Errorf("a public key of the peer is not usable: %w", err)
	}
	key := boxKey(keystream.Derive((*[32]byte)(shared), new([16]byte)))
	return &key, nil
}

// nonce puts a nonce together.
func nonce(prefix string, rest []byte) *[24]byte {
	var n [24]byte
	copy(n[copy(n[:], prefix):], rest)
	return &n
}

func (k *boxKey) seal(dst, plain []byte, n *[24]byte) []byte {
	return secretbox.Seal(dst, plain, n, (*[32]byte)(k))
}

func (k *boxKey) open(box []byte, n *[24]byte) ([]byte, error) {
	plain, ok := secretbox.Open(nil, box, n, (*[32]byte)(k))
	if !ok {
		return nil, errBox
	}
	return plain, nil
}

// random returns random octets.
func random(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // It never fails.
	return b
}
