package core

import (
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
)

// staticPeer is an endpoint from the configuration: it is greeted without a
// beacon, and its HELLO tells who is there.
type staticPeer struct {
	endpoint string
	key      string        // the public key of who is to answer, "" in a plain network
	link     Link          // while nobody has answered
	peer     bool          // a peer that is known now has the link
	next     time.Duration // when to try next
	wait     time.Duration
}

// AddStatic greets the node at the endpoint, with this public key, now and whenever it
// is not there.
func (c *Core) AddStatic(now time.Duration, endpoint, key string) {
	s := &staticPeer{endpoint: endpoint, key: key, wait: retryAfter}
	c.static = append(c.static, s)
	c.tickStatic(now)
}

// lost tells that the peer that had the link is gone.
func (s *staticPeer) lost() { s.peer, s.next, s.wait = false, 0, retryAfter }

// tickStatic greets the configured endpoints that nobody has answered from.
func (c *Core) tickStatic(now time.Duration) {
	for _, s := range c.static {
		if s.peer || now < s.next || c.cfg.Shell.IsLocal(s.endpoint) {
			continue
		}
		if p := c.byEndpoint(s.endpoint); p != nil && p.key == s.key {
			// Found by another way meanwhile.
			s.close()
			s.peer, p.static = true, s
			continue
		}
		s.close()
		link, err := c.cfg.Shell.Open(uuid.Nil, s.endpoint, s.key)
		s.next = now + s.wait
		s.wait = min(2*s.wait, c.cfg.DeadPeriod)
		if err != nil {
			c.log("no link to configured peer", nil, "endpoint", s.endpoint, "error", err)
			continue
		}
		s.link = link
		link.Send(c.hello(s.endpoint))
	}
}

func (s *staticPeer) close() {
	if s.link != nil {
		s.link.Close(ReasonExpired)
		s.link = nil
	}
}

// adopt makes a peer of the link to a configured endpoint when the HELLO of a
// node that is not known is the answer from there. A node with several addresses
// may name another one than the configured; it is recognised by the port. Should
// that be wrong, PINGs go unanswered and the peer is moved to where it said.
func (c *Core) adopt(now time.Duration, id uuid.UUID, endpoint, key string) *Peer {
	var waiting []*staticPeer
	for _, s := range c.static {
		if s.link != nil && s.key == key {
			waiting = append(waiting, s)
		}
	}
	i := slices.IndexFunc(waiting, func(s *staticPeer) bool { return s.endpoint == endpoint })
	if i < 0 {
		i = slices.IndexFunc(waiting, func(s *staticPeer) bool { return port(s.endpoint) == port(endpoint) })
	}
	if i < 0 {
		return nil
	}
	s := waiting[i]
	p := &Peer{
		id: id, key: s.key, endpoint: s.endpoint, link: s.link, static: s,
		groups: make(map[string]struct{}),
		since:  now, greeted: now, retry: retryAfter,
	}
	s.link, s.peer = nil, true
	c.peers[id] = p
	return p
}

// port returns what follows the last colon of an endpoint.
func port(endpoint string) string { return endpoint[strings.LastIndexByte(endpoint, ':')+1:] }

func (c *Core) byEndpoint(endpoint string) *Peer {
	for _, p := range c.peers {
		if p.endpoint == endpoint {
			return p
		}
	}
	return nil
}
