package zre

import (
	"github.com/gozre/zre/zre/internal/core"
)

// LinkStats counts what was sent to a peer.
type LinkStats struct {
	MessagesOut     uint64 // all ZRE messages, control included
	OctetsOut       uint64 // headers and content
	Waits           uint64 // messages that waited for room in Config.SendWindow
	PongsUnexpected uint64 // PING-OKs that answer no PING of ours
	Unacknowledged  uint64 // octets under way now, 128 for each message included; 0 if no WHISPER or SHOUT is
}

func (s *LinkStats) add(o LinkStats) {
	s.MessagesOut += o.MessagesOut
	s.OctetsOut += o.OctetsOut
	s.Waits += o.Waits
	s.PongsUnexpected += o.PongsUnexpected
	s.Unacknowledged += o.Unacknowledged
}

// PeerStats counts the traffic with one peer in its present session.
type PeerStats struct {
	MessagesIn uint64
	OctetsIn   uint64
	LinkStats
}

// Stats counts what a node did since its start.
type Stats struct {
	Peers int // there now

	BeaconsSent    uint64 // datagrams
	BeaconsHeard   uint64 // beacons of other nodes
	BeaconsRefused uint64 // datagrams that are no beacon spoken here

	MessagesIn uint64 // ZRE messages, control included
	OctetsIn   uint64 // headers and content
	LinkStats         // what was sent, to peers that have left as well

	Queued int64 // octets received and not yet taken by the application, what Config.ReceiveQueue counts besides included

	Refused        uint64 // messages that do not follow the protocol
	Unexpected     uint64 // messages before a HELLO
	Gaps           uint64 // sequences in which messages were lost
	StatusRepaired uint64 // JOIN or LEAVE with a status that is not the next one
	Restarts       uint64 // sessions that a peer began anew: reconnects
	Expired        uint64 // peers that went silent until they were removed
	PeersRefused   uint64 // newcomers ignored because of Config.MaxPeers
	Untrusted      uint64 // beacons, gossip and connections of nodes that Config.SecretKey or TrustedKeys leave out
}

// Stats returns the counters.
func (n *Node) Stats() Stats {
	n.mu.Lock()
	defer n.mu.Unlock()
	c := n.core.Stats()
	s := Stats{
		BeaconsHeard: c.BeaconsHeard, BeaconsRefused: c.BeaconsRefused,
		MessagesIn: c.MessagesIn, OctetsIn: c.OctetsIn, LinkStats: n.retired,
		Queued:  n.queue.octets.Load(),
		Refused: c.Refused, Unexpected: c.Unexpected, Gaps: c.Gaps, StatusRepaired: c.StatusRepaired,
		Restarts: c.Restarts, Expired: c.Expired, PeersRefused: c.PeersRefused,
		Untrusted: n.security.refused.Load(),
	}
	n.core.Peers(func(*core.Peer) { s.Peers++ })
	n.core.Links(func(cl core.Link) { s.LinkStats.add(cl.(*link).stats()) })
	s.BeaconsSent = n.find.beaconsSent()
	return s
}

// stats returns what the link counted.
func (l *link) stats() LinkStats {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.count
	if l.win.UnackedData() > 0 {
		s.Unacknowledged = l.win.UnackedOctets()
	}
	return s
}
