package watch

import (
	"time"

	"github.com/google/uuid"

	"github.com/gozre/zre/zre"
)

// Rate is what passes in a second.
type Rate struct {
	Messages float64
	Octets   float64
}

func (r Rate) plus(other Rate) Rate {
	return Rate{r.Messages + other.Messages, r.Octets + other.Octets}
}

// pingOctets is the size of a PING and of a PING-OK: signature, id, version and sequence
// (RFC 36, "ZRE Commands").
const pingOctets = 6

// shortest is the least time that a rate is computed over.
const shortest = 900 * time.Millisecond

// counter is what has passed since the session began.
type counter struct{ messages, octets uint64 }

// less is the counter without so many PINGs.
func (c counter) less(pings uint64) counter {
	return counter{c.messages - min(c.messages, pings), c.octets - min(c.octets, pings*pingOctets)}
}

// meter computes the rate of one direction of a link.
type meter struct {
	at   time.Time
	last counter // the highest since the session began
	rate Rate
}

// update gives the counter at a time. A counter that falls a little is a PING that was
// counted before it passed, so it is compared with the highest.
func (m *meter) update(now time.Time, c counter) Rate {
	passed := now.Sub(m.at)
	if m.at.IsZero() {
		m.at, m.last = now, c
		return m.rate
	}
	if passed < shortest {
		return m.rate
	}
	c.messages, c.octets = max(c.messages, m.last.messages), max(c.octets, m.last.octets)
	m.rate = Rate{
		Messages: float64(c.messages-m.last.messages) / passed.Seconds(),
		Octets:   float64(c.octets-m.last.octets) / passed.Seconds(),
	}
	m.at, m.last = now, c
	return m.rate
}

// link measures the link with one peer.
type link struct {
	in, out  meter
	raw      counter // what had come when it was last updated
	sent     uint64  // PINGs in this session
	answered uint64  // PING-OKs
}

// meters measure the links with all peers. Who uses them holds their lock.
type meters map[uuid.UUID]*link

// of is the link with a peer.
func (m meters) of(id uuid.UUID) *link {
	l := m[id]
	if l == nil {
		l = &link{}
		m[id] = l
	}
	return l
}

// measure gives the rates of all peers, and forgets those that have left.
func (m meters) measure(now time.Time, peers []zre.Peer) []Peer {
	out := make([]Peer, len(peers))
	present := make(map[uuid.UUID]bool, len(peers))
	for i, p := range peers {
		present[p.ID] = true
		l := m.of(p.ID)
		raw := counter{p.Stats.MessagesIn, p.Stats.OctetsIn}
		if raw.messages < l.raw.messages { // Another session has begun.
			*l = link{}
		}
		l.raw = raw
		sent := counter{p.Stats.MessagesOut, p.Stats.OctetsOut}
		out[i] = Peer{
			Peer: p,
			In:   l.in.update(now, raw.less(l.answered)),
			Out:  l.out.update(now, sent.less(l.sent)),
		}
	}
	for id := range m {
		if !present[id] {
			delete(m, id)
		}
	}
	return out
}
