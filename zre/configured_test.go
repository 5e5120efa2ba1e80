package zre

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/gozre/zre/internal/hostname"
)

// byName makes a node know its peers by these names only.
func byName(peers ...string) func(*Config) {
	return func(c *Config) {
		c.Discovery.NoBeacon, c.Discovery.Peers = true, peers
		c.lookup = func(_ context.Context, _, host string) ([]netip.Addr, error) {
			if host == "robot" {
				return []netip.Addr{netip.MustParseAddr("127.0.0.1")}, nil
			}
			return nil, errors.New("no such host")
		}
	}
}

// A peer whose host has a name is dialed at its address.
func TestPeerByName(t *testing.T) {
	w := newTestNet(t)
	a := w.start("a", func(c *Config) { c.Discovery.NoBeacon = true })
	b := w.start("b", byName(fmt.Sprintf("tcp://robot:%d", a.port)))
	await(t, b, is(EventEnter, "a"))
	must(t, b.Settle(bg(t)))
}

// A name without an address is a problem, and Settle does not wait for it.
func TestPeerByNameUnresolved(t *testing.T) {
	t.Parallel()
	w := newTestNet(t)
	var book logBook
	a := w.start("a", book.config, byName("tcp://nobody:41000"))
	p := problem(t, a, ProblemStatic)
	if p.Where != "nobody:41000" || p.Cause != `"nobody" cannot be resolved: no such host` ||
		!strings.Contains(p.Advice, "getent hosts nobody") {
		t.Errorf("%+v", p)
	}
	until(t, "the warning", func() bool { return book.count("cannot be resolved") == 1 })
	err := a.Settle(bg(t))
	var unsettled *UnsettledError
	var unresolved *hostname.Error
	if !errors.As(err, &unsettled) || !errors.As(err, &unresolved) {
		t.Fatalf("settle: %v", err)
	}
	if p := unsettled.Peers[0]; p.Endpoint != "tcp://nobody:41000" {
		t.Errorf("%+v", p)
	}
}

// A name with an address at which nothing listens is told with both.
func TestPeerByNameRefused(t *testing.T) {
	t.Parallel()
	w, port := newTestNet(t), freePort(t)
	a := w.start("a", byName(fmt.Sprintf("tcp://robot:%d", port)))
	p := problem(t, a, ProblemStatic)
	if p.Where != fmt.Sprintf("robot:%d (127.0.0.1:%[1]d)", port) || !strings.Contains(p.Cause, "refused") {
		t.Errorf("%+v", p)
	}
}
