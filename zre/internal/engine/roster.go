package engine

import (
	"slices"
	"sync"
	"sync/atomic"

	"github.com/google/uuid"

	"github.com/gozre/zre/zre/internal/link"
)

// roster is the peers and groups as senders see them, so that senders do not need the
// lock of the engine. It changes with each event. The engine locks it with the first
// change of a critical section, and unlocks it after the last one: when a peer ends one
// session and begins the next, senders never see it missing.
type roster struct {
	recent atomic.Pointer[entry] // the peer that was asked for last

	mu     sync.RWMutex // guards what follows; taken after Engine.mu
	peers  map[uuid.UUID]*entry
	groups map[string]*group
}

// entry is a peer. It does not change, but for its groups.
type entry struct {
	id     uuid.UUID
	link   *link.Link
	groups map[string]struct{}
}

// group is the members of a group.
type group struct {
	members map[uuid.UUID]*link.Link
	links   []*link.Link // of all members, by UUID; nil after a change
}

// The methods that change a roster are called under mu.

func newRoster() roster {
	return roster{peers: make(map[uuid.UUID]*entry), groups: make(map[string]*group)}
}

func (r *roster) enter(id uuid.UUID, l *link.Link) {
	r.peers[id] = &entry{id: id, link: l, groups: make(map[string]struct{})}
}

func (r *roster) exit(id uuid.UUID) {
	r.recent.Store(nil)
	if e := r.peers[id]; e != nil {
		for name := range e.groups {
			r.drop(id, name)
		}
		delete(r.peers, id)
	}
}

func (r *roster) join(id uuid.UUID, name string) {
	e, g := r.peers[id], r.groups[name]
	if g == nil {
		g = &group{members: make(map[uuid.UUID]*link.Link)}
		r.groups[name] = g
	}
	e.groups[name] = struct{}{}
	g.members[id], g.links = e.link, nil
}

func (r *roster) leave(id uuid.UUID, name string) {
	delete(r.peers[id].groups, name)
	r.drop(id, name)
}

// drop removes a peer from a group.
func (r *roster) drop(id uuid.UUID, name string) {
	g := r.groups[name]
	delete(g.members, id)
	g.links = nil
	if len(g.members) == 0 {
		delete(r.groups, name)
	}
}

// Link returns the link to a peer, nil if it is not there.
func (e *Engine) Link(id uuid.UUID) *link.Link {
	r := &e.roster
	if at := r.recent.Load(); at != nil && at.id == id {
		return at.link
	}
	r.mu.RLock()
	defer r.mu.RUnlock()
	at := r.peers[id]
	if at == nil {
		return nil
	}
	r.recent.Store(at)
	return at.link
}

// Group returns the links to the peers in a group, sorted by UUID. The slice is not
// to be changed.
func (e *Engine) Group(name string) []*link.Link {
	r := &e.roster
	r.mu.RLock()
	g := r.groups[name]
	var links []*link.Link
	if g != nil {
		links = g.links
	}
	r.mu.RUnlock()
	if g == nil || links != nil {
		return links
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if g = r.groups[name]; g == nil {
		return nil
	}
	return g.list()
}

// list returns the links of the members, by UUID.
func (g *group) list() []*link.Link {
	if g.links != nil {
		return g.links
	}
	ids := make([]uuid.UUID, 0, len(g.members))
	for id := range g.members {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, func(a, b uuid.UUID) int { return slices.Compare(a[:], b[:]) })
	links := make([]*link.Link, len(ids))
	for i, id := range ids {
		links[i] = g.members[id]
	}
	g.links = links
	return links
}
