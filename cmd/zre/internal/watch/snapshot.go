package watch

import (
	"cmp"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/gozre/zre/cmd/internal/cli"
	"github.com/gozre/zre/zre"
)

// Snapshot is what the node knows at one time. It is not changed after it was published.
type Snapshot struct {
	Time   time.Time
	Self   Self
	Peers  []Peer   // sorted by name, then UUID
	Groups []Group  // sorted by name
	Events []Entry  // oldest first, at most maxEntries
	Faults []string // what keeps the node from others, in words
}

// Self is the node that watches.
type Self struct {
	ID       uuid.UUID
	Name     string
	Endpoint string
	Groups   []string
	In, Out  Rate // the sum of all links
	Window   int  // octets that may be in flight to one peer
}

// Peer is a peer, and this node's link with it.
type Peer struct {
	zre.Peer
	In, Out   Rate
	RoundTrip time.Duration // the last one; 0: none is known
}

// Visitor reports whether the peer is the node of one command, such as "zre send".
func (p *Peer) Visitor() bool { return p.Headers[cli.OneShotHeader] != "" }

// Group is a group that somebody is in.
type Group struct {
	Name    string
	Own     bool      // this node is in it
	Members int       // peers, without this node
	Leader  uuid.UUID // uuid.Nil: none is known
	In      Rate      // SHOUTs to it; only known if Own
}

// groupsOf lists the groups of peers and of this node.
func groupsOf(peers []Peer, own []string) []Group {
	members := map[string]int{}
	for _, p := range peers {
		for _, g := range p.Groups {
			members[g]++
		}
	}
	for _, g := range own {
		members[g] += 0
	}
	groups := make([]Group, 0, len(members))
	for name, n := range members {
		groups = append(groups, Group{Name: name, Own: slices.Contains(own, name), Members: n})
	}
	slices.SortFunc(groups, func(a, b Group) int { return cmp.Compare(a.Name, b.Name) })
	return groups
}
