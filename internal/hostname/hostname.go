package hostname

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
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
	if _, err := netip.ParseAddr(host); err != nil && !isName(host) {
		return "", 0, fmt.Errorf("%q is neither an IP address nor a name", host)
	}
	return host, uint16(n), nil
}

// isName reports whether a text can be the name of a host. One that ends with a number is an
// IPv4 address with a mistake.
func isName(s string) bool {
	wrong := func(c rune) bool { return c <= ' ' || strings.ContainsRune("*/|:[]%\x7f", c) }
	if s == "" || strings.ContainsFunc(s, wrong) {
		return false
	}
	last := strings.TrimSuffix(s, ".")
	last = last[strings.LastIndexByte(last, '.')+1:]
	return strings.Trim(last, "0123456789") != ""
}

// Resolve returns the addresses of HOST:PORT, at least one, always in the same order. Those of
// IPv4 come first, because most endpoints of ZRE are IPv4. What is no address of a host, as
// some servers answer for names that they block, is left out. The error is an *Error if the
// name has no address.
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
	if err != nil {
		return nil, &Error{host, err}
	}
	var all []netip.AddrPort
	for _, a := range addrs {
		if a = a.Unmap(); a.IsValid() && !a.IsUnspecified() && !a.IsMulticast() {
			all = append(all, netip.AddrPortFrom(a, port))
		}
	}
	if len(all) == 0 {
		return nil, &Error{host, errors.New("no address")}
	}
	slices.SortFunc(all, netip.AddrPort.Compare) // IPv4 is before IPv6.
	return all, nil
}
