package zgossip

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"github.com/gozre/zre/internal/gossip/hub"
	"github.com/gozre/zre/internal/gossip/wire"
	"github.com/gozre/zre/internal/transport"
)

// Constants of a server that the user does not choose. The first three have to be the same on
// all servers.
const (
	beatInterval  = 2 * time.Second
	originTTL     = 10 * time.Second
	tombstoneTTL  = time.Minute
	historyWindow = 30 * time.Second
	flapLimit     = 2
	helloDelay    = 10 * time.Millisecond
	serverDrain   = time.Second // how long Close waits for clients to receive what was sent

	maxOrigins          = wire.MaxBeats - 1 // other servers: one PING carries the beats of all
	maxOriginsPerClient = maxOrigins / 2    // one connection cannot leave no room for others
)

// Server is a gossip server.
type Server struct {
	cfg     ServerConfig // as it was at the start
	network network
	guard   guard
	bound   []netip.AddrPort
	ctx     context.Context // ends with Close; kept because Check reads it
	cancel  context.CancelFunc
	done    sync.WaitGroup
	close   sync.Once
	closed  error
	inbox   *inbox
	started time.Time     // the clock of the host may be set, so ticked is counted from here
	ticked  atomic.Int64  // when the hub's time was last updated
	wake    chan struct{} // the next tick may be due earlier
	news    chan struct{} // there may be something for OnTuple

	mu      sync.Mutex // guards what follows
	hub     *hub.Hub
	links   []*serverLink // as in ServerConfig.Connect
	now     ServerConfig  // what Reconfigure has made of cfg
	clients map[*client]struct{}
	due     time.Time // of the next tick, as its goroutine knows it
	ended   bool
}

// NewServer starts a server. A *ConfigError says which setting is wrong, a
// *ListenError at which address it cannot listen.
func NewServer(cfg ServerConfig) (*Server, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	s := &Server{
		cfg: cfg, inbox: newInbox(), clients: make(map[*client]struct{}),
		wake: make(chan struct{}, 1), news: make(chan struct{}, 1),
		started: time.Now(), now: cfg,
	}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	var id wire.ID
	_, _ = rand.Read(id[:]) // never fails
	s.hub = hub.New(time.Now(), cfg.hub(id))
	if err := s.listen(); err != nil {
		s.cancel()
		return nil, errors.Join(err, s.network.close(0))
	}
	s.start()
	return s, nil
}

// listen opens the transport, and listens at all addresses.
func (s *Server) listen() error {
	security, err := s.guard.open(&s.cfg)
	if err != nil {
		return err
	}
	s.network = network{
		name: s.cfg.Transport, security: security,
		config: transport.Config{
			Accept: s.accept, Lost: s.lost,
			Limits: limitsFor(s.cfg.MaxMessageSize), Logger: s.cfg.Logger,
		},
	}
	t, err := s.network.get(way{secure: security != nil})
	if err != nil {
		return fmt.Errorf("zgossip: %w", err)
	}
	for _, addr := range s.cfg.listen {
		bound, err := t.Listen(addr)
		all := addr.Addr() == netip.IPv6Unspecified()
		if all && err != nil && !errors.Is(err, transport.ErrAddrInUse) { // no IPv6 here
			bound, err = t.Listen(netip.AddrPortFrom(netip.IPv4Unspecified(), addr.Port()))
		}
		if err != nil {
			return &ListenError{Addr: addr, Err: err}
		}
		s.bound = append(s.bound, bound)
	}
	return nil
}

func (s *Server) start() {
	s.done.Go(s.run)
	if s.cfg.OnTuple != nil {
		s.done.Go(s.deliver)
	}
	connect := make([]string, 0, len(s.cfg.remotes)) // without their keys
	for _, to := range s.cfg.remotes {
		connect = append(connect, to.address)
	}
	s.mu.Lock()
	s.connect(s.cfg.remotes)
	s.mu.Unlock()
	s.cfg.Logger.Debug("gossip server is up", "endpoints", s.Endpoints(), "connect", connect)
}

// Endpoints returns what the server listens at, with the ports that were chosen.
func (s *Server) Endpoints() []string {
	out := make([]string, 0, len(s.bound))
	for _, addr := range s.bound {
		out = append(out, "tcp://"+addr.String())
	}
	return out
}

// do runs f with the hub, and sends what follows from it.
func (s *Server) do(f func(now time.Time)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		return
	}
	now := time.Now()
	f(now)
	s.hub.Settle(now)
	s.settle()
}

// settle is called with the mutex held when the hub may have changed.
func (s *Server) settle() {
	if s.hub.Next().Before(s.due) {
		poke(s.wake)
	}
	if s.cfg.OnTuple != nil {
		poke(s.news)
	}
}

// run handles what clients send, and lets time pass for the hub.
func (s *Server) run() {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-s.ctx.Done():
			return
		case <-s.inbox.ready:
		case <-s.wake:
		case <-timer.C:
		}
		s.mu.Lock()
		now := time.Now()
		s.handle(now)
		if !s.hub.Next().After(now) {
			s.hub.Tick(now)
		}
		if s.cfg.OnTuple != nil {
			poke(s.news)
		}
		s.ticked.Store(int64(now.Sub(s.started)))
		s.due = s.hub.Next()
		timer.Reset(time.Until(s.due))
		s.mu.Unlock()
	}
}

// handle hands the hub what clients have sent.
func (s *Server) handle(now time.Time) {
	s.inbox.take(func(a *arrival, frame []byte) {
		switch {
		case a.client == nil:
			s.hub.Lost(now)
		case a.ended != nil:
			delete(s.clients, a.client)
			a.client.peer.Closed(now, a.ended)
		default:
			a.client.peer.Receive(now, frame, a.rest...)
		}
	})
	s.hub.Settle(now)
}

// deliver calls OnTuple for what has changed.
func (s *Server) deliver() {
	for {
		select {
		case <-s.ctx.Done():
			return
		case <-s.news:
		}
		var news []Tuple
		s.mu.Lock()
		s.hub.Local(func(key, value string, alive bool) {
			news = append(news, tupleOf(key, value, 0, alive))
		})
		s.mu.Unlock()
		for _, t := range news {
			s.cfg.OnTuple(t)
		}
	}
}

// Publish publishes a tuple of this process, as a client of the server would.
func (s *Server) Publish(key uuid.UUID, endpoint string) error {
	if err := wire.CheckEndpoint(endpoint); err != nil {
		return err
	}
	err := ErrClosed
	s.do(func(now time.Time) { err = s.hub.Publish(now, keyOf(key), endpoint) })
	return err
}

// Withdraw ends a tuple of this process.
func (s *Server) Withdraw(key uuid.UUID) {
	s.do(func(now time.Time) { s.hub.Withdraw(now, keyOf(key)) })
}

// Tuples lists the living tuples, sorted by key.
func (s *Server) Tuples() []Tuple {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []Tuple
	for _, t := range s.hub.Tuples(time.Now()) {
		out = append(out, tupleOf(t.Key, t.Value, t.TTL, true))
	}
	return out
}

// Links returns how the server stands with those of ServerConfig.Connect, in their order.
// Of the counters, only Refused is set.
func (s *Server) Links() []ServerState {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]ServerState, 0, len(s.links))
	for _, l := range s.links {
		state := l.dialer.state()
		state.Refused, state.Complete = l.link.Refused(), l.link.Complete()
		out = append(out, state)
	}
	return out
}

// checkAge is how old the last tick of the hub may be; there are four in a second.
const checkAge = 5 * time.Second

// Check returns nil while the server works. It does not wait for anything, so it also notices
// a server that is stuck.
func (s *Server) Check() error {
	select {
	case <-s.ctx.Done():
		return ErrClosed
	default:
	}
	if age := time.Since(s.started) - time.Duration(s.ticked.Load()); age > checkAge {
		return fmt.Errorf("zgossip: the server has done nothing for %v", age.Round(time.Second))
	}
	return nil
}

// Close ends the server. It handles what has arrived, and waits for up to a second until
// clients have received what follows from it. OnTuple must not call it.
func (s *Server) Close() error {
	s.close.Do(func() {
		s.mu.Lock() // Reconfigure starts no goroutine after that.
		s.cancel()
		s.mu.Unlock()
		s.inbox.close()
		s.done.Wait()
		s.mu.Lock()
		now := time.Now()
		s.handle(now)
		s.hub.Flush(now)
		s.ended = true
		s.mu.Unlock()
		s.closed = s.network.close(serverDrain)
		s.guard.logs.Wait()
		s.cfg.Logger.Info("gossip server has ended")
	})
	return s.closed
}
