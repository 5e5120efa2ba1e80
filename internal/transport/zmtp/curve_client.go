package zmtp

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"github.com/gozre/zre/internal/transport"
)

// curveHello is what the client has sent with its HELLO.
type curveHello struct {
	short *keyPair // C', c'
	key   *boxKey  // of boxes between C' and S
}

// hello makes a HELLO:
//
//	version, padding, C', nonce, Box [64 * 0](C'->S)
//
// The padding makes it larger than the answer, so that nobody sends it to have
// somebody else get more.
func (h *handshake) hello() ([]byte, error) {
	short := newShortTerm()
	key, err := short.with(h.key[:])
	if err != nil {
		return nil, fmt.Errorf("%w: %w", transport.ErrWrongKey, err)
	}
	h.sent = &curveHello{short, key}
	b := make([]byte, 0, helloSize)
	b = append(b, 1, 0)
	b = append(b, make([]byte, 72)...)
	b = append(b, short.public[:]...)
	n := binary.BigEndian.AppendUint64(nil, 1)
	b = append(b, n...)
	b = key.seal(b, make([]byte, 64), nonce(nonceHello, n))
	return command("HELLO", b), nil
}

// curveClient does the handshake of a dialed connection, whose HELLO was sent.
func (h *handshake) curveClient(p *peer) error {
	rest, err := h.expect("WELCOME")
	if errors.Is(err, transport.ErrEnded) || errors.Is(err, transport.ErrReset) {
		return fmt.Errorf("%w: it does not answer what was encrypted for that key: %w",
			transport.ErrWrongKey, err)
	}
	if err != nil {
		return err
	}
	if len(rest) != welcomeSize {
		return fmt.Errorf("a WELCOME of %d octets", len(rest))
	}
	// nonce, Box [S' + cookie](S->C')
	plain, err := h.sent.key.open(rest[16:], nonce(nonceWelcome, rest[:16]))
	if err != nil {
		return fmt.Errorf("%w: its WELCOME was not made with that key", transport.ErrWrongKey)
	}
	theirShort, cookie := plain[:32], plain[32:]
	key, err := h.sent.short.with(theirShort)
	if err != nil {
		return err
	}
	initiate, err := h.initiate(key, theirShort, cookie)
	if err != nil {
		return err
	}
	h.write(initiate)
	ready, err := h.expect("READY")
	if err != nil {
		return err
	}
	// nonce, Box [metadata](S'->C')
	if len(ready) < 8+boxOverhead {
		return fmt.Errorf("a READY of %d octets", len(ready))
	}
	properties, err := key.open(ready[8:], nonce(nonceReady, ready[:8]))
	if err != nil {
		return fmt.Errorf("READY: %w", err)
	}
	p.key = h.key
	p.sealer = newSealer(key, nonceClient, 2)
	p.opener = newOpener(key, nonceServer, binary.BigEndian.Uint64(ready))
	return h.metadata(p, properties)
}

// initiate makes an INITIATE:
//
//	cookie, nonce, Box [C + vouch + metadata](C'->S')
//	vouch = nonce, Box [C', S](C->S')
func (h *handshake) initiate(key *boxKey, theirShort, cookie []byte) ([]byte, error) {
	vouchKey, err := h.own.with(theirShort)
	if err != nil {
		return nil, err
	}
	vouchNonce := random(16)
	plain := slices.Concat(h.own.public[:], vouchNonce)
	vouch := slices.Concat(h.sent.short.public[:], h.key[:])
	plain = vouchKey.seal(plain, vouch, nonce(nonceVouch, vouchNonce))
	plain = append(plain, h.properties()...)
	n := binary.BigEndian.AppendUint64(nil, 2)
	return command("INITIATE", key.seal(slices.Concat(cookie, n), plain, nonce(nonceInitiate, n))), nil
}
