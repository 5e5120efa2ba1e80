package zgossip

import (
	"time"

	"github.com/gozre/zre/internal/gossip/hub"
	"github.com/gozre/zre/internal/transport"
)

// serverLink is the connection to another server. The server's mutex guards it.
type serverLink struct {
	server *Server
	dialer *dialer
	link   *hub.Link
}

func (s *Server) newLink(to remote) *serverLink {
	l := &serverLink{server: s}
	l.dialer = newDialer(&s.network, to, &s.mu, s.cfg.Logger)
	l.dialer.session, l.dialer.tick = l, time.Second
	s.mu.Lock()
	defer s.mu.Unlock()
	l.link = s.hub.NewLink(to.address,
		func() { l.dialer.reopen(request{}) },
		func() {
			s.cfg.Logger.Warn("a gossip server to connect to is this one itself", "server", to.address)
			l.dialer.reopen(request{after: selfAgain})
		})
	s.links = append(s.links, l)
	return l
}

func (l *serverLink) connected(now time.Time, c *transport.Conn) { l.link.Connected(now, c) }
func (l *serverLink) disconnected(now time.Time)                 { l.link.Disconnected(now) }
func (l *serverLink) tick(time.Time)                             {} // The hub ticks its links.
func (l *serverLink) ready() bool                                { return l.link.Ready() }
func (l *serverLink) refused() uint64                            { return l.link.Refused() }

func (l *serverLink) receive(now time.Time, frame []byte, rest ...[]byte) {
	l.link.Receive(now, frame, rest...)
}

func (l *serverLink) settle(now time.Time) {
	l.server.hub.Settle(now)
	l.server.settle()
}
