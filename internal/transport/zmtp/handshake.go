package zmtp

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/gozre/zre/internal/curve"
	"github.com/gozre/zre/internal/transport"
)

// handshake is one, from the first octet on. It knows nothing of sockets.
type handshake struct {
	cfg     *transport.Config
	conn    stream
	dialed  bool
	careful bool           // see greet
	own     *keyPair       // with CURVE
	key     curve.Key      // that the other end must have, if dialed with CURVE
	from    netip.AddrPort // address of the other end

	deadline time.Time // of the whole handshake

	sent *curveHello // with CURVE, if dialed
	buf  []byte      // what was read and not used
	out  []byte      // what is to be sent
	told bool        // the other end was sent something that says why it is refused
}

// stream is the part of a socket that a handshake needs.
type stream interface {
	io.ReadWriter
	SetReadDeadline(time.Time) error
}

// peer is what a handshake has found out.
type peer struct {
	minor    byte // of its version 3 of ZMTP
	identity []byte
	key      curve.Key
	leftover []byte // what was read beyond the handshake
	sealer   *sealer
	opener   *opener
}

// octets is the memory of buf and out. It suffices for a handshake with NULL.
type octets struct {
	buf [512]byte
	out [256]byte
}

var octetsPool = sync.Pool{New: func() any { return new(octets) }}

// run does the handshake. Its errors wrap ErrHandshake, or the reason if there is
// one more exact.
func (h *handshake) run() (*peer, error) {
	memory := octetsPool.Get().(*octets)
	defer octetsPool.Put(memory)
	h.buf, h.out = memory.buf[:0], memory.out[:0]
	p, err := h.try()
	if failed := h.flush(); err == nil {
		err = failed
	}
	if err != nil {
		return nil, handshakeError(err)
	}
	if len(h.buf) > 0 {
		p.leftover = bytes.Clone(h.buf)
	}
	return p, nil
}

func (h *handshake) try() (*peer, error) {
	secure := h.cfg.Security != nil
	mechanism := nullName
	if secure {
		mechanism = curveName
	}
	minor, err := h.greet(mechanism)
	if err != nil {
		return nil, err
	}
	p := &peer{minor: minor}
	switch {
	case secure && h.dialed:
		err = h.curveClient(p)
	case secure:
		err = h.curveServer(p)
	case h.dialed:
		err = h.nullClient(p)
	default:
		err = h.nullServer(p)
	}
	return p, err
}

// handshakeError wraps an error in ErrHandshake, unless the error says more.
func handshakeError(err error) error {
	for _, exact := range []error{
		transport.ErrClosed, transport.ErrMechanism,
		transport.ErrUntrusted, transport.ErrNotTrusted, transport.ErrWrongKey,
	} {
		if errors.Is(err, exact) {
			return err
		}
	}
	return fmt.Errorf("%w: %w", transport.ErrHandshake, err)
}

// early is what the dialing side sends right after its greeting.
func (h *handshake) early() ([]byte, error) {
	if h.cfg.Security != nil {
		return h.hello()
	}
	return command("READY", h.properties()), nil
}

// nullClient ends the handshake of a dialed connection (ZeroMQ RFC 37, section "The
// NULL Security Mechanism").
func (h *handshake) nullClient(p *peer) error {
	body, err := h.expect("READY")
	if err != nil {
		return err
	}
	return h.metadata(p, body)
}

// nullServer ends that of an accepted one. It answers when it has seen whom.
func (h *handshake) nullServer(p *peer) error {
	body, err := h.expect("READY")
	if err != nil {
		return err
	}
	if err := h.metadata(p, body); err != nil {
		h.refuse(reasonInvalid)
		return err
	}
	h.write(command("READY", h.properties()))
	return nil
}

// expect reads the command with this name, and returns what follows the name. The
// other end may send an ERROR instead.
func (h *handshake) expect(want string) ([]byte, error) {
	name, rest, err := h.command()
	switch {
	case err != nil:
		return nil, fmt.Errorf("waiting for %s: %w", want, err)
	case name == "ERROR":
		return nil, refusedError(h.cfg.Security != nil, rest)
	case name != want:
		return nil, fmt.Errorf("the peer sends %.40q instead of %s", name, want)
	}
	return rest, nil
}

// refusedError is what a received ERROR means.
func refusedError(secure bool, rest []byte) error {
	if len(rest) == 0 || len(rest) < 1+int(rest[0]) {
		return errors.New("the peer sends an ERROR that is cut off")
	}
	reason := string(rest[1 : 1+int(rest[0])])
	if secure && strings.HasPrefix(reason, "4") {
		return fmt.Errorf("%w: it refuses it with %.80q", transport.ErrUntrusted, reason)
	}
	return fmt.Errorf("the peer refuses the connection with %.80q", reason)
}

// The reasons of an ERROR that we send. libzmq knows the status codes of ZAP (ZeroMQ
// RFC 27), and does not try again.
const (
	reasonUntrusted = "400"
	reasonInvalid   = "Invalid metadata"
)

// refuse tells the other end why.
func (h *handshake) refuse(reason string) {
	h.told = true
	h.write(command("ERROR", append([]byte{byte(len(reason))}, reason...)))
}
