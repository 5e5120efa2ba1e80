package main

import (
	"sync/atomic"

	"github.com/google/uuid"

	"github.com/gozre/zre/zre"
)

// memberCount keeps the members of the group, and counts messages.
// The goroutine that receives writes it; the counters are read by others.
type memberCount struct {
	in       map[uuid.UUID]bool
	here     atomic.Int64
	received atomic.Int64 // messages
	unheard  atomic.Int64 // messages sent when every member had left
}

// follow handles one event, and reports whether a member came.
func (m *memberCount) follow(ev zre.Event, group string) (came, left bool) {
	if m.in == nil {
		m.in = map[uuid.UUID]bool{}
	}
	before := m.in[ev.Peer]
	switch {
	case ev.Type == zre.EventJoin && ev.Group == group:
		m.in[ev.Peer] = true
	case ev.Type == zre.EventLeave && ev.Group == group, ev.Type == zre.EventExit:
		delete(m.in, ev.Peer)
	}
	m.here.Store(int64(len(m.in)))
	after := m.in[ev.Peer]
	return after && !before, before && !after
}
