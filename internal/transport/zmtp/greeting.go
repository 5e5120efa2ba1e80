package zmtp

import (
	"errors"
	"fmt"
	"time"

	"github.com/gozre/zre/internal/transport"
)

// The greeting (ZeroMQ RFC 37, section "Version Negotiation"):
//
//	0       signature: FF, 8 octets of padding, 7F
//	10, 11  version
//	12      mechanism, 20 octets, padded with NUL
//	32      as-server
//	33      filler
const (
	greetingSize  = 64
	versionEnd    = 12
	mechanismEnd  = 32
	asServerIndex = 32
)

// The names of the mechanisms.
const (
	nullName  = "NULL"
	curveName = "CURVE"
)

// greeting is ours.
func greeting(mechanism string, asServer bool) []byte {
	g := make([]byte, greetingSize)
	g[0], g[9], g[10], g[11] = 0xff, 0x7f, 3, 1
	copy(g[versionEnd:], mechanism)
	if asServer {
		g[asServerIndex] = 1
	}
	return g
}

// carefulWait is how long a careful dialing side waits for the mechanism of the other
// end: it might be waiting for ours.
const carefulWait = 200 * time.Millisecond

// errNoMechanism says that the other end has closed the connection before it told
// its mechanism. libzmq does so when it sees another mechanism than its own.
var errNoMechanism = errors.New("closed within the greeting")

// greet exchanges greetings, and returns the minor version of the other end.
func (h *handshake) greet(mechanism string) (minor byte, err error) {
	minor, err = h.exchangeGreetings(mechanism)
	if errors.Is(err, transport.ErrEnded) || errors.Is(err, transport.ErrReset) {
		err = fmt.Errorf("%w: %w", errNoMechanism, err)
	}
	return minor, err
}

// exchangeGreetings has to consider that a libzmq which reads a mechanism that it does
// not have closes the connection before it has told its own. So the accepting side
// sends its version at once, and its mechanism when it has seen that of the other
// end; the dialing side sends all at once, or if careful does as the accepting side.
func (h *handshake) exchangeGreetings(mechanism string) (minor byte, err error) {
	ours := greeting(mechanism, !h.dialed)
	if h.dialed {
		early, err := h.early()
		if err != nil {
			return 0, err
		}
		ours = append(ours, early...)
	}
	first := ours
	if !h.dialed || h.careful {
		first = ours[:versionEnd]
	}
	h.write(first)
	if err := h.version(); err != nil {
		return 0, err
	}
	minor = h.have()[11]
	if h.dialed && h.careful {
		err = h.needWithin(mechanismEnd, carefulWait)
	} else {
		err = h.need(mechanismEnd)
	}
	if err != nil {
		return 0, err
	}
	if len(first) < len(ours) {
		h.write(ours[len(first):])
	}
	if err := h.need(mechanismEnd); err != nil {
		return 0, err
	}
	if theirs := mechanismName(h.have()[versionEnd:mechanismEnd]); theirs != mechanism {
		if theirs == curveName || theirs == nullName {
			return 0, fmt.Errorf("%w: the mechanism of the peer is %s, ours is %s",
				transport.ErrMechanism, theirs, mechanism)
		}
		return 0, fmt.Errorf("the mechanism of the peer is %q, ours is %s", theirs, mechanism)
	}
	if err := h.need(greetingSize); err != nil {
		return 0, err
	}
	h.skip(greetingSize)
	return minor, nil
}

// version reads the signature and the version, and refuses a peer that does not
// speak ZMTP 3 as soon as that can be seen.
func (h *handshake) version() error {
	if err := h.need(1); err != nil {
		return err
	}
	if h.have()[0] != 0xff {
		return errors.New("the peer speaks ZMTP 1, or no ZMTP at all")
	}
	if err := h.need(10); err != nil {
		return err
	}
	if h.have()[9]&1 == 0 {
		return errors.New("the peer speaks ZMTP 1, or no ZMTP at all")
	}
	if err := h.need(11); err != nil {
		return err
	}
	switch revision := h.have()[10]; {
	case revision == 0:
		return errors.New("the peer speaks ZMTP 1")
	case revision < 3:
		return errors.New("the peer speaks ZMTP 2")
	}
	return h.need(versionEnd)
}

// mechanismName takes the padding off.
func mechanismName(field []byte) string {
	for len(field) > 0 && field[len(field)-1] == 0 {
		field = field[:len(field)-1]
	}
	return string(field)
}
