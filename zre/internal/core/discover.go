package core

import (
	"net/netip"
	"strings"
	"time"

	"github.com/google/uuid"
)

// Beacon takes in that a node was heard by UDP (RFC 36, "Discovery"). Port is
// its mailbox port, 0 when it leaves; from is where the datagram came from; key is
// the public key in it, "" in a plain network.
func (c *Core) Beacon(now time.Duration, id uuid.UUID, from netip.Addr, port uint16, key string) {
	if id == c.cfg.ID {
		return
	}
	c.stats.BeaconsHeard++
	p := c.peers[id]
	if port == 0 {
		if p != nil && p.key == key {
			c.leaving(now, p, from)
		}
		return
	}
	if p != nil && p.key == key {
		// A beacon proves only that UDP gets through, so it moves one clock.
		if p.at(from, port) {
			p.noticed = now
			return
		}
		p.strayed = now
	}
	c.found(now, id, "tcp://"+netip.AddrPortFrom(from, port).String(), key)
}

// Discovered takes in that a node can be reached at an endpoint, as a gossip
// server tells, and which public key it has.
func (c *Core) Discovered(now time.Duration, id uuid.UUID, endpoint, key string) {
	c.found(now, id, endpoint, key)
	if p := c.peers[id]; p != nil && p.key == key {
		p.announced = true
	}
}

func (c *Core) found(now time.Duration, id uuid.UUID, endpoint, key string) {
	if id == c.cfg.ID || !ValidEndpoint(endpoint) || c.cfg.Shell.IsLocal(endpoint) {
		return
	}
	if p := c.peers[id]; p != nil {
		switch {
		case p.key != key:
			c.log("another key is told for a peer; only its HELLO can prove that", p, "endpoint", endpoint, "key", key)
		case p.endpoint != endpoint:
			// A host with several networks is heard at several addresses, so
			// another endpoint is remembered and used only when this one fails.
			p.other = endpoint
		}
		return
	}
	if c.hearsay(now, endpoint) {
		c.greet(now, id, endpoint, key, false)
	}
}

// leaving marks a peer that said by UDP that it leaves. Its last messages may
// still be under way over TCP, so it is removed when no more come. As anybody can send
// a beacon, a secure peer has to be found gone as well.
func (c *Core) leaving(now time.Duration, p *Peer, from netip.Addr) {
	switch {
	case !p.from(from):
	case !p.ready && p.key == "":
		c.remove(p, ReasonGoodbye)
	case p.ready && p.leaving == 0:
		p.leaving = now
		if p.key != "" {
			p.doubt(now - c.cfg.QuietPeriod)
		}
	}
}

// at reports whether the peer's endpoint is this address and port, without
// allocating: it is asked for every beacon.
func (p *Peer) at(addr netip.Addr, port uint16) bool {
	var buf [64]byte
	text := netip.AddrPortFrom(addr, port).AppendTo(append(buf[:0], "tcp://"...))
	return string(text) == p.endpoint
}

// port returns the peer's port.
func (p *Peer) port() uint16 {
	ap, err := netip.ParseAddrPort(strings.TrimPrefix(p.endpoint, "tcp://"))
	if err != nil {
		return 0
	}
	return ap.Port()
}

// from reports whether the peer's endpoint is on this address.
func (p *Peer) from(addr netip.Addr) bool {
	ap, err := netip.ParseAddrPort(strings.TrimPrefix(p.endpoint, "tcp://"))
	return err == nil && ap.Addr() == addr
}

// maxEndpoint bounds the length of an endpoint: longer ones abort other
// implementations and are no addresses.
const maxEndpoint = 255

// ValidEndpoint reports whether s is of the form tcp://IP:PORT that a node can be
// reached at.
func ValidEndpoint(s string) bool {
	rest, ok := strings.CutPrefix(s, "tcp://")
	if !ok || len(s) > maxEndpoint {
		return false
	}
	ap, err := netip.ParseAddrPort(rest)
	return err == nil && ap.String() == rest && ap.Port() != 0 && !ap.Addr().IsUnspecified() && !ap.Addr().IsMulticast()
}

// BeaconRefused takes in a datagram that is no beacon, or that of a node which is none
// of this network's.
func (c *Core) BeaconRefused(from netip.AddrPort, cause error) {
	c.stats.BeaconsRefused++
	c.log("beacon refused", nil, "from", from, "cause", cause)
}
