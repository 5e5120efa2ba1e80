package engine

import (
	"github.com/google/uuid"

	"github.com/gozre/zre/internal/endpoint"
	"github.com/gozre/zre/zre/internal/core"
	"github.com/gozre/zre/zre/internal/inbox"
	"github.com/gozre/zre/zre/internal/link"
)

// shell is the engine as its core sees it. Its methods are called under Engine.mu.
type shell Engine

// Open implements core.Shell.
func (s *shell) Open(peer uuid.UUID, to endpoint.Endpoint) core.Link { return s.links.Open(peer, to) }

// Reopen implements core.Shell.
func (s *shell) Reopen(l core.Link, reason core.Reason) core.Link {
	if next := l.(*link.Link).Reopen(reason); next != nil {
		return next
	}
	return nil
}

// Local implements core.Shell.
func (s *shell) Local(to endpoint.Endpoint) endpoint.Endpoint {
	if s.cfg.Advertise.Addr.IsValid() {
		return s.cfg.Advertise
	}
	return endpoint.At(s.cfg.Host.LocalFor(to.Host()), s.port, to.Key)
}

// IsLocal implements core.Shell.
func (s *shell) IsLocal(e endpoint.Endpoint) bool {
	return e.Addr == s.cfg.Advertise.Addr || e.Addr.Port() == s.port && s.cfg.Host.IsOwn(e.Host())
}

// Deliver implements core.Shell.
func (s *shell) Deliver(cl core.Link, ev *core.Event) {
	l, _ := cl.(*link.Link)
	if !s.moved {
		s.moved = true
		s.roster.mu.Lock()
	}
	switch ev.Type {
	case core.EventEnter:
		l.SetPeer(ev.Peer, ev.Name)
		s.roster.enter(ev.Peer, l)
	case core.EventExit:
		s.roster.exit(ev.Peer)
	case core.EventJoin:
		s.roster.join(ev.Peer, ev.Group)
	case core.EventLeave:
		s.roster.leave(ev.Peer, ev.Group)
	}
	if s.cfg.DiscardEvents {
		return
	}
	event := *ev
	s.batch = append(s.batch, inbox.NewEvent(&event))
}

// Data implements core.Shell.
func (s *shell) Data(l core.Link, typ core.EventType, group string, content [][]byte) {
	(*Engine)(s).deliver(l.(*link.Link), inbox.NewMessage(inbox.Item{Type: typ, Group: group, Content: content}))
}
