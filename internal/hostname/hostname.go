// Package hostname turns HOST:PORT into addresses, where HOST is a name or an IP address.
package hostname

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
)

// Lookup returns the addresses of a host, as net.Resolver.LookupNetIP does. Nil stands for
// that of net.DefaultResolver.
type Lookup func(ctx context.Context, network, host string) ([]netip.Addr, error)

// Error says that a name has no address.
type Error struct {
	Host string
	Err  error
}

func (e *Error) Error() string { return fmt.Sprintf("%q cannot be resolved: %v", e.Host, e.Err) }
func (e *Error) Unwrap() error { return e.Err }

// Split splits HOST:PORT. HOST is not empty and no pattern, PORT is 1 to 65535.
func Split(hostPort string) (host string, port uint16, err error) {
	host, text, err := net.SplitHostPort(hostPort)
	if err != nil {
		return "", 0, err
	}
	n, err := strconv.ParseUint(text, 10, 16)
	if err != nil || n == 0 {
		return "", 0, errors.New("the port is not a number from 1 to 65535")
	}
	if !isHost(host) {
		return "", 0, fmt.Errorf("%q is no name of a host", host)
	}
	return host, uint16(n), nil
}

// isHost reports whether a text can be the name or address of a host.
func isHost(s string) bool {
	for _, c := range s {
		if c <= ' ' || c == '*' || c == '/' || c == '|' || c == 0x7f {
			return false
		}
	}
	return s != ""
}

// Resolve returns the addresses of HOST:PORT, at least one. Those of IPv4 come first, because
// most endpoints of ZRE are IPv4. The error is an *Error if the name has no address.
func (l Lookup) Resolve(ctx context.Context, hostPort string) ([]netip.AddrPort, error) {
	if ap, err := netip.ParseAddrPort(hostPort); err == nil {
		return []netip.AddrPort{ap}, nil
	}
	host, port, err := Split(hostPort)
	if err != nil {
		return nil, err
	}
	if l == nil {
		l = net.DefaultResolver.LookupNetIP
	}
	addrs, err := l(ctx, "ip", host)
	if err == nil && len(addrs) == 0 {
		err = errors.New("no address")
	}
	if err != nil {
		return nil, &Error{host, err}
	}
	var v4, v6 []netip.AddrPort
	for _, a := range addrs {
		if a = a.Unmap(); a.Is4() {
			v4 = append(v4, netip.AddrPortFrom(a, port))
		} else {
			v6 = append(v6, netip.AddrPortFrom(a, port))
		}
	}
	return append(v4, v6...), nil
}
