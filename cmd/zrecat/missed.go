package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/google/uuid"

	"github.com/gozre/zre/cmd/internal/visible"
	"github.com/gozre/zre/zre"
)

// errLeftEarly says that a member got some messages and not those that came later.
var errLeftEarly = errors.New("left before the end")

// The bounds of what is kept, and printed, of those who missed something.
const (
	mostMissed = 1000
	mostNamed  = 10
)

// missed collects the peers that have not acknowledged everything, each once.
type missed struct {
	mu       sync.Mutex
	list     []zre.Missed
	more     int                    // that are not in the list
	departed map[uuid.UUID]departed // members that left while the input was sent
}

// departed is a member that has left: it has missed something if more is sent.
type departed struct {
	name string
	at   int64 // messages that had been sent
}

// add takes the peers out of a *zre.DeliveryError; other errors it returns.
func (m *missed) add(err error) error {
	delivery, ok := errors.AsType[*zre.DeliveryError](err)
	if !ok {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, peer := range delivery.Missed {
		m.keep(peer)
	}
	return nil
}

// keep adds a peer. Called under mu.
func (m *missed) keep(peer zre.Missed) {
	switch {
	case slices.ContainsFunc(m.list, func(known zre.Missed) bool { return known.Peer == peer.Peer }):
	case len(m.list) == mostMissed:
		m.more++
	default:
		m.list = append(m.list, peer)
	}
}

// left records that a member has left after so many messages.
func (m *missed) left(peer uuid.UUID, name string, messages int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.settle(messages)
	if m.departed == nil {
		m.departed = make(map[uuid.UUID]departed)
	}
	if len(m.departed) < mostMissed {
		m.departed[peer] = departed{name, messages}
	}
}

// sent records that so many messages have been sent in all.
func (m *missed) sent(messages int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.settle(messages)
}

// settle keeps the members that left before the last of so many messages. Called under mu.
func (m *missed) settle(messages int64) {
	for id, d := range m.departed {
		if messages > d.at {
			m.keep(zre.Missed{Peer: id, Name: d.name, Err: errLeftEarly})
			delete(m.departed, id)
		}
	}
}

func (m *missed) empty() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.list) == 0
}

func (m *missed) String() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	var parts []string
	for _, peer := range m.list[:min(len(m.list), mostNamed)] {
		parts = append(parts, fmt.Sprintf("%s (%s): %s", peer.Name, peer.Peer, reason(peer.Err)))
	}
	if more := len(m.list) - len(parts) + m.more; more > 0 {
		parts = append(parts, fmt.Sprintf("and %d more", more))
	}
	return "not known to have received everything: " + visible.String(strings.Join(parts, "; "))
}

// reason is an error in the words of this program.
func reason(err error) string {
	text := err.Error()
	if errors.Is(err, zre.ErrPeerGone) && strings.HasSuffix(text, ": "+zre.ReasonGoodbye.String()) {
		return "left before it had acknowledged everything"
	}
	return text
}
