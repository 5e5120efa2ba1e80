package main

import (
	"github.com/google/uuid"

	"github.com/gozre/zre/cmd/internal/cli"
	"github.com/gozre/zre/zre"
)

// visitors are the peers that exist for one command, such as "zre send", and say so in a header.
type visitors struct{ here map[uuid.UUID]bool }

// hide reports whether an event says only that such a peer comes or goes. It must see every
// event.
func (v *visitors) hide(ev zre.Event) bool {
	switch ev.Type {
	case zre.EventEnter:
		if ev.Headers[cli.OneShotHeader] == "" {
			return false
		}
		if v.here == nil {
			v.here = make(map[uuid.UUID]bool)
		}
		v.here[ev.Peer] = true
		return true
	case zre.EventExit:
		visitor := v.here[ev.Peer]
		delete(v.here, ev.Peer)
		return visitor
	}
	return false
}
