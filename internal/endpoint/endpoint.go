// Package endpoint has the type for where a node is reached.
package endpoint

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"

	"github.com/gozre/zre/internal/curve"
)

// Endpoint is where a node is reached: an address and a TCP port, and in a secure
// network the public key that the node there must have. It is comparable.
type Endpoint struct {
	Addr netip.AddrPort
	Key  curve.Key // zero in a plain network
}

// ErrEndpoint says that a text is not an endpoint.
var ErrEndpoint = errors.New("want tcp://IP:PORT")

const scheme = "tcp://"

// maxText bounds the length of an endpoint without key, in octets.
const maxText = 255

// Parse reads tcp://IP:PORT, or tcp://IP:PORT|KEY with a key of 40 characters of
// Z85 (ZeroMQ RFC 32). The address is neither unspecified nor multicast, and the
// text is the one that String gives: peers compare texts.
func Parse(text string) (Endpoint, error) {
	address, key, keyed := strings.Cut(text, "|")
	e, err := parse(address)
	if err == nil && keyed {
		e.Key, err = curve.Parse(key)
	}
	if err != nil {
		return Endpoint{}, err
	}
	return e, nil
}

func parse(text string) (Endpoint, error) {
	rest, ok := strings.CutPrefix(text, scheme)
	if !ok || len(text) > maxText {
		return Endpoint{}, ErrEndpoint
	}
	addr, err := netip.ParseAddrPort(rest)
	switch {
	case err != nil:
		return Endpoint{}, fmt.Errorf("%w: %w", ErrEndpoint, err)
	case addr.String() != rest:
		return Endpoint{}, fmt.Errorf("%w: the usual form is %s", ErrEndpoint, addr)
	case addr.Port() == 0:
		return Endpoint{}, fmt.Errorf("%w: port 0", ErrEndpoint)
	case addr.Addr().IsUnspecified(), addr.Addr().IsMulticast():
		return Endpoint{}, fmt.Errorf("%w: no node is reached at %s", ErrEndpoint, addr.Addr())
	}
	return Endpoint{Addr: addr}, nil
}

// At returns the endpoint at an address of the host and a port.
func At(host netip.Addr, port uint16, key curve.Key) Endpoint {
	return Endpoint{Addr: netip.AddrPortFrom(host.Unmap(), port), Key: key}
}

// String returns tcp://IP:PORT, "" for the zero Endpoint.
func (e Endpoint) String() string {
	if !e.Addr.IsValid() {
		return ""
	}
	return scheme + e.Addr.String()
}

// WithKey returns tcp://IP:PORT|KEY, without the last part if there is no key. It
// is what gossip servers are told.
func (e Endpoint) WithKey() string {
	if e.Key.IsZero() {
		return e.String()
	}
	return e.String() + "|" + e.Key.String()
}

// Host returns the address without the port.
func (e Endpoint) Host() netip.Addr { return e.Addr.Addr() }

// InZone returns the endpoint with the zone of the address from, if it is a
// link-local one of IPv6 without a zone: a zone is only known to the host itself.
func (e Endpoint) InZone(from netip.Addr) Endpoint {
	if e.NeedsZone() {
		e.Addr = netip.AddrPortFrom(e.Host().WithZone(from.Zone()), e.Addr.Port())
	}
	return e
}

// NeedsZone reports whether the address is a link-local one of IPv6 without a zone, which
// leads nowhere.
func (e Endpoint) NeedsZone() bool {
	host := e.Host()
	return host.IsLinkLocalUnicast() && host.Is6() && host.Zone() == ""
}

// WithoutZone returns the endpoint as another host is told it.
func (e Endpoint) WithoutZone() Endpoint {
	e.Addr = netip.AddrPortFrom(e.Host().WithZone(""), e.Addr.Port())
	return e
}
