package engine

import (
	"net/netip"
	"time"

	"github.com/google/uuid"

	"github.com/gozre/zre/zre/internal/core"
)

// failures are why nodes could not be reached the last time. The engine's mutex guards
// them. An entry is removed when the node has a session, or is not known any more.
type failures map[target]error

// target is a node that is dialed: its UUID, or the name or address in the configuration.
type target struct {
	peer     uuid.UUID
	hostPort string
	at       netip.AddrPort
}

func targetOf(t core.Target) target {
	switch {
	case t.Peer != uuid.Nil:
		return target{peer: t.Peer}
	case t.HostPort != "":
		return target{hostPort: t.HostPort}
	}
	return target{at: t.At.Addr}
}

// note records why a link does not work. Called under mu.
func (f failures) note(c *core.Core, l core.Link, err error) {
	if t, ok := c.LinkTarget(l); ok {
		f[targetOf(t)] = err
	}
}

// Unreached is a node without a session, and why.
type Unreached struct {
	core.Unreached
	Err           error     // of the last attempt to connect; nil if none has failed
	Since, Dialed time.Time // as in core.Unreached; zero for a configured endpoint
}

// Unreached returns the nodes that are known and have no session.
func (e *Engine) Unreached() (all []Unreached) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.failures) == 0 && !e.core.Awaits() {
		return nil
	}
	left := make(failures)
	e.core.Unreached(e.now(), func(u core.Unreached) {
		full := Unreached{Unreached: u, Err: e.failures[targetOf(u.Target)]}
		switch {
		case u.Unresolved != nil:
			full.Err = u.Unresolved
		case u.Cause != nil:
			full.Err = u.Cause
		}
		if u.Since != 0 {
			full.Since, full.Dialed = e.start.Add(u.Since), e.start.Add(u.Dialed)
		}
		if full.Err != nil && u.Unresolved == nil {
			left[targetOf(u.Target)] = full.Err
		}
		all = append(all, full)
	})
	e.failures = left
	return all
}
