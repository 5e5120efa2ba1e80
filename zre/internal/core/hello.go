package core

import (
	"time"

	"github.com/gozre/zre/internal/codec/zremsg"
	"github.com/gozre/zre/internal/endpoint"
)

// KeyHeader is the header of a HELLO that names the sender's public key.
const KeyHeader = "X-PUBLICKEY"

// handleHello handles a HELLO, by which a session begins.
func (c *Core) handleHello(now time.Duration, p *Peer, conn *Conn, m *zremsg.Hello, octets int) {
	named, err := namedEndpoint(p, conn, m)
	switch {
	case err != nil:
		c.refuse(p, "HELLO with an endpoint that is not tcp://IP:PORT", err)
		return
	case c.cfg.Shell.IsLocal(named):
		c.refuse(p, "HELLO with our own endpoint", nil)
		return
	case m.Sequence != 1:
		c.refuse(p, "HELLO with a sequence other than 1", nil)
		return
	case conn.key.String() != m.Headers[KeyHeader] && !c.cfg.PublicKey.IsZero():
		c.refuse(p, "HELLO without the key of its connection", nil)
		return
	}
	if c.isForeign(conn, named) {
		c.doubt(now, c.at[named.Addr])
		c.refuse(p, "HELLO with the endpoint of another peer", nil)
		return
	}
	if p != nil && p.Key() != conn.key {
		if p.proven {
			c.refuse(p, "HELLO with the UUID of a peer that has another key", nil)
			return
		}
		// The discovered key is not authenticated; this one is.
		if p.conn == conn {
			p.conn = nil
		}
		c.remove(p, ReasonReplaced)
		p = nil
	}
	if p != nil && p.conn != nil && p.conn != conn {
		if p.proven {
			// It connected before the peer was known, and says so only now.
			c.refuse(p, "HELLO on a second connection of a peer", nil)
			c.closeConn(conn)
			return
		}
		c.closeConn(p.conn)
	}
	c.claim(now, conn, named)
	if p != nil {
		c.vacate(conn.id, named)
	}
	switch {
	case p == nil:
		to := c.reachable(named, named, conn)
		if p = c.adopt(now, conn, named); p == nil {
			p = c.succeed(now, conn.id, to)
		}
		if p == nil {
			c.vacate(conn.id, to)
			p = c.greet(now, conn.id, to, true)
		}
		if p == nil {
			c.closeConn(conn)
			return
		}
	case !p.Ready():
		// The answer to our HELLO, or its own greeting that crossed ours. A peer that was found
		// at an address that does not work here, as gossip may name, is followed to the other
		// one. That ends the connection with our HELLO in it, so a session that has begun at
		// the peer begins again. Two nodes with several addresses that have heard each
		// other at different ones stay there, and are dialed elsewhere when that fails.
		// Others are followed once only: they would otherwise follow each other for ever.
		to := c.reachable(p.endpoint, named, conn)
		if to != p.endpoint && !p.pinned() && !p.followed && !p.staysAt(now) {
			p.followed = true
			p.closeLink(ReasonMoved)
			c.open(now, p, to)
		}
	case (named == p.helloEndpoint || named == p.endpoint) && c.inFlight(now, p):
		// It began again, and our own HELLO is part of the new session. Greeting
		// again would be answered again, without end.
		c.stats.Restarts++
		p.isReconnect = true
		c.exit(p, ReasonRestarted)
	default:
		c.stats.Restarts++
		to := p.endpoint
		if named != p.helloEndpoint {
			to = c.reachable(named, named, conn)
		}
		c.restart(now, p, to, ReasonRestarted)
	}
	if p.conn != conn {
		p.attach(conn)
	}
	conn.begins = false
	p.received, p.octets = 1, uint64(octets) // The HELLO is the first one of its session.
	p.asciiID, p.helloEndpoint = conn.asciiID, named
	if named != p.endpoint {
		p.altEndpoint = named
	}
	c.begin(now, p, m)
}

// pinned reports whether a peer is dialed at the address in the configuration only.
func (p *Peer) pinned() bool {
	return p.static != nil && p.static.hostPort == "" && p.static.endpoint == p.endpoint
}

// staysAt reports whether there is a connection to a peer where it is dialed, on which our
// HELLO may be, and it is that peer by all that is known: its beacons come from there, or the
// handshake says so.
func (p *Peer) staysAt(now time.Duration) bool {
	up := p.linkState == linkIsUp
	return up && p.identified || (up || p.link.Connected()) && p.heardAt.has(now, p.endpoint.Addr)
}

// inFlight reports whether our HELLO is likely to be still on its way, or to have been
// answered just now: it went out a short time ago, or nothing that was sent after it
// is answered, on a connection that the peer is not known to ignore. A peer that has
// answered a PING had received the HELLO before.
func (c *Core) inFlight(now time.Duration, p *Peer) bool {
	sent := now - max(p.greeted, p.linkedAt)
	within := p.within(answerWithin, 1)
	asked := p.firstPing != 0 && now-p.firstPing >= within
	return !p.answered && p.linkState < linkEnded && (sent < within ||
		asked && (p.provenConn || !p.reusedConn))
}

// reachable returns where a node is most likely reached that was found at one
// endpoint, names one in its HELLO and has connected from the address of conn. The
// latter is the only one that is known to lead to it, unless there is address
// translation between; a node with several addresses may name another one.
func (c *Core) reachable(found, named endpoint.Endpoint, conn *Conn) endpoint.Endpoint {
	switch remote := conn.remote; {
	case !remote.IsValid():
	case named.Host() == remote:
		return named
	case found.Host() == remote:
	case found.Host().IsLoopback() != remote.IsLoopback():
		return endpoint.At(remote, named.Addr.Port(), conn.key)
	}
	return found
}

// namedEndpoint returns the endpoint that a HELLO names. A link-local address of IPv6 leads
// nowhere without its zone, which no other host can name.
func namedEndpoint(p *Peer, conn *Conn, m *zremsg.Hello) (endpoint.Endpoint, error) {
	named, err := endpoint.Parse(m.Endpoint)
	named = named.InZone(conn.remote)
	if p != nil && named.NeedsZone() {
		for _, known := range []endpoint.Endpoint{p.endpoint, p.altEndpoint} {
			if known.Host().WithZone("") == named.Host() {
				named = named.InZone(known.Host())
			}
		}
	}
	switch {
	case err == nil && m.Endpoint != named.WithoutZone().String() && m.Endpoint != named.String():
		err = endpoint.ErrEndpoint
	case err == nil && named.NeedsZone() && conn.remote.IsValid():
		named = endpoint.At(conn.remote, named.Addr.Port(), conn.key)
	case err != nil && p != nil && conn.remote.Is6() && p.endpoint.Host() == conn.remote:
		// zyre loses the end of a link-local address: tcp://[fe80::1:PORT.
		named, err = p.endpoint, nil
	}
	named.Key = conn.key
	return named, err
}
