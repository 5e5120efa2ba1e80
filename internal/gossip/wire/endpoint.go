package wire

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"

	"github.com/gozre/zre/internal/curve"
)

// ErrEndpoint says that a value is not an endpoint that a ZRE node can connect to.
var ErrEndpoint = errors.New("not an endpoint of the form tcp://IP:PORT or tcp://IP:PORT|PUBLICKEY")

// CheckEndpoint returns why value cannot be the value of a tuple, or nil. zyre ends its process
// when it gets an empty or malformed value, so such a value must not be stored or forwarded.
func CheckEndpoint(value string) error {
	_, _, err := ParseEndpoint(value)
	return err
}

// ParseEndpoint splits value into its address and its public key ("" if there is none).
func ParseEndpoint(value string) (netip.AddrPort, string, error) {
	addr, key, keyed := strings.Cut(value, "|")
	rest, ok := strings.CutPrefix(addr, "tcp://")
	if !ok {
		return netip.AddrPort{}, "", fmt.Errorf("%w: it does not begin with tcp://", ErrEndpoint)
	}
	ap, err := netip.ParseAddrPort(rest)
	if err != nil {
		return netip.AddrPort{}, "", fmt.Errorf("%w: no IP:PORT after tcp://", ErrEndpoint)
	}
	switch ip := ap.Addr(); {
	case ap.Port() == 0:
		return netip.AddrPort{}, "", fmt.Errorf("%w: port 0", ErrEndpoint)
	case ip.IsUnspecified(), ip.IsMulticast(), ip == netip.AddrFrom4([4]byte{255, 255, 255, 255}):
		return netip.AddrPort{}, "", fmt.Errorf("%w: nobody can connect to %v", ErrEndpoint, ip)
	case ip.Zone() != "":
		return netip.AddrPort{}, "", fmt.Errorf("%w: a zone has no meaning on another host", ErrEndpoint)
	}
	if keyed {
		if _, err := curve.Parse(key); err != nil {
			return netip.AddrPort{}, "", fmt.Errorf("%w: what follows | is %w", ErrEndpoint, err)
		}
	}
	return ap, key, nil
}
