package zgossip

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/gozre/zre/internal/gossip/hub"
	"github.com/gozre/zre/internal/transport"
)

// serverLink is the connection to another server. The server's mutex guards it.
type serverLink struct {
	server *Server
	dialer *dialer
	link   *hub.Link
	cancel context.CancelCauseFunc
}

// errRemoved is why a connection to a server ends that is not wanted any more.
var errRemoved = errors.New("server is not in Connect any more")

// connect makes the connections those to the given servers, with the mutex held. What is
// there already stays as it is.
func (s *Server) connect(to []remote) {
	old := s.links
	s.links = make([]*serverLink, 0, len(to))
	for _, r := range to {
		i := slices.IndexFunc(old, func(l *serverLink) bool { return l.dialer.equal(r) })
		if i >= 0 {
			s.links = append(s.links, old[i])
			old = slices.Delete(old, i, i+1)
			continue
		}
		l := s.newLink(r)
		s.links = append(s.links, l)
	}
	for _, l := range old {
		l.cancel(errRemoved)
	}
}

// newLink begins to connect to a server, with the mutex held.
func (s *Server) newLink(to remote) *serverLink {
	ctx, cancel := context.WithCancelCause(s.ctx)
	l := &serverLink{server: s, cancel: cancel}
	l.dialer = newDialer(&s.network, to, &s.mu, s.cfg.Logger)
	l.dialer.session, l.dialer.tick = l, time.Second
	l.link = s.hub.NewLink(to.address,
		func() { l.dialer.reopen(request{}) },
		func() {
			s.cfg.Logger.Warn("a gossip server to connect to is this one itself", "server", to.address)
			l.dialer.reopen(request{after: selfAgain})
		})
	s.done.Go(func() {
		l.dialer.run(ctx)
		if errors.Is(context.Cause(ctx), errRemoved) {
			s.do(l.link.Remove)
			s.cfg.Logger.Info("gossip server is not connected to any more", "server", to.address)
		}
		cancel(nil)
	})
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
