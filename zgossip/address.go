package zgossip

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/gozre/zre/internal/curve"
	"github.com/gozre/zre/internal/hostname"
	"github.com/gozre/zre/internal/netif"
)

// DefaultPort is where gossip servers are by convention.
const DefaultPort = 31337

// ParseServer parses the address of a server: HOST, HOST:PORT, or either after tcp://. HOST
// is a name or an IP address (IPv6 in brackets if a port follows). It returns HOST:PORT.
func ParseServer(s string) (string, error) {
	rest := strings.TrimPrefix(s, "tcp://")
	if addr, err := netip.ParseAddr(strings.Trim(rest, "[]")); err == nil {
		return netip.AddrPortFrom(addr, DefaultPort).String(), nil
	}
	host, port, err := net.SplitHostPort(rest)
	if err != nil {
		if strings.ContainsAny(rest, ":/[] ") || rest == "" {
			return "", fmt.Errorf("%q is not HOST:PORT or tcp://HOST:PORT", s)
		}
		host, port = rest, strconv.Itoa(DefaultPort)
	}
	hostPort := net.JoinHostPort(host, port)
	if _, _, err := hostname.Split(hostPort); err != nil {
		return "", fmt.Errorf("%q: %w", s, err)
	}
	return hostPort, nil
}

// remote is a server to connect to.
type remote struct {
	address string // HOST:PORT
	// keys has its public key, and more while it gets another one; none if it does not use CURVE
	keys []curve.Key
}

// secure reports whether the server uses CURVE.
func (r remote) secure() bool { return len(r.keys) > 0 }

// key returns the key to try in an attempt, counted from 0.
func (r remote) key(attempt int) curve.Key {
	if !r.secure() {
		return curve.Key{}
	}
	return r.keys[attempt%len(r.keys)]
}

func (r remote) equal(o remote) bool {
	return r.address == o.address && slices.Equal(r.keys, o.keys)
}

// parseRemotes parses addresses of servers, those of a field of a configuration. A server that is
// named with several keys is one server.
func parseRemotes(field string, list []string, secret string) (all []remote, err error) {
	for _, s := range list {
		to, err := parseRemote(s, secret)
		if err != nil {
			return nil, &ConfigError{field, withoutKey(s), err.Error()}
		}
		i := slices.IndexFunc(all, func(r remote) bool { return r.address == to.address })
		switch {
		case i < 0:
			all = append(all, to)
		case all[i].secure() != to.secure():
			return nil, &ConfigError{field, to.address, "is named twice, with and without a key"}
		case to.secure() && !slices.Contains(all[i].keys, to.keys[0]):
			all[i].keys = append(all[i].keys, to.keys[0])
		}
	}
	return all, nil
}

// withoutKey is the address of a server as errors show it. The text behind the | may be a
// secret key by mistake.
func withoutKey(s string) string {
	if where, _, keyed := strings.Cut(s, "|"); keyed {
		return where + "|…"
	}
	return s
}

// parseRemote parses the address of a server, and behind a | its public key. With a key an own
// secret key is needed as well.
func parseRemote(s, secret string) (remote, error) {
	where, key, keyed := strings.Cut(s, "|")
	address, err := ParseServer(where)
	if err != nil || !keyed {
		return remote{address: address}, err
	}
	octets, err := curve.Parse(key)
	if err != nil {
		return remote{}, fmt.Errorf("behind the | is %w", err)
	}
	if secret == "" {
		return remote{}, errors.New("want SecretKey too, or no key behind the address")
	}
	return remote{address, []curve.Key{octets}}, nil
}

// parseListen parses an address to listen at: tcp://IP:PORT or IP:PORT. IP may be * for all
// interfaces, and PORT may be * for any free one. All interfaces are [::], which includes
// IPv4.
func parseListen(s string) (netip.AddrPort, error) {
	rest := strings.TrimPrefix(s, "tcp://")
	host, port, err := net.SplitHostPort(rest)
	if err != nil {
		return netip.AddrPort{}, fmt.Errorf("want tcp://*:%d or tcp://IP:PORT", DefaultPort)
	}
	addr := netip.IPv6Unspecified()
	if host != "" && host != "*" {
		if addr, err = netip.ParseAddr(host); err != nil {
			return netip.AddrPort{}, fmt.Errorf("%q is neither an IP address nor *", host)
		}
	}
	if port == "*" {
		return netip.AddrPortFrom(addr, 0), nil
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil || n == 0 {
		return netip.AddrPort{}, errors.New("the port is neither a number from 1 to 65535 nor *")
	}
	return netip.AddrPortFrom(addr, uint16(n)), nil
}

// resolve returns the addresses of HOST:PORT, at least one.
func resolve(ctx context.Context, l hostname.Lookup, hostPort string) ([]netip.AddrPort, error) {
	addrs, err := l.Resolve(ctx, hostPort)
	if _, ok := errors.AsType[*hostname.Error](err); ok {
		err = &unresolvedError{err}
	}
	return addrs, err
}

// LocalEndpoint publishes tcp://IP:port to each server. IP is the local address from which
// that server is reached.
func LocalEndpoint(port uint16) func(server netip.AddrPort) (string, error) {
	return func(server netip.AddrPort) (string, error) {
		local, err := netif.LocalAddrFor(server.Addr())
		if err != nil {
			return "", err
		}
		return "tcp://" + netip.AddrPortFrom(local, port).String(), nil
	}
}

// Advertise publishes the same endpoint to all servers, for instance the address of a router
// that forwards to this host.
func Advertise(endpoint string) func(server netip.AddrPort) (string, error) {
	return func(netip.AddrPort) (string, error) { return endpoint, nil }
}
