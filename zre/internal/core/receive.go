package core

import (
	"errors"
	"time"

	"github.com/gozre/zre/internal/codec/wire"
	"github.com/gozre/zre/internal/codec/zremsg"
)

// Receive handles a message that arrived on a connection: the header frame and the
// frames of content. It keeps content, and nothing of the header.
func (c *Core) Receive(now time.Duration, conn *Conn, header []byte, content [][]byte) {
	c.now = now
	octets := len(header)
	for _, f := range content {
		octets += len(f)
	}
	c.stats.MessagesIn++
	c.stats.OctetsIn += uint64(octets)
	if conn.closed {
		c.stats.Unexpected++
		return
	}
	p := c.peers.get(conn.id)
	if err := checkLists(header); err != nil {
		c.refuse(p, "malformed message", err)
		return
	}
	m, err := c.codec.Decode(header)
	if err != nil {
		c.malformed(now, p, conn, header, err)
		return
	}
	if hello, ok := m.(*zremsg.Hello); ok {
		c.handleHello(now, p, conn, hello, octets)
		return
	}
	if !c.inSession(p, conn) {
		c.unexpected(now, p, conn, 1)
		return
	}
	if !c.inSequence(now, p, m.HeaderSequence(), m.HeaderSequence()) {
		return
	}
	c.alive(now, p, 1, octets)
	c.handle(now, p, m, content)
}

// Run is a number of WHISPER and SHOUT messages that came one after the other on
// one connection, with consecutive sequences.
type Run struct {
	First, Last uint16 // sequences
	Messages    int
	Octets      int
}

// ReceiveRun handles the sequences of a run. It returns the link of the peer if
// the messages are to be delivered, nil if they are refused.
func (c *Core) ReceiveRun(now time.Duration, conn *Conn, r Run) Link {
	c.now = now
	c.stats.MessagesIn += uint64(r.Messages)
	c.stats.OctetsIn += uint64(r.Octets)
	p := c.peers.get(conn.id)
	if conn.closed || !c.inSession(p, conn) {
		c.unexpected(now, p, conn, r.Messages)
		return nil
	}
	if !c.inSequence(now, p, r.First, r.Last) {
		return nil
	}
	c.alive(now, p, r.Messages, r.Octets)
	return p.link
}

// inSession reports whether a message on this connection belongs to a session.
// Commands before HELLO are ignored (RFC 36, "Protocol Signature and Sequencing"):
// they belong to a session that we know nothing of.
func (c *Core) inSession(p *Peer, conn *Conn) bool {
	return p != nil && p.Ready() && p.conn == conn
}

// unexpected counts messages that belong to no session. The peer has one with us,
// and its HELLO was lost.
func (c *Core) unexpected(now time.Duration, p *Peer, conn *Conn, messages int) {
	c.stats.Unexpected += uint64(messages)
	if p != nil && p.conn == conn {
		p.lastStray = now
	}
}

func (c *Core) handle(now time.Duration, p *Peer, m zremsg.Message, content [][]byte) {
	switch m := m.(type) {
	case *zremsg.Whisper:
		c.cfg.Shell.Data(p.link, EventWhisper, "", content)
	case *zremsg.Shout:
		c.cfg.Shell.Data(p.link, EventShout, m.Group, content)
	case *zremsg.Join:
		c.checkStatus(p, m.Status)
		c.joined(p, m.Group)
	case *zremsg.Leave:
		c.checkStatus(p, m.Status)
		c.left(p, m.Group)
	case *zremsg.Ping:
		p.link.Answer()
		c.checkLink(now, p)
	case *zremsg.PingOK:
		c.answer(now, p)
	case *zremsg.Goodbye:
		c.remove(p, ReasonGoodbye)
	case *zremsg.Elect:
		c.handleElect(p, m)
	case *zremsg.Leader:
		c.handleLeader(p, m)
	}
}

// answer handles a PING-OK. After a new connection was needed it counts as one of the
// earlier session as long as PINGs of that are not answered. The peer may have received
// none of them; so when the answers come one by one, like the PINGs of this session, they
// are answers to these. What is left of an earlier session is answered all at once.
func (c *Core) answer(now time.Duration, p *Peer) {
	if now-p.lastAnswer >= c.cfg.PingRate/2 {
		p.singles++
	} else {
		p.singles = 0
	}
	p.lastAnswer = now
	acked := p.link.Ack()
	if !acked && p.newConns > 0 && p.singles >= singlesNeeded {
		p.link.CountLate()
		acked = true
	}
	if acked {
		if !p.answered {
			c.changed()
		}
		p.answered, p.provenConn, p.doubtful, p.newConns = true, true, false, 0
		c.stays(now, p)
		p.measureAnswer(now)
	}
}

// singlesNeeded is how many answers have to come one by one.
const singlesNeeded = 3

// malformed handles a message that the codec refuses. When its header is sound
// it has used up a sequence number all the same.
func (c *Core) malformed(now time.Duration, p *Peer, conn *Conn, header []byte, cause error) {
	c.refuse(p, "malformed message", cause)
	if p != nil && !p.Ready() {
		p.version = otherVersion(header)
	}
	if !c.inSession(p, conn) {
		return
	}
	h, err := zremsg.DecodeHeader(header)
	if err != nil || (h.ID == zremsg.IDHello && !errors.Is(cause, wire.ErrUnknownID)) {
		return
	}
	if c.inSequence(now, p, h.Sequence, h.Sequence) {
		c.alive(now, p, 0, 0)
	}
}

func (c *Core) refuse(p *Peer, why string, cause error) {
	c.stats.Refused++
	c.log("refused: "+why, p, "cause", cause)
}

// inSequence checks the sequence of a message from a ready peer, or of the first
// message of several, and records the last one. A gap means that messages were
// lost: the session ends, and a new one begins.
func (c *Core) inSequence(now time.Duration, p *Peer, got, last uint16) bool {
	want := p.sequence + 1
	switch {
	case got == want && !p.conn.begins:
	case want == 65535 && !p.conn.begins && got == 0:
		// pyre and zyre.js leave out 65535, and expect the same of others.
		p.link.Shorten()
	default:
		c.stats.Gaps++
		c.log("messages were lost", p, "want", want, "got", got)
		c.restart(now, p, p.endpoint, ReasonGap)
		return false
	}
	p.sequence = last
	return true
}

// checkStatus compares a peer's count of its joins and leaves with ours. A wrong
// one is counted and repaired, but never the end of a peer.
func (c *Core) checkStatus(p *Peer, got uint8) {
	p.status++
	if p.status != got {
		c.stats.StatusRepaired++
		c.log("status is not the next one", p, "want", p.status, "got", got)
		p.status = got
	}
}
