package zgossip

import (
	"context"
	"log/slog"
	"net/netip"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/gozre/zre/internal/hostname"
	"github.com/gozre/zre/internal/netif"
	"github.com/gozre/zre/internal/transport"
	"github.com/gozre/zre/internal/transport/choose"
)

// ClientConfig is the configuration of a client.
type ClientConfig struct {
	// Transport carries the messages, see ServerConfig.Transport.
	Transport string
	// Servers are the gossip servers, in the form of ParseServer. The public key of a server
	// that uses CURVE (ZeroMQ RFC 26) follows behind a |. A server that is named with several
	// keys has one of them, or soon another one: see Server.Reconfigure. At least one.
	Servers []string
	// SecretKey is the client's own, for servers that use CURVE: 40 characters of Z85.
	SecretKey string
	// Key is the node's UUID.
	Key uuid.UUID
	// Endpoint returns what is published to a server: "tcp://IP:PORT", or
	// "tcp://IP:PORT|PUBLICKEY". It is called when a connection to the server is made, and
	// when addresses of this host have changed. It must not block or call the Client. While
	// it fails nothing is published there. See LocalEndpoint and Advertise.
	Endpoint func(server netip.AddrPort) (string, error)
	// OnTuple is called with every tuple that a server sends, except the node's own. The
	// same one can come again, from several servers or after a connection was lost. Calls
	// come from one goroutine at a time. While it blocks, the client does not read.
	OnTuple func(Tuple)
	// TTL is how long a server of this project keeps the tuple without receiving it again.
	// It is published again three times in this time. Default 60 s; 1 s to 24 h.
	TTL time.Duration
	// Logger gets what happens. Default: nothing is logged. A server that cannot be used for
	// 3 s, or at all, is a warning with its cause, once for each cause; that it can be used
	// again is told as well. Servers are tried until Close.
	Logger *slog.Logger

	lookup hostname.Lookup // for tests
}

// defaultTTL is the TTL of tuples on servers of this project. PINGs show the end of a client
// sooner; the TTL is for what they do not show.
const defaultTTL = 60 * time.Second

// Client publishes a node's endpoint on gossip servers, and receives the tuples of others.
type Client struct {
	cfg     ClientConfig
	network network
	cancel  context.CancelFunc
	done    sync.WaitGroup
	close   sync.Once
	closed  error

	deliver sync.Mutex // held while OnTuple runs

	mu    sync.Mutex // guards what follows, and all sessions
	conns []*clientConn
	ended bool // Close was called: the end of a connection is not logged
}

// ServerState is how a client stands with one server.
type ServerState struct {
	Server    string // HOST:PORT
	Connected bool   // tuples are exchanged
	Err       error  // why not, as far as it is known; nil while Connected
	Complete  bool   // the server has sent all tuples that it had when the session began

	Since   time.Time // when the connection ended, or was tried first; zero while Connected
	Lasting bool      // Err stays until somebody changes a configuration

	Dialect   string // "ours", "czmq", "zre", or "unknown" while it has not answered
	Published string // what was last published there
	Tuples    uint64 // tuples received
	Refused   uint64 // malformed tuples, and other messages that are none
	Sessions  uint64 // how often a session has begun
}

// NewClient starts a client. It returns at once, and connects until it is closed. A
// *ConfigError says which setting is wrong.
func NewClient(cfg ClientConfig) (*Client, error) {
	c := &Client{cfg: cfg}
	if err := c.configure(); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	c.cancel = cancel
	changes, err := netif.Watch(ctx)
	if err != nil {
		// The address at the time of a connection is nearly always the right one.
		c.cfg.Logger.Warn("changes of this host's addresses are not followed", "error", err)
	} else {
		c.done.Go(func() { c.follow(changes) })
	}
	for _, cc := range c.conns {
		c.done.Go(func() { cc.dialer.run(ctx) })
	}
	return c, nil
}

// configure checks the configuration and prepares the connections.
func (c *Client) configure() error {
	cfg := &c.cfg
	if cfg.TTL == 0 {
		cfg.TTL = defaultTTL
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	switch {
	case len(cfg.Servers) == 0:
		return &ConfigError{"Servers", cfg.Servers, "at least one is needed"}
	case cfg.Key == uuid.Nil:
		return &ConfigError{"Key", cfg.Key, "it must be the node's UUID"}
	case cfg.Endpoint == nil:
		return &ConfigError{"Endpoint", "nil", "it must return what to publish"}
	case cfg.OnTuple == nil:
		return &ConfigError{"OnTuple", "nil", "it must handle received tuples"}
	case cfg.TTL < time.Second || cfg.TTL > 24*time.Hour:
		return &ConfigError{"TTL", cfg.TTL, "it must be from 1 s to 24 h"}
	}
	if err := choose.Check(cfg.Transport); err != nil {
		return &ConfigError{"Transport", cfg.Transport, err.Error()}
	}
	security, err := securityFor(cfg.SecretKey)
	if err != nil {
		return &ConfigError{"SecretKey", "(hidden)", err.Error()}
	}
	c.network = network{
		name: cfg.Transport, security: security, identity: cfg.Key[:], lookup: cfg.lookup,
		config: transport.Config{
			Accept: refuseAll, Limits: limitsFor(defaultMessageSize), Logger: cfg.Logger,
		},
	}
	return c.addServers()
}

func (c *Client) addServers() error {
	servers, err := parseRemotes("Servers", c.cfg.Servers, c.cfg.SecretKey)
	for _, to := range servers {
		c.conns = append(c.conns, newClientConn(c, to))
	}
	return err
}

// settleTime is how long after a change of addresses the endpoint is asked for again: routes
// change a moment after addresses do.
const settleTime = 2 * time.Second

// follow publishes again when the host's addresses have changed. It ends when the context
// ends that changes was made with.
func (c *Client) follow(changes <-chan struct{}) {
	again := time.NewTimer(settleTime)
	defer again.Stop()
	for {
		select {
		case _, ok := <-changes:
			if !ok {
				return
			}
			again.Reset(settleTime)
		case <-again.C:
		}
		c.mu.Lock()
		for _, cc := range c.conns {
			if cc.session.Ready() && cc.endpoint() != cc.published {
				cc.publish(cc.session.Kind(), false)
			}
		}
		c.mu.Unlock()
	}
}

// Servers returns how the client stands with its servers, in the order of the configuration.
func (c *Client) Servers() []ServerState {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := make([]ServerState, 0, len(c.conns))
	for _, cc := range c.conns {
		state := cc.dialer.state()
		state.Dialect, state.Published = cc.session.Kind().String(), cc.published
		state.Tuples, state.Refused = cc.tuples, cc.session.Refused
		state.Sessions, state.Complete = cc.session.Sessions, cc.session.Complete()
		out = append(out, state)
	}
	return out
}

// Close withdraws the tuple where that is possible, and closes the connections. It waits for
// up to a quarter of a second for the withdrawal to leave, and for an OnTuple that is running,
// so OnTuple must not call it.
func (c *Client) Close() error {
	c.close.Do(func() {
		c.mu.Lock()
		for _, cc := range c.conns {
			cc.publish(cc.session.Kind(), true)
		}
		c.ended = true
		c.mu.Unlock()
		c.cancel()
		c.done.Wait()
		c.closed = c.network.close(dialerDrain)
	})
	return c.closed
}
