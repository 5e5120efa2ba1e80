package core

import (
	"time"

	"github.com/google/uuid"

	"github.com/gozre/zre/internal/codec/zremsg"
	"github.com/gozre/zre/internal/endpoint"
)

// Unreached is a node that is known, and that the application does not know: it was
// discovered or configured, and a session with it has not begun.
type Unreached struct {
	Target
	Unresolved error         // why its name has no address, nil if it has one
	Cause      error         // why it is not dialed at the moment: what the last attempt ended with
	Static     bool          // it is in the configuration
	Up         bool          // the connection to it is established
	Hello      bool          // its HELLO has come
	Other      byte          // the version of the protocol in its messages, if it is another one
	Since      time.Duration // when it became known, or its last session ended; 0 if Static
	Dialed     time.Duration // our HELLO was queued or sent; 0 if Static

	// Announced says that it goes on announcing itself: a gossip server has told of it, or
	// a second beacon or a message has come within a time.
	Announced bool
}

// Target is a node that is dialed.
type Target struct {
	Peer uuid.UUID // uuid.Nil for a configured endpoint that no HELLO has come from
	// HostPort is where a configured node is whose host has a name, "" for any other.
	HostPort string
	At       endpoint.Endpoint
}

// otherVersion returns the version in the header of a message, if it is another one than
// ours, and 0 if it is not or if that is no message of ZRE (RFC 36, "Protocol Grammar":
// signature, message, version).
func otherVersion(header []byte) byte {
	const signature, version = "\xaa\xa1", 3
	if len(header) <= version || string(header[:2]) != signature || header[version] == zremsg.Version {
		return 0
	}
	return header[version]
}

// heardWithin is how old the last beacon of a node may be that counts as announcing
// itself.
const heardWithin = 10 * time.Second

// Unreached calls f for each node that is known and has no session.
func (c *Core) Unreached(now time.Duration, f func(Unreached)) {
	for _, p := range c.peers.all() {
		if p.Ready() {
			continue
		}
		last := max(p.lastSign, p.lastForeign, p.lastMessage)
		f(Unreached{
			Target: p.target(), Static: p.static != nil,
			Up: p.linkState == linkIsUp, Hello: p.state == Connecting, Other: p.version,
			Since: p.known, Dialed: p.greeted,
			Announced: p.announced || last > p.known && now-last < heardWithin,
		})
	}
	for id, r := range c.reports.all() {
		if r.since != 0 && r.cause != nil && c.peers.get(id) == nil {
			f(Unreached{Target: Target{Peer: id, At: r.at}, Cause: r.cause, Since: r.since, Announced: r.gossip})
		}
	}
	for _, s := range c.static {
		if s.peer == uuid.Nil && (s.link != nil || s.unresolved != nil) {
			f(Unreached{
				Target: s.target(), Static: true, Up: s.state == linkIsUp, Unresolved: s.unresolved,
			})
		}
	}
}

func (p *Peer) target() Target {
	t := Target{Peer: p.id, At: p.endpoint}
	if p.static != nil {
		t.HostPort = p.static.hostPort
	}
	return t
}

func (s *staticPeer) target() Target { return Target{HostPort: s.hostPort, At: s.endpoint} }

// LinkTarget returns which node a link is meant for, and where it goes. It reports false
// for a link that is not used any more.
func (c *Core) LinkTarget(l Link) (t Target, ok bool) {
	if p := c.links[l]; p != nil {
		return p.target(), true
	}
	if s := c.staticBy(l); s != nil {
		return s.target(), true
	}
	return Target{}, false
}

// Awaits reports whether there may be a node that Unreached would call f for.
func (c *Core) Awaits() bool {
	return c.peers.len() > c.ready || c.reports.len() > 0 || len(c.static) > 0
}
