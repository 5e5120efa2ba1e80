package zgossip

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"github.com/gozre/zre/internal/gossip/hub"
	"github.com/gozre/zre/internal/gossip/store"
	"github.com/gozre/zre/internal/gossip/wire"
	"github.com/gozre/zre/internal/zmq"
)

// Times of a server that are not for the user to choose: servers have to agree on
// the first three.
const (
	beatInterval  = 2 * time.Second
	originTTL     = 10 * time.Second
	tombstoneTTL  = time.Minute
	historyWindow = 30 * time.Second
	flapLimit     = 2
	probeInterval = 30 * time.Second
	helloDelay    = 10 * time.Millisecond
	serverLinger  = time.Second // how long Close lets what was sent leave
)

// Server is a gossip server.
type Server struct {
	cfg     ServerConfig
	zmq     *zmq.Context
	guard   guard
	router  *zmq.Socket
	monitor *zmq.Monitor
	bound   []string
	ctx     context.Context // ends with Close; kept because Check asks it
	cancel  context.CancelFunc
	done    sync.WaitGroup
	close   sync.Once
	closed  error
	ticked  atomic.Int64  // when the hub's time last passed, in nanoseconds
	wake    chan struct{} // the next tick may have come nearer
	news    chan struct{} // there may be something for OnTuple

	mu    sync.Mutex // guards what follows
	hub   *hub.Hub
	group zmq.Group // the router, while the hub is at work
	links []*serverLink
	due   time.Time // when the timer will tick
	ended bool
}

// NewServer binds and starts a server. A *ConfigError says which setting cannot be;
// any other error, that an address cannot be bound or a socket cannot be made.
func NewServer(cfg ServerConfig) (*Server, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	s := &Server{cfg: cfg, wake: make(chan struct{}, 1), news: make(chan struct{}, 1)}
	if s.zmq, err = zmq.Open(); err != nil {
		return nil, err
	}
	if err := s.open(); err != nil {
		return nil, errors.Join(err, s.zmq.Close())
	}
	s.start()
	return s, nil
}

func (s *Server) open() error {
	curve, err := s.guarded()
	if err != nil {
		return err
	}
	s.router, err = s.zmq.Router(zmq.Options{
		SendHWM: s.cfg.SendQueue, RecvHWM: s.cfg.SendQueue, Linger: serverLinger, MaxMessageSize: s.cfg.MaxMessageSize,
		Handover:          true, // haskell-zre's clients come back with the same identity
		Mandatory:         true, // to be told when a client has gone or does not read
		HeartbeatInterval: heartbeat, HeartbeatTimeout: heartbeatLimit, Backlog: 1024,
		IPv6:  strings.Contains(strings.Join(s.cfg.Listen, ""), "["),
		Curve: curve,
	})
	if err != nil {
		return err
	}
	if s.monitor, err = s.router.Monitor(); err != nil {
		return err
	}
	for _, l := range s.cfg.Listen {
		bound, err := s.router.Bind(l)
		if err != nil {
			return fmt.Errorf("zgossip: %w", err)
		}
		s.bound = append(s.bound, bound)
	}
	return nil
}

func (s *Server) start() {
	var id wire.ID
	_, _ = rand.Read(id[:]) // never fails
	now := time.Now()
	s.hub = hub.New(now, hub.Config{
		ID: id,
		Store: store.Config{
			Grace: s.cfg.Grace, OriginTTL: originTTL, TombstoneTTL: tombstoneTTL, HistoryWindow: historyWindow,
			FlapLimit: flapLimit, MaxTuples: s.cfg.MaxTuples, MaxPerSource: s.cfg.MaxTuplesPerClient,
		},
		Send:       s.send,
		MaxClients: s.cfg.MaxClients, MaxKey: s.cfg.MaxKeyLength, MaxValue: s.cfg.MaxValueLength,
		IdleTimeout: s.cfg.IdleTimeout, SlowTimeout: s.cfg.SlowTimeout,
		BeatInterval: beatInterval, ProbeInterval: probeInterval, HelloDelay: helloDelay,
		PingInterval: pingInterval, CalmInterval: calmInterval, LinkTimeout: answerTimeout, LinkProbeAfter: probeAfter,
		Log: s.cfg.Logger,
	})
	for _, to := range s.cfg.remotes {
		s.links = append(s.links, s.newLink(to))
	}
	ctx, cancel := context.WithCancel(context.Background())
	s.ctx, s.cancel = ctx, cancel
	s.ticked.Store(now.UnixNano())
	s.done.Go(s.receive)
	s.done.Go(s.watch)
	s.done.Go(func() { s.time(ctx) })
	if s.cfg.OnTuple != nil {
		s.done.Go(func() { s.deliver(ctx) })
	}
	for _, l := range s.links {
		s.done.Go(func() { l.dialer.run(ctx) })
	}
	connect := make([]string, 0, len(s.cfg.remotes)) // without what is behind a |
	for _, to := range s.cfg.remotes {
		connect = append(connect, to.address)
	}
	s.cfg.Logger.Info("gossip server is up", "endpoints", s.bound, "connect", connect)
}

// Endpoints gives what the server is bound to, with wildcards for ports filled in.
func (s *Server) Endpoints() []string { return append([]string(nil), s.bound...) }

// do runs f with the hub, and sees to what follows from it.
func (s *Server) do(f func(now time.Time)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.ended {
		s.work(time.Now(), f)
		s.settle()
	}
}

// work runs f, in which the hub may send to many clients, with the router at hand.
func (s *Server) work(now time.Time, f func(now time.Time)) {
	s.router.Together(func(g zmq.Group) {
		s.group = g
		f(now)
	})
}

// send sends to a client, within work.
func (s *Server) send(identity, first, second []byte) error {
	if second == nil {
		return mapped(s.group.Send(identity, first))
	}
	return mapped(s.group.Send(identity, first, second))
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

// poke leaves a note for a goroutine; one that is there already will do.
func poke(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// receive hands the hub what clients send.
func (s *Server) receive() {
	var batch zmq.Batch
	for s.router.Receive(&batch) == nil {
		s.do(func(now time.Time) {
			for i := range batch.Len() {
				m := batch.Message(i)
				frames := m[1:]
				if s.cfg.SecretKey != "" {
					if len(frames[0]) == 0 {
						continue // No key was proven: the handler was not asked.
					}
					frames = frames[1:]
				}
				s.hub.Receive(now, m[0], frames)
			}
			s.hub.Settle(now)
		})
	}
}

// watch hands the hub hints that a client has gone.
func (s *Server) watch() {
	for {
		ev, err := s.monitor.Next()
		if err != nil {
			return
		}
		if ev.Kind == zmq.Disconnected {
			s.do(s.hub.ConnectionLost)
		}
	}
}

// time lets time pass for the hub.
func (s *Server) time(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.wake:
		case <-timer.C:
		}
		s.mu.Lock()
		now := time.Now()
		if next := s.hub.Next(); !s.ended && !next.After(now) {
			s.work(now, s.hub.Tick)
			s.settle()
		}
		s.ticked.Store(now.UnixNano())
		s.due = s.hub.Next()
		timer.Reset(max(time.Until(s.due), time.Millisecond))
		s.mu.Unlock()
	}
}

// deliver tells the process what has changed.
func (s *Server) deliver(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
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

// checkAge is how long ago the hub's time may have passed last; it passes four times
// a second.
const checkAge = 5 * time.Second

// Check says nil while the server works. It does not wait for anything, so that it
// tells also of a server that is stuck.
func (s *Server) Check() error {
	select {
	case <-s.ctx.Done():
		return ErrClosed
	default:
	}
	if age := time.Since(time.Unix(0, s.ticked.Load())); age > checkAge {
		return fmt.Errorf("zgossip: the server has done nothing for %v", age.Round(time.Second))
	}
	return nil
}

// Close ends the server. It takes in what has arrived, passes it on, and gives what
// was sent a second to leave. OnTuple must not call it.
func (s *Server) Close() error {
	s.close.Do(func() {
		s.do(s.hub.Flush)
		s.mu.Lock()
		s.ended = true
		s.mu.Unlock()
		s.cancel()
		err := errors.Join(s.monitor.Close(), s.router.Close())
		s.done.Wait()
		s.guard.logs.Wait()
		s.cfg.Logger.Info("gossip server has ended")
		s.closed = errors.Join(err, s.zmq.Close())
	})
	return s.closed
}

// serverLink is the connection to another server. The server's mutex guards it.
type serverLink struct {
	server *Server
	dialer *dialer
	link   *hub.Link
}

func (s *Server) newLink(to remote) *serverLink {
	l := &serverLink{server: s}
	l.dialer = newDialer(s.zmq, to, &s.mu, s.cfg.Logger)
	l.dialer.session, l.dialer.tick, l.dialer.largest = l, time.Second, s.cfg.MaxMessageSize
	l.link = s.hub.NewLink(to.address, l.dialer.send,
		func(identity []byte) { l.dialer.reopen(request{identity: identity}) },
		func() {
			s.cfg.Logger.Warn("a gossip server to connect to is this server itself", "server", to.address)
			l.dialer.reopen(request{after: selfAgain})
		})
	return l
}

func (l *serverLink) connected(now time.Time)    { l.server.work(now, l.link.Connected) }
func (l *serverLink) disconnected(now time.Time) { l.server.work(now, l.link.Disconnected) }
func (l *serverLink) tick(time.Time)             {} // the hub's own time passes for it

func (l *serverLink) receive(now time.Time, frames [][]byte) {
	l.server.work(now, func(now time.Time) { l.link.Receive(now, frames) })
}

func (l *serverLink) settle(now time.Time) {
	l.server.work(now, l.server.hub.Settle)
	l.server.settle()
}
