package core

import (
	"net/netip"
	"time"

	"github.com/google/uuid"

	"github.com/gozre/zre/internal/curve"
)

// Conn is a connection that was accepted. Messages of the peer with its identity
// come on it.
type Conn struct {
	id      uuid.UUID
	asciiID bool       // the first octet of the identity is not 1
	key     curve.Key  // that the other end has proven, zero in a plain network
	remote  netip.Addr // not valid within one process
	shell   Inbound
	since   time.Duration
	waits   bool
	closed  bool
	// begins says that its first message has to be a HELLO, as it does not go on where another
	// one has ended: it took the place of one that was silent, or waited for a while beside that.
	// A peer may have had an earlier process at our endpoint as a peer. libzmq connects what
	// it had dialed for that again, and the next number may happen to fit. One from another
	// address goes on: the peer's address has changed, so the first one will never be closed.
	begins bool
}

// Waits reports whether the messages of the connection have to wait: the shell
// hands over no more of them until Inbound.Resume was called.
func (c *Conn) Waits() bool { return c.waits }

// The times of connections.
const (
	// reconnectGrace is how long after the end of its connection a peer has to come
	// back on another one. libzmq connects again after 100 ms.
	reconnectGrace = time.Second
	// rivalPatience is how long a live peer has to send a message, after a PING,
	// while another connection claims its identity. A node whose application does
	// not keep up sends one in each PingRate only.
	rivalPatience = 2 * time.Second
	// goneHost is how long it has if the rival comes from another host, and not even the
	// system at the peer's present address acknowledges the PING, as that of a slow
	// application does: the peer's host has another address now.
	goneHost = 500 * time.Millisecond
	// lastWords is how long after the last message a peer that is about to go is
	// kept: its last messages may still be on the way.
	lastWords = 500 * time.Millisecond
)

// maxStrangers bounds connections without a HELLO, beside those of peers.
const maxStrangers = 1024

// Accept handles a new connection: the identity and the public key are those of
// its handshake, remote is the address of the other end. It returns nil if the
// connection is refused; the shell closes it then.
func (c *Core) Accept(
	now time.Duration, identity []byte, key curve.Key, remote netip.Addr, shell Inbound,
) *Conn {
	c.now = now
	// RFC 36 has 1 as the first octet; haskell-zre sends another one.
	if len(identity) != 1+len(uuid.UUID{}) {
		c.refuse(nil, "an identity that is not 1 and a UUID", nil)
		return nil
	}
	if key.IsZero() != c.cfg.PublicKey.IsZero() {
		c.refuse(nil, "a connection that has proven no key, or has one in a plain network", nil)
		return nil
	}
	if c.conns.len() >= 2*c.cfg.MaxPeers+maxStrangers {
		c.stats.PeersRefused++
		c.log("connection refused: there are too many", nil, "remote", remote)
		return nil
	}
	conn := &Conn{
		id: uuid.UUID(identity[1:]), asciiID: identity[0] != 1,
		key: key, remote: remote.Unmap(), shell: shell, since: now,
	}
	p := c.peers.get(conn.id)
	switch {
	case conn.id == c.cfg.ID:
		c.refuse(nil, "a connection with our own identity", nil)
		c.tellOwnTwice("remote", conn.remote)
		return nil
	case p == nil:
	case p.proven && p.Key() != key:
		c.stats.Conflicts++
		c.refuse(p, "a connection with the identity of a peer that has another key", nil)
		return nil
	case p.conn == nil:
		p.attach(conn)
	case p.proven:
		if !c.challenge(now, p, conn) {
			return nil
		}
	}
	c.conns.set(conn, struct{}{})
	c.changed()
	return conn
}

// attach makes a connection the one that the peer's messages come on.
func (p *Peer) attach(conn *Conn) {
	// If messages were lost with the one before, the next sequence will tell.
	p.conn, p.inProcess, p.reconnectBy = conn, !conn.remote.IsValid(), 0
	if p.proven {
		conn.shell.Admit()
	}
}

// challenge makes a connection wait that has the identity of a peer which has
// another connection. A ready peer is sent a PING, another one was sent our HELLO;
// the newcomer is let in when the peer does not answer on its own connection, or
// that ends. It reports false if the newcomer is refused, because another one waits
// already.
func (c *Core) challenge(now time.Duration, p *Peer, conn *Conn) bool {
	c.stats.Conflicts++
	c.closeEndedRival(p)
	if p.rival != nil {
		// The one that comes from where the peer is known to be goes first.
		if p.rival.remote == p.conn.remote || conn.remote != p.conn.remote {
			return false
		}
		c.closeConn(p.rival)
	}
	c.log("a second connection has the identity of a peer; the peer is asked",
		p, "remote", conn.remote)
	p.rival, p.rivalSince = conn, now
	conn.waits = true
	if p.Ready() {
		c.ping(now, p)
	}
	return true
}

// closeEndedRival closes a rival that the peer has given up, as an attempt that took too long. On a
// busy host such a one is accepted late, after the one that the peer has made in its place. While
// it waits, its end is not read.
func (c *Core) closeEndedRival(p *Peer) {
	if p.rival != nil && p.rival.shell.Ended() {
		c.closeConn(p.rival)
	}
}

// tickRival lets a rival in when the peer has not answered. One that waits for too long
// is closed as any connection without a HELLO is.
func (c *Core) tickRival(now time.Duration, p *Peer) {
	c.closeEndedRival(p)
	since := max(p.lastMessage, p.rivalSince)
	if p.Ready() {
		since = max(p.askedAt, p.rivalSince)
	}
	switch {
	case p.rival == nil:
	case now-since >= p.within(rivalPatience, 1) && (p.askedAt != 0 || !p.Ready()):
		c.log("the first connection of a peer is silent: the second one takes its place", p)
		p.rival.begins = p.rival.remote == p.conn.remote
		c.replaceConn(p)
	case p.Ready() && p.askedAt != 0 && c.hasMoved(now, p):
		c.log("the host of a peer does not answer at its address, and the peer connects from another one", p)
		c.replaceConn(p)
	case p.Ready() && now-p.pinged >= c.cfg.PingRate:
		c.ping(now, p)
		c.tellTwice(now, p)
	}
}

// hasMoved reports whether the host of a peer that has a rival is gone from its address.
func (c *Core) hasMoved(now time.Duration, p *Peer) bool {
	waited := now - p.rivalSince // It was sent a PING then.
	return waited >= p.within(goneHost, 2) && p.conn != nil && p.rival.remote != p.conn.remote &&
		p.link.Unreceived(waited)
}

// replaceConn closes the connection of a peer and lets its rival in.
func (c *Core) replaceConn(p *Peer) {
	rival := p.rival
	p.rival = nil
	c.closeConn(p.conn)
	c.letIn(p, rival)
}

// letIn puts a rival in the place of the connection that has ended.
func (c *Core) letIn(p *Peer, rival *Conn) {
	p.greetAgain()
	p.attach(rival)
	c.resume(rival)
}

// greetAgain makes a peer that has sent a HELLO, and was not entered yet, one that
// has yet to send it: the connection that it came on has ended.
func (p *Peer) greetAgain() {
	if p.state == Connecting {
		p.state, p.hello = Greeting, nil
	}
}

// resume lets the messages of a connection come.
func (c *Core) resume(conn *Conn) {
	if conn != nil && conn.waits {
		conn.waits = false
		conn.shell.Resume()
	}
}

// closeConn closes a connection. Its messages are ignored from now on.
func (c *Core) closeConn(conn *Conn) {
	if conn.closed {
		return
	}
	conn.closed = true
	c.conns.remove(conn)
	c.changed()
	if p := c.peers.get(conn.id); p != nil {
		if p.conn == conn {
			p.conn = nil
		}
		if p.rival == conn {
			p.rival = nil
		}
	}
	c.resume(conn)
	conn.shell.Close()
}

// ConnDown tells that an accepted connection has ended.
func (c *Core) ConnDown(now time.Duration, conn *Conn) {
	c.now = now
	if conn.closed {
		return
	}
	conn.closed = true
	c.conns.remove(conn)
	c.changed()
	p := c.peers.get(conn.id)
	if p != nil && p.conn == conn {
		c.closeEndedRival(p)
	}
	switch {
	case p == nil:
	case p.rival == conn:
		p.rival = nil
	case p.conn != conn:
	case p.rival != nil:
		rival := p.rival
		p.rival = nil
		rival.begins = rival.remote == conn.remote && now-p.rivalSince >= lastWords
		c.letIn(p, rival)
	default:
		p.conn = nil
		c.connLost(now, p)
	}
}

// connLost handles that a peer's connection has ended and no other one waits.
func (c *Core) connLost(now time.Duration, p *Peer) {
	if c.parted {
		return
	}
	switch p.state {
	case Leaving:
		c.endLeaving(now, p) // Everything has been read.
	case Ready, Evasive, Silent:
		if p.farewell != 0 {
			c.remove(p, ReasonGoodbye)
			return
		}
		// libzmq connects again, and goes on with the next number.
		p.reconnectBy = now + p.within(reconnectGrace, dialTrips+1)
		c.ping(now, p)
	default:
		p.greetAgain()
	}
}
