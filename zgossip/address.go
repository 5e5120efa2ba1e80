package zgossip

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"

	"github.com/gozre/zre/internal/curve"
	"github.com/gozre/zre/internal/netif"
	"github.com/gozre/zre/internal/zmq"
)

// DefaultPort is where gossip servers are by convention.
const DefaultPort = 31337

// ParseServer reads the address of a server: HOST, HOST:PORT, or either after
// tcp://. HOST is a name or an IP address (IPv6 in brackets if a port follows). It
// gives HOST:PORT.
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
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		return "", fmt.Errorf("%q: the port is not a number from 1 to 65535", s)
	}
	if host == "" || strings.ContainsAny(host, "*/ ") {
		return "", fmt.Errorf("%q names no host", s)
	}
	return net.JoinHostPort(host, port), nil
}

// remote is a server to connect to.
type remote struct {
	address string     // HOST:PORT
	curve   *zmq.Curve // nil: without
}

// withoutKey is the address of a server as errors show it: what is behind the | might be a
// secret key by mistake.
func withoutKey(s string) string {
	if where, _, keyed := strings.Cut(s, "|"); keyed {
		return where + "|…"
	}
	return s
}

// parseRemote reads the address of a server, and behind a | its public key, for which
// an own secret one is needed.
func parseRemote(s, secret string) (remote, error) {
	where, key, keyed := strings.Cut(s, "|")
	address, err := ParseServer(where)
	if err != nil || !keyed {
		return remote{address: address}, err
	}
	if _, err := curve.Parse(key); err != nil {
		return remote{}, fmt.Errorf("behind the | is %w", err)
	}
	if secret == "" {
		return remote{}, errors.New("want SecretKey too, or no key behind the address")
	}
	public, err := curve.Public(secret)
	return remote{address, &zmq.Curve{PublicKey: public, SecretKey: secret, ServerKey: key}}, err
}

// parseListen reads an address to bind to: tcp://HOST:PORT or HOST:PORT, where HOST
// may be * or an interface's address, and PORT may be * for any.
func parseListen(s string) (string, error) {
	rest := strings.TrimPrefix(s, "tcp://")
	host, port, err := net.SplitHostPort(rest)
	if err != nil || strings.Contains(host, "/") {
		return "", fmt.Errorf("want tcp://*:%d or tcp://IP:PORT", DefaultPort)
	}
	if host == "" {
		host = "*"
	}
	if n, err := strconv.ParseUint(port, 10, 16); port != "*" && (err != nil || n == 0) {
		return "", fmt.Errorf("the port is neither a number from 1 to 65535 nor *")
	}
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	return "tcp://" + host + ":" + port, nil
}

// resolve gives the address of HOST:PORT, IPv4 first: that is what ZRE endpoints
// mostly are.
func resolve(ctx context.Context, hostPort string) (netip.AddrPort, error) {
	if ap, err := netip.ParseAddrPort(hostPort); err == nil {
		return ap, nil
	}
	host, port, err := net.SplitHostPort(hostPort)
	if err != nil {
		return netip.AddrPort{}, err
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return netip.AddrPort{}, err
	}
	addrs, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return netip.AddrPort{}, err
	}
	best := addrs[0].Unmap()
	for _, a := range addrs {
		if a = a.Unmap(); a.Is4() {
			best = a
			break
		}
	}
	return netip.AddrPortFrom(best, uint16(n)), nil
}

// LocalEndpoint publishes tcp://IP:port to each server, IP being the local address
// from which that server is reached.
func LocalEndpoint(port uint16) func(server netip.AddrPort) (string, error) {
	return func(server netip.AddrPort) (string, error) {
		local, err := netif.LocalAddrFor(server.Addr())
		if err != nil {
			return "", err
		}
		return "tcp://" + netip.AddrPortFrom(local, port).String(), nil
	}
}

// Advertise publishes the same endpoint to all servers, for instance the address of
// a router that forwards to this host.
func Advertise(endpoint string) func(server netip.AddrPort) (string, error) {
	return func(netip.AddrPort) (string, error) { return endpoint, nil }
}
