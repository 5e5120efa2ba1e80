package core

import (
	"encoding/binary"
	"errors"
	"slices"

	"github.com/gozre/zre/internal/codec/zremsg"
)

// What peers make this node remember, groups and headers, is bounded in total: each peer
// may use ownMemory octets, and what is beyond comes from sharedMemory, which all peers
// share. So one host cannot take the memory that others need.
const (
	ownMemory    = 16 << 10
	sharedMemory = 64 << 20
	// groupCost is what a group counts for in addition to its name, and headerCost a header.
	groupCost  = 512
	headerCost = 64
)

// The most groups and headers of one HELLO.
const (
	maxGroupsPerPeer  = 10_000
	maxHeadersPerPeer = 1_000
)

// MaxHeaders is the most headers of a node, and MaxHello the largest HELLO, in octets: other
// nodes accept no more.
const (
	MaxHeaders = maxHeadersPerPeer
	MaxHello   = 1<<20 - 1<<10
)

// HelloSize returns the octets of a HELLO, with the longest endpoint there is.
func HelloSize(name string, headers map[string]string, groups []string) int {
	n := 6 + 256 + 4 + 1 + 1 + len(name) + 4
	for k, v := range headers {
		n += 1 + len(k) + 4 + len(v)
	}
	for _, g := range groups {
		n += 4 + len(g)
	}
	return n
}

// HasRoom reports whether this node may be in a group, in addition to those that it is in.
func (c *Core) HasRoom(group string) bool {
	return c.own.has(group) || c.own.len() < maxGroupsPerPeer && c.helloSize+4+len(group) <= MaxHello
}

// charge counts octets that a peer makes this node remember. It reports false, and counts
// nothing, if there is no room for them.
func (c *Core) charge(p *Peer, octets int) bool {
	shared := max(0, p.memory+octets-ownMemory) - max(0, p.memory-ownMemory)
	if c.shared+shared > sharedMemory {
		return false
	}
	c.shared += shared
	p.memory += octets
	return true
}

// refund ends what charge began.
func (c *Core) refund(p *Peer, octets int) {
	c.shared -= max(0, p.memory-ownMemory) - max(0, p.memory-octets-ownMemory)
	p.memory -= octets
}

// remember counts what a peer makes this node remember of its HELLO, beside its groups. If
// there is no room, its headers are forgotten.
func (c *Core) remember(p *Peer) {
	c.refund(p, p.memory)
	if !c.charge(p, headersCost(p.headers)) {
		c.stats.Refused++
		c.log("headers are ignored: there is no memory for more", p)
		p.headers = nil
	}
}

// hold counts the groups of a HELLO that is kept, and returns those for which there is
// room: at least as many as a peer may always be in.
func (c *Core) hold(p *Peer, groups []string) []string {
	for i, g := range groups {
		if !c.charge(p, groupCost+len(g)) {
			c.groupsRefused(p, len(groups)-i)
			return slices.Clip(slices.Clone(groups[:i]))
		}
	}
	return groups
}

// groupsRefused counts groups for which there is no room. The first time is told.
func (c *Core) groupsRefused(p *Peer, groups int) {
	if c.stats.GroupsRefused == 0 {
		c.cfg.Logger.Warn("groups of peers are ignored: all peers together are in as many as fit into memory",
			"peer", p.id, "name", p.name, "limit", sharedMemory)
	}
	c.stats.GroupsRefused += uint64(groups)
}

// headersCost returns what the headers of a peer count for.
func headersCost(headers map[string]string) (octets int) {
	for k, v := range headers {
		octets += headerCost + len(k) + len(v)
	}
	return octets
}

// errLists says that a HELLO has too many groups or headers.
var errLists = errors.New("more groups or headers than allowed")

// checkLists looks at how long the lists of a HELLO are, before they are decoded. Other
// faults are left to the codec.
func checkLists(header []byte) error {
	r := listReader(header)
	if len(r) < 6 || zremsg.ID(r[2]) != zremsg.IDHello {
		return nil
	}
	r.skip(6)
	r.skip(r.number1()) // endpoint
	groups := r.number4()
	if groups > maxGroupsPerPeer {
		return errLists
	}
	for range groups {
		r.skip(r.number4())
	}
	r.skip(1)           // status
	r.skip(r.number1()) // name
	if r.number4() > maxHeadersPerPeer {
		return errLists
	}
	return nil
}

// listReader is what is left of a header. It gives zeros at its end.
type listReader []byte

func (r *listReader) skip(n int) { *r = (*r)[min(max(n, 0), len(*r)):] }

func (r *listReader) number1() (n int) {
	if len(*r) > 0 {
		n = int((*r)[0])
	}
	r.skip(1)
	return n
}

func (r *listReader) number4() (n int) {
	if len(*r) >= 4 {
		n = int(binary.BigEndian.Uint32(*r))
	}
	r.skip(4)
	return n
}
