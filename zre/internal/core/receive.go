package core

import (
	"errors"
	"time"

	"github.com/google/uuid"

	"github.com/gozre/zre/internal/codec/wire"
	"github.com/gozre/zre/internal/codec/zremsg"
)

// KeyHeader is the header of a HELLO that names the sender's public key.
const KeyHeader = "X-PUBLICKEY"

// maxHeader bounds the first frame of a message. A HELLO with ten thousand
// groups and headers is well below it.
const maxHeader = 1 << 20

// Receive takes in a message that arrived: the identity of the sender's socket and
// the public key that its connection has proven, none in a plain network; the header
// frame and the frames of content. It keeps content, and nothing of the others.
func (c *Core) Receive(now time.Duration, identity, key, header []byte, content [][]byte) {
	c.now = now
	octets := len(header)
	for _, f := range content {
		octets += len(f)
	}
	c.stats.MessagesIn++
	c.stats.OctetsIn += uint64(octets)
	// RFC 36 has 1 as the first octet; haskell-zre sends another one.
	if len(identity) != 1+len(uuid.UUID{}) || len(header) > maxHeader {
		c.refuse(nil, "bad identity or header size", nil)
		return
	}
	id := uuid.UUID(identity[1:])
	p := c.find(id)
	m, err := c.codec.Decode(header)
	if c.cfg.PublicKey != "" && !c.proven(p, key, m) {
		return
	}
	if err != nil {
		c.malformed(now, p, header, err)
		return
	}
	if hello, ok := m.(*zremsg.Hello); ok {
		c.hi(now, p, id, identity[0], string(key), hello)
		return
	}
	if p == nil || !p.ready {
		// Commands before HELLO are ignored (RFC 36, "Protocol Signature and
		// Sequencing"): they belong to a session that we know nothing of.
		c.stats.Unexpected++
		return
	}
	if !c.inSequence(now, p, sequence(m)) {
		return
	}
	p.received++
	p.octets += uint64(octets)
	p.alive(now)
	c.handle(now, p, m, content)
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
		c.checkLink(p)
	case *zremsg.PingOK:
		p.answered, p.hails = true, 0
		p.link.Ack()
	case *zremsg.Goodbye:
		c.remove(p, ReasonGoodbye)
	case *zremsg.Elect:
		c.elect(p, m)
	case *zremsg.Leader:
		c.lead(p, m)
	}
}

// proven reports whether a message came over a connection that belongs to the node
// which it says it is from. A HELLO has to name the key that the connection has proven.
func (c *Core) proven(p *Peer, key []byte, m zremsg.Message) bool {
	hello, _ := m.(*zremsg.Hello)
	switch {
	case len(key) == 0:
		c.refuse(p, "no key has been proven", nil)
	case hello != nil && hello.Headers[KeyHeader] != string(key):
		c.refuse(p, "HELLO without the key of its connection", nil)
	case hello == nil && p != nil && p.key != string(key):
		c.refuse(p, "a message from a connection with another key", nil)
		c.usurped(p, string(key))
	default:
		return true
	}
	return false
}

// usurped deals with a connection that has taken over the identity of a peer that has
// proven to have another key. The ROUTER does not hear the peer's own connection any
// more, so the peer is asked for another one, and whoever has that key may not come
// again. Of one that is not ready nothing is proven.
func (c *Core) usurped(p *Peer, key string) {
	if p.ready {
		c.cfg.Shell.Ban(key)
		c.regreet(c.now, p, p.endpoint, ReasonUsurped)
	}
}

// hi takes in a HELLO; first is the first octet of the sender's identity, key what its
// connection has proven.
func (c *Core) hi(now time.Duration, p *Peer, id uuid.UUID, first byte, key string, m *zremsg.Hello) {
	switch {
	case id == c.cfg.ID, c.cfg.Shell.IsLocal(m.Endpoint):
		c.refuse(p, "HELLO with our own identity or endpoint", nil)
		return
	case m.Sequence != 1:
		c.refuse(p, "HELLO with a sequence other than 1", nil)
		return
	case !ValidEndpoint(m.Endpoint):
		c.refuse(p, "HELLO with an endpoint that is not tcp://IP:PORT", nil)
		return
	}
	if p != nil && p.key != key {
		if p.proven {
			c.refuse(p, "HELLO from the UUID of a peer, with another key", nil)
			c.usurped(p, key)
			return
		}
		// What was told of it is wrong; this is proven.
		c.remove(p, ReasonReplaced)
		p = nil
	}
	c.claim(now, id, m.Endpoint, key)
	switch {
	case p == nil:
		if p = c.adopt(now, id, m.Endpoint, key); p == nil {
			p = c.greet(now, id, m.Endpoint, key, true)
		}
	case !p.ready:
		// The answer to our HELLO, or its own greeting that crossed ours.
	case p.told == m.Endpoint && now-p.greeted < answerWithin && !p.answered:
		// It began anew, and our own HELLO went out so short a time ago that
		// this is the answer to it: our link is part of the new session.
		// Greeting again would be answered again, without end. One that has
		// answered a PING had taken in that HELLO before.
		c.stats.Restarts++
		c.exit(p, ReasonRestarted)
	default:
		c.stats.Restarts++
		p = c.regreet(now, p, m.Endpoint, ReasonRestarted)
	}
	if p == nil {
		return
	}
	p.ascii = first != 1
	c.enter(now, p, m)
}

// malformed takes in a message that the codec refuses. When its header is sound
// it has used up a sequence number all the same.
func (c *Core) malformed(now time.Duration, p *Peer, header []byte, cause error) {
	c.refuse(p, "malformed message", cause)
	if p == nil || !p.ready {
		return
	}
	h, err := zremsg.DecodeHeader(header)
	if err != nil || (h.ID == zremsg.IDHello && !errors.Is(cause, wire.ErrUnknownID)) {
		return
	}
	if c.inSequence(now, p, h.Sequence) {
		p.alive(now)
	}
}

func (c *Core) refuse(p *Peer, why string, cause error) {
	c.stats.Refused++
	c.log("message refused: "+why, p, "cause", cause)
}

// inSequence checks the sequence of a message from a ready peer. A gap means
// that messages were lost: the session ends, and a new one begins.
func (c *Core) inSequence(now time.Duration, p *Peer, got uint16) bool {
	want := p.last + 1
	if got == want {
		p.last = got
		return true
	}
	if want == 65535 && got == 0 {
		// pyre and zyre.js leave out 65535, and expect the same of others.
		p.last = got
		p.link.Shorten()
		return true
	}
	c.stats.Gaps++
	c.log("messages were lost", p, "want", want, "got", got)
	c.regreet(now, p, p.endpoint, ReasonGap)
	return false
}

// checkStatus compares a peer's count of its joins and leaves with ours. It is
// told, and repaired, but never the end of a peer.
func (c *Core) checkStatus(p *Peer, got uint8) {
	p.status++
	if p.status != got {
		c.stats.StatusRepaired++
		c.log("status is not the next one", p, "want", p.status, "got", got)
		p.status = got
	}
}

// sequence returns the sequence of any message.
func sequence(m zremsg.Message) uint16 {
	switch m := m.(type) {
	case *zremsg.Hello:
		return m.Sequence
	case *zremsg.Whisper:
		return m.Sequence
	case *zremsg.Shout:
		return m.Sequence
	case *zremsg.Join:
		return m.Sequence
	case *zremsg.Leave:
		return m.Sequence
	case *zremsg.Ping:
		return m.Sequence
	case *zremsg.PingOK:
		return m.Sequence
	case *zremsg.Elect:
		return m.Sequence
	case *zremsg.Leader:
		return m.Sequence
	case *zremsg.Goodbye:
		return m.Sequence
	}
	return 0
}
