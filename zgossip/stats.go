package zgossip

import "github.com/gozre/zre/internal/gossip/hub"

// ServerStats is what a server counts. Numbers that only grow count since its start.
type ServerStats struct {
	Clients map[string]int // connected now, by dialect: node, server, czmq, zre, unknown
	Links   int            // connections to other servers on which tuples are exchanged
	Tuples  int            // living
	Servers int            // other servers of this project in touch, also through others

	Received, ReceivedOctets uint64 // messages
	Sent, SentOctets         uint64
	Forwarded                uint64            // those among Sent that told a tuple
	Published                map[string]uint64 // tuples received, by the sender's dialect
	Refused                  map[string]uint64 // messages, by reason
	Connected                uint64            // clients that ever were
	Idle                     uint64            // clients given up for their silence
	CutOff                   uint64            // clients given up because they did not read
	Invalid                  uint64            // INVALIDs sent
	Expired                  uint64            // tuples that outlived their TTL
	Withdrawn                uint64            // tuples gone, for whatever reason
	Echoes, Stale            uint64            // tuples dropped because a czmq peer only passed them on
}

// Stats gives the numbers.
func (s *Server) Stats() ServerStats {
	s.mu.Lock()
	defer s.mu.Unlock()
	g, c, st := s.hub.Gauges(), s.hub.Counts(), s.hub.StoreCounts()
	out := ServerStats{
		Clients: make(map[string]int), Links: g.Links, Tuples: g.Tuples, Servers: g.Servers,
		Received: c.Received, ReceivedOctets: c.ReceivedOctets, Sent: c.Sent, SentOctets: c.SentOctets, Forwarded: c.Forwarded,
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
	out.Refused["key not trusted"] = s.guard.refused.Load() // connections
	for r, n := range c.Refused {
		out.Refused[hub.Reason(r).String()] = n
	}
	return out
}
