package zmtp

import (
	"crypto/subtle"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"github.com/gozre/zre/internal/curve"
	"github.com/gozre/zre/internal/transport"
)

// clientHello is what a HELLO has told the server.
type clientHello struct {
	short []byte  // C'
	key   *boxKey // of boxes between C' and S
	nonce uint64
}

// curveServer does the handshake of an accepted connection.
func (h *handshake) curveServer(p *peer) error {
	rest, err := h.expect("HELLO")
	if err != nil {
		return err
	}
	hello, err := h.readHello(rest)
	if err != nil {
		return err
	}
	// The cookie of RFC 25 is a box for ourselves, so that a server without memory
	// of the HELLO can know it again. We have that memory: the cookie is random.
	short, cookie := newShortTerm(), random(cookieSize)
	n := random(16)
	plain := slices.Concat(short.public[:], cookie)
	h.write(command("WELCOME", hello.key.seal(slices.Clone(n), plain, nonce(nonceWelcome, n))))
	rest, err = h.expect("INITIATE")
	if err != nil {
		return err
	}
	if len(rest) < initiateLeast || subtle.ConstantTimeCompare(rest[:cookieSize], cookie) != 1 {
		return errors.New("an INITIATE without the cookie of our WELCOME")
	}
	last := binary.BigEndian.Uint64(rest[cookieSize:])
	if last <= hello.nonce {
		return errors.New("the nonce of the INITIATE is not larger than that of the HELLO")
	}
	key, properties, err := h.readInitiate(p, hello, short, rest[cookieSize:])
	if err != nil {
		return err
	}
	if err := h.allow(p.key); err != nil {
		h.refuse(reasonUntrusted)
		return fmt.Errorf("%w: %w", transport.ErrNotTrusted, err)
	}
	if err := h.metadata(p, properties); err != nil {
		h.refuse(reasonInvalid)
		return err
	}
	first := binary.BigEndian.AppendUint64(nil, 1)
	p.sealer = newSealer(key, nonceServer, 1)
	p.opener = newOpener(key, nonceClient, last)
	h.write(command("READY", key.seal(first, h.properties(), nonce(nonceReady, first))))
	return nil
}

// readHello opens a HELLO.
func (h *handshake) readHello(b []byte) (*clientHello, error) {
	if len(b) != helloSize || b[0] != 1 || b[1] != 0 {
		return nil, errors.New("a HELLO that is not one of CurveZMQ 1.0")
	}
	if slices.ContainsFunc(b[2:74], func(c byte) bool { return c != 0 }) {
		return nil, errors.New("a HELLO with padding that is not zero")
	}
	hello := &clientHello{short: slices.Clone(b[74:106]), nonce: binary.BigEndian.Uint64(b[106:])}
	var err error
	if hello.key, err = h.own.with(hello.short); err != nil {
		return nil, err
	}
	signature, err := hello.key.open(b[114:], nonce(nonceHello, b[106:114]))
	if err != nil {
		return nil, errors.New("the client expects another key than ours")
	}
	if slices.ContainsFunc(signature, func(c byte) bool { return c != 0 }) {
		return nil, errors.New("a HELLO with a signature that is not zero")
	}
	return hello, nil
}

// readInitiate opens an INITIATE, from its nonce on, and checks that its sender has
// the long-term key that it shows, and wants to speak with us over this connection.
func (h *handshake) readInitiate(p *peer, hello *clientHello, short *keyPair, b []byte) (
	key *boxKey, properties []byte, err error,
) {
	if key, err = short.with(hello.short); err != nil {
		return nil, nil, err
	}
	plain, err := key.open(b[8:], nonce(nonceInitiate, b[:8]))
	if err != nil {
		return nil, nil, fmt.Errorf("INITIATE: %w", err)
	}
	p.key = curve.Key(plain)
	vouchKey, err := short.with(p.key[:])
	if err != nil {
		return nil, nil, err
	}
	vouch, err := vouchKey.open(plain[48:48+vouchSize], nonce(nonceVouch, plain[32:48]))
	if err != nil {
		return nil, nil, fmt.Errorf("vouch: %w", err)
	}
	if subtle.ConstantTimeCompare(vouch, slices.Concat(hello.short, h.own.public[:])) != 1 {
		return nil, nil, errors.New("a vouch for another connection")
	}
	return key, plain[48+vouchSize:], nil
}

// allow asks whether the owner of the key may connect.
func (h *handshake) allow(key curve.Key) error {
	if h.cfg.Security.Allow == nil {
		return errors.New("no key is trusted")
	}
	return h.cfg.Security.Allow(key, h.from)
}
