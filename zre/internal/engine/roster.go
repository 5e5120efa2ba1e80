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
	groups map[string]struct{} // nil while it is in none
}

// group is the members of a group, by UUID. A change costs no more than moving the entries
// behind it. What a sender was given is not changed: the next change makes a copy.
type group struct {
	ids   []uuid.UUID
	links []*link.Link
	given atomic.Bool // a sender has links
}

// The methods that change a roster are called under mu.

func newRoster() roster {
	return roster{peers: make(map[uuid.UUID]*entry), groups: make(map[string]*group)}
}

func (r *roster) enter(id uuid.UUID, l *link.Link) {
	r.peers[id] = &entry{id: id, link: l}
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
		g = &group{}
		r.groups[name] = g
	}
	if e.groups == nil {
		e.groups = make(map[string]struct{})
	}
	e.groups[name] = struct{}{}
	g.add(id, e.link)
}

func (r *roster) leave(id uuid.UUID, name string) {
	delete(r.peers[id].groups, name)
	r.drop(id, name)
}

// drop removes a peer from a group.
func (r *roster) drop(id uuid.UUID, name string) {
	g := r.groups[name]
	g.remove(id)
	if len(g.ids) == 0 {
		delete(r.groups, name)
	}
}

func (g *group) find(id uuid.UUID) (int, bool) {
	return slices.BinarySearchFunc(g.ids, id, func(a, b uuid.UUID) int { return slices.Compare(a[:], b[:]) })
}

// own makes the links ones that no sender has.
func (g *group) own() {
	if g.given.Load() {
		g.links = slices.Clone(g.links)
		g.given.Store(false)
	}
}

func (g *group) add(id uuid.UUID, l *link.Link) {
	g.own()
	i, known := g.find(id)
	if known {
		g.links[i] = l
		return
	}
	g.ids, g.links = slices.Insert(g.ids, i, id), slices.Insert(g.links, i, l)
}

func (g *group) remove(id uuid.UUID) {
	g.own()
	if i, known := g.find(id); known {
		g.ids, g.links = slices.Delete(g.ids, i, i+1), slices.Delete(g.links, i, i+1)
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
	defer r.mu.RUnlock()
	g := r.groups[name]
	if g == nil {
		return nil
	}
	if !g.given.Load() {
		g.given.Store(true)
	}
	return g.links
}
