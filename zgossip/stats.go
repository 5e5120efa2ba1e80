package zgossip

import "github.com/gozre/zre/internal/gossip/hub"

// ServerStats is what a server counts. What is not said to be of now counts since its start.
type ServerStats struct {
	Clients map[string]int // connected now, by dialect: node, server, czmq, zre, unknown
	Links   int            // connections to other servers on which tuples are exchanged now
	Tuples  int            // living now
	Servers int            // other servers of this project that are alive, linked or further away

	Received, ReceivedOctets uint64            // messages from clients and other servers, and their octets
	Sent, SentOctets         uint64            // messages to clients and other servers, and their octets
	Forwarded                uint64            // those among Sent that carried a tuple
	Published                map[string]uint64 // tuples received, by the sender's dialect
	Refused                  map[string]uint64 // messages, clients and connections, by reason
	Connected                uint64            // clients accepted
	Idle                     uint64            // clients closed because their PINGs had stopped
	CutOff                   uint64            // clients closed because they did not read
	Invalid                  uint64            // INVALIDs sent
	Expired                  uint64            // tuples that outlived their TTL
	Withdrawn                uint64            // tuples that have ended for any reason
	Echoes, Stale            uint64            // tuples dropped: a czmq peer only passed them on
}

// Stats returns the numbers.
func (s *Server) Stats() ServerStats {
	s.mu.Lock()
	defer s.mu.Unlock()
	g, c, st := s.hub.Gauges(), s.hub.Counts(), s.hub.StoreCounts()
	out := ServerStats{
		Clients: make(map[string]int), Links: g.Links, Tuples: g.Tuples, Servers: g.Servers,
		Received: c.Received, ReceivedOctets: c.ReceivedOctets,
		Sent: c.Sent, SentOctets: c.SentOctets, Forwarded: c.Forwarded,
		Published: make(map[string]uint64), Refused: make(map[string]uint64),
		Connected: c.Connected, Idle: c.Idle, CutOff: c.CutOff, Invalid: c.Invalid,
		Expired: st.Expired, Withdrawn: st.Withdrawn, Echoes: st.Echoes, Stale: st.Stale,
	}
	for k, n := range g.Clients {
		out.Clients[hub.Kind(k).String()] = n
	}
	for k, n := range c.PublishedBy {
		out.Published[hub.Kind(k).String()] = n
	}
	out.Refused["key not trusted"] = s.guard.refused.Load()
	for r, n := range c.Refused {
		out.Refused[hub.Reason(r).String()] = n
	}
	return out
}
