package zre

import (
	"time"

	"github.com/gozre/zre/zre/internal/core"
	"github.com/gozre/zre/zre/internal/engine"
	"github.com/gozre/zre/zre/internal/link"
)

// LinkStats counts what was sent to a peer.
type LinkStats struct {
	MessagesOut     uint64 // all ZRE messages, control included
	OctetsOut       uint64 // headers and content
	Waits           uint64 // messages that waited for room in Limits.SendWindow
	PongsUnexpected uint64 // PING-OKs that answer no PING of ours
	// NotReading is how long the peer has acknowledged nothing, while a sender found
	// Limits.SendWindow full; 0 if it has. In Stats it is the longest of all peers.
	NotReading time.Duration

	Unacknowledged uint64 // octets in flight now, 128 for each message included; 0 if no WHISPER or SHOUT is
}

func linkStats(s link.Stats) LinkStats {
	return LinkStats{
		MessagesOut: s.MessagesOut, OctetsOut: s.OctetsOut, Waits: s.Waits, PongsUnexpected: s.PongsUnexpected,
		NotReading: s.NotReading, Unacknowledged: s.Unacknowledged,
	}
}

// PeerStats counts the traffic with one peer in its present session.
type PeerStats struct {
	MessagesIn uint64 // ZRE messages, control included
	OctetsIn   uint64 // headers and content
	LinkStats
}

// Stats counts what a node did since its start.
type Stats struct {
	Peers int // present now

	BeaconsSent    uint64 // datagrams
	BeaconsHeard   uint64 // beacons of other nodes
	BeaconsRefused uint64 // datagrams that are not a beacon for this node

	MessagesIn uint64 // ZRE messages, control included
	OctetsIn   uint64 // headers and content
	LinkStats         // what was sent, to peers that have left as well

	Queued int64 // octets received and not yet taken by the application, as Limits.ReceiveQueue counts

	Refused        uint64 // messages and connections that do not follow the protocol
	Unexpected     uint64 // messages before a HELLO
	Gaps           uint64 // sequences in which messages were lost
	StatusRepaired uint64 // JOIN or LEAVE with a status that is not the next one
	Restarts       uint64 // sessions that a peer began again
	Expired        uint64 // peers that went silent until they were removed
	Lost           uint64 // sessions that ended with their connection
	Conflicts      uint64 // connections with the identity of a peer that had another one
	PeersRefused   uint64 // newcomers ignored because of Limits.MaxPeers
	GroupsRefused  uint64 // groups of peers ignored, as all peers together are in too many
	DialsRefused   uint64 // discovered endpoints not dialed, as too many are on one host
	Damped         uint64 // sessions whose ENTER waited, as a peer or a host began too many
	Problems       int    // what keeps the node from others now, see Node.Problems
	Untrusted      uint64 // beacons, gossip and connections of nodes that Security leaves out
}

// Stats returns the counters.
func (n *Node) Stats() Stats {
	sum := n.links.Retired()
	var s Stats
	n.engine.Inspect(func(core *core.Core) {
		c := core.Stats()
		s = Stats{
			BeaconsHeard: c.BeaconsHeard, BeaconsRefused: c.BeaconsRefused,
			MessagesIn: c.MessagesIn, OctetsIn: c.OctetsIn,
			Refused: c.Refused, Unexpected: c.Unexpected, Gaps: c.Gaps, StatusRepaired: c.StatusRepaired,
			Restarts: c.Restarts, Expired: c.Expired, Lost: c.Lost, Conflicts: c.Conflicts,
			PeersRefused: c.PeersRefused, GroupsRefused: c.GroupsRefused,
			DialsRefused: c.DialsRefused, Damped: c.Damped,
		}
		s.Peers = core.Ready()
		engine.AllLinks(core, func(l *link.Link) { sum.Add(l.Stats()) })
	})
	s.LinkStats = linkStats(sum)
	s.Queued = n.queue.Octets()
	s.Untrusted = n.trust.Refused()
	s.Problems = n.problems.Len()
	s.BeaconsSent = n.discovery.BeaconsSent()
	return s
}
