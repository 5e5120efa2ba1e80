package hub

import "github.com/gozre/zre/internal/gossip/store"

// Reason is why a message or a client was refused.
type Reason uint8

// The reasons.
const (
	Malformed Reason = iota // not a message of the protocol
	BadKey
	BadEndpoint
	LongKey
	LongValue
	TooManyForClient
	TooManyTuples
	TooManyClients
	TooManyServers
	reasons
)

// String returns the name of the reason in logs and metrics.
func (r Reason) String() string {
	return [...]string{
		"malformed message", "bad key", "bad endpoint", "long key", "long value",
		"too many tuples of one client", "too many tuples", "too many clients", "too many servers",
	}[r]
}

// Counts counts what has happened since the hub was made.
type Counts struct {
	Received, ReceivedOctets uint64 // messages from clients and other servers
	Sent, SentOctets         uint64
	Forwarded                uint64 // those among Sent that told a tuple
	Connected                uint64 // clients accepted
	CutOff                   uint64 // clients closed because they did not read
	Idle                     uint64 // clients closed because their PINGs had stopped
	Invalid                  uint64 // INVALIDs sent
	PublishedBy              [kinds]uint64
	Refused                  [reasons]uint64
}

// Gauges counts what there is now.
type Gauges struct {
	Clients [kinds]int // by dialect
	Links   int        // to other servers, ready
	Tuples  int
	Servers int // other servers alive, linked or further away
}

// maxComplaints bounds the refusals that are logged in a minute. Once for each client is no
// bound, because it is easy to connect again and again.
const maxComplaints = 100

// refuse counts a refusal, and logs the first one of each reason of a peer.
func (h *Hub) refuse(p *Peer, r Reason, err error) {
	h.counts.Refused[r]++
	if p.logged&(1<<r) != 0 {
		return
	}
	p.logged |= 1 << r
	switch h.complaints++; {
	case h.complaints == maxComplaints:
		h.cfg.Log.Warn("many gossip messages refused; for a minute they are only counted")
	case h.complaints < maxComplaints:
		h.log(p).Warn("gossip message refused", "reason", r.String(), "error", err)
	}
}

// Counts returns the counters.
func (h *Hub) Counts() Counts { return h.counts }

// Gauges counts what there is.
func (h *Hub) Gauges() Gauges {
	g := Gauges{Tuples: h.store.Len(), Servers: h.store.Servers()}
	for _, p := range h.peers {
		switch {
		case p.link == nil:
			g.Clients[p.kind]++
		case p.link.Ready():
			g.Links++
		}
	}
	return g
}

// StoreCounts returns the counters of the store.
func (h *Hub) StoreCounts() store.Counts { return h.store.Counts() }
