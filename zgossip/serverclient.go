package zgossip

import (
	"time"

	"github.com/gozre/zre/internal/gossip/hub"
	"github.com/gozre/zre/internal/transport"
)

// client is the connection of a client, and its transport.Handler. The server's mutex guards
// it.
type client struct {
	server *Server
	conn   *transport.Conn
	peer   *hub.Peer
}

// accept is the transport's Config.Accept. Nil refuses the connection.
func (s *Server) accept(conn *transport.Conn) transport.Handler {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended || !s.guard.admits(conn.Key) { // The key may have been removed since the handshake.
		return nil
	}
	name := "in this process"
	if !conn.InProc {
		name = conn.From()
	}
	peer := s.hub.Accept(time.Now(), conn.Identity, name, conn)
	if peer == nil {
		return nil
	}
	c := &client{server: s, conn: conn, peer: peer}
	s.clients[c] = struct{}{}
	return c
}

// Up implements transport.Handler. It is not called for accepted connections.
func (c *client) Up(*transport.Conn) {}

// Retry implements transport.Handler. It is not called for accepted connections.
func (c *client) Retry(*transport.Conn, error) {}

// Receive implements transport.Handler.
func (c *client) Receive(_ *transport.Conn, messages []transport.Message) {
	c.server.inbox.add(c, messages)
}

// Down implements transport.Handler.
func (c *client) Down(_ *transport.Conn, err error) { c.server.inbox.addEnd(c, err) }

// lost is the transport's Config.Lost.
func (s *Server) lost() { s.inbox.addEnd(nil, transport.ErrEnded) }

// closeStrangers closes the connections of clients whose key is not trusted.
func (s *Server) closeStrangers(now time.Time) {
	for c := range s.clients {
		if !s.guard.admits(c.conn.Key) {
			s.cfg.Logger.Warn("gossip client closed: its key is not trusted any more",
				"from", c.conn.From(), "key", c.conn.Key.String())
			c.peer.Evict(now)
		}
	}
}
