package zgossip

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/gozre/zre/internal/gossip/uplink"
	"github.com/gozre/zre/internal/gossip/wire"
	"github.com/gozre/zre/internal/netif"
	"github.com/gozre/zre/internal/zmq"
)

// ClientConfig is the configuration of a client.
type ClientConfig struct {
	// Servers are the gossip servers, as ParseServer reads them; for one that uses CURVE
	// (ZeroMQ RFC 26) with | and its public key behind. At least one.
	Servers []string
	// SecretKey is the client's own, for servers that use CURVE: 40 characters of Z85.
	SecretKey string
	// Key is the node's UUID.
	Key uuid.UUID
	// Endpoint gives what is published to a server: "tcp://IP:PORT", or
	// "tcp://IP:PORT|PUBLICKEY". It is asked whenever a connection to the server is
	// made, and whenever addresses of this host have changed; it must not block or call
	// the Client. While it fails nothing is published there. See LocalEndpoint and
	// Advertise.
	Endpoint func(server netip.AddrPort) (string, error)
	// OnTuple is told every tuple that a server tells, but for the node's own. The
	// same can be told again, by several servers or after a connection was lost. Calls
	// come from one goroutine at a time; while it blocks, the client does not read.
	OnTuple func(Tuple)
	// TTL is how long a server of this project keeps the tuple without hearing of it
	// again; it is published again three times in it. Default 60 s; 1 s to 24 h.
	TTL time.Duration
	// Logger is for what happens; default: nowhere. A server that has not answered for
	// 3 s is a warning, once for each time; it is tried until Close.
	Logger *slog.Logger
}

// defaultTTL is the TTL of tuples on servers of this project. They know sooner by
// the PINGs; the TTL is for what PINGs do not show.
const defaultTTL = 60 * time.Second

// Client publishes a node's endpoint on gossip servers and hears of others.
type Client struct {
	cfg    ClientConfig
	zmq    *zmq.Context
	cancel context.CancelFunc
	done   sync.WaitGroup
	close  sync.Once
	closed error

	deliver sync.Mutex // held while OnTuple runs

	mu    sync.Mutex // guards what follows, and all sessions
	conns []*clientConn
	ended bool // Close was called: that connections end is no news
}

// ServerState tells how a client stands with one server.
type ServerState struct {
	Server    string // HOST:PORT
	Connected bool   // tuples are exchanged
	Dialect   string // "ours", "czmq", "zre", or "unknown" while it has not answered
	Published string // what was last published there
	Tuples    uint64 // tuples heard
	Refused   uint64 // of these, those that were malformed, and other messages that were none
	Sessions  uint64 // times that a connection was made
}

// NewClient starts a client. It returns at once, and connects for as long as it is
// not closed. A *ConfigError says which setting cannot be.
func NewClient(cfg ClientConfig) (*Client, error) {
	if cfg.TTL == 0 {
		cfg.TTL = defaultTTL
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	switch {
	case len(cfg.Servers) == 0:
		return nil, &ConfigError{"Servers", cfg.Servers, "at least one is needed"}
	case cfg.Key == uuid.Nil:
		return nil, &ConfigError{"Key", cfg.Key, "it must be the node's UUID"}
	case cfg.Endpoint == nil:
		return nil, &ConfigError{"Endpoint", "nil", "it must say what to publish"}
	case cfg.OnTuple == nil:
		return nil, &ConfigError{"OnTuple", "nil", "it must take what is heard"}
	case cfg.TTL < time.Second || cfg.TTL > 24*time.Hour:
		return nil, &ConfigError{"TTL", cfg.TTL, "it must be from 1 s to 24 h"}
	}
	c := &Client{cfg: cfg}
	seen := make(map[string]string)
	for _, s := range cfg.Servers {
		to, err := parseRemote(s, cfg.SecretKey)
		if err != nil {
			return nil, &ConfigError{"Servers", withoutKey(s), err.Error()}
		}
		_, key, _ := strings.Cut(s, "|")
		before, again := seen[to.address]
		if again && before != key {
			return nil, &ConfigError{"Servers", to.address, "is named twice, with different keys"}
		}
		if !again {
			seen[to.address] = key
			c.conns = append(c.conns, &clientConn{client: c, remote: to})
		}
	}
	var err error
	if c.zmq, err = zmq.Open(); err != nil {
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
		cc.start(ctx)
	}
	return c, nil
}

// settleTime is how long after a change of addresses the endpoint is asked for once
// more: routes follow addresses, and what Endpoint asks may remember for a moment.
const settleTime = 2 * time.Second

// follow publishes anew when the host's addresses have changed. It ends with the
// context that changes was made with.
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

// Servers tells how the client stands with its servers, in the order of the
// configuration.
func (c *Client) Servers() []ServerState {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := make([]ServerState, 0, len(c.conns))
	for _, cc := range c.conns {
		out = append(out, ServerState{
			Server: cc.address, Connected: cc.session.Ready(), Dialect: cc.session.Kind().String(), Published: cc.published,
			Tuples: cc.tuples, Refused: cc.session.Refused, Sessions: cc.session.Sessions,
		})
	}
	return out
}

// Close withdraws the tuple where that is possible, and ends the connections. It
// waits up to a quarter of a second for the withdrawal to leave, and for an OnTuple
// that is running, so OnTuple must not call it.
func (c *Client) Close() error {
	c.close.Do(func() {
		c.mu.Lock()
		for _, cc := range c.conns {
			cc.publish(cc.session.Kind(), true)
			cc.silence.Stop()
		}
		c.ended = true
		c.mu.Unlock()
		c.cancel()
		c.done.Wait()
		c.closed = c.zmq.Close()
	})
	return c.closed
}

// clientConn is the client's connection to one server. The client's mutex guards it.
type clientConn struct {
	client *Client
	remote
	dialer    *dialer
	session   *uplink.Session
	published string
	tuples    uint64
	heard     []Tuple // to be delivered when the mutex is free
	failed    string  // the reason why nothing is published, as logged
	silence   *time.Timer
}

// Times of a client's session, see uplink.Config.
const (
	pingInterval  = 400 * time.Millisecond
	calmInterval  = time.Second
	answerTimeout = 3 * time.Second
	probeAfter    = time.Second
	refreshCzmq   = 5 * time.Second
	refreshZre    = 50 * time.Second
)

// silenceLimit is how long a server leaves its client without an answer until the
// user is told: nothing else would show him a wrong address.
const silenceLimit = 3 * time.Second

func (cc *clientConn) start(ctx context.Context) {
	c := cc.client
	var id wire.ID
	_, _ = rand.Read(id[:]) // never fails
	cc.session = uplink.New(uplink.Config{
		Mark: wire.Mark{Role: wire.RoleNode, ID: id}, Key: keyOf(c.cfg.Key),
		PingInterval: pingInterval, CalmInterval: calmInterval, Timeout: answerTimeout, ProbeAfter: probeAfter,
		Refresh: uplink.Refresh{Czmq: refreshCzmq, Zre: refreshZre, Ours: c.cfg.TTL / 3},
	}, (*clientHandler)(cc))
	cc.dialer = newDialer(c.zmq, cc.remote, &c.mu, c.cfg.Logger)
	cc.dialer.session, cc.dialer.tick, cc.dialer.largest = cc, pingInterval, defaultMessageSize
	c.mu.Lock()
	cc.silence = time.AfterFunc(silenceLimit, cc.tellSilence)
	c.mu.Unlock()
	c.done.Go(func() { cc.dialer.run(ctx) })
}

func (cc *clientConn) tellSilence() {
	c := cc.client
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended || cc.session.Ready() {
		return
	}
	what := []any{"server", cc.address}
	if cc.dialer.failure != nil {
		what = append(what, "error", cc.dialer.failure)
	}
	if cc.curve == nil && c.cfg.SecretKey != "" {
		what = append(what, "hint", "one that uses CURVE needs |KEY behind its address")
	}
	c.cfg.Logger.Warn("gossip server does not answer; it is tried again and again", what...)
}

func (cc *clientConn) connected(now time.Time)    { cc.session.Connected(now) }
func (cc *clientConn) disconnected(now time.Time) { cc.session.Disconnected() }
func (cc *clientConn) tick(now time.Time)         { cc.session.Tick(now) }

func (cc *clientConn) receive(now time.Time, frames [][]byte) {
	if err := cc.session.Receive(now, frames); err != nil {
		cc.client.cfg.Logger.Debug("gossip message refused", "server", cc.address, "error", err)
	}
}

// settle delivers what was heard, without the mutex: OnTuple may take its time.
func (cc *clientConn) settle(time.Time) {
	if len(cc.heard) == 0 {
		return
	}
	c, heard := cc.client, cc.heard
	cc.heard = nil
	c.mu.Unlock()
	c.deliver.Lock()
	for _, t := range heard {
		c.cfg.OnTuple(t)
	}
	c.deliver.Unlock()
	c.mu.Lock()
}

// publish tells the server where the node is, or that it is no more.
func (cc *clientConn) publish(kind uplink.Kind, withdraw bool) {
	value := cc.published
	if !withdraw {
		value = cc.endpoint()
	}
	if value == "" || withdraw && kind == uplink.Czmq || !cc.session.Ready() {
		return
	}
	key, ttl := keyOf(cc.client.cfg.Key), uint32(0)
	switch kind {
	case uplink.Zre:
		key, ttl = string(cc.client.cfg.Key[:]), uplink.ZreTTL
	case uplink.Ours:
		ttl = uint32(cc.client.cfg.TTL.Milliseconds())
	}
	if withdraw {
		ttl = 1
	}
	cc.session.Publish(key, value, ttl)
	cc.published = value
}

// endpoint gives what to publish, empty if there is nothing.
func (cc *clientConn) endpoint() string {
	log := cc.client.cfg.Logger
	value, err := cc.client.cfg.Endpoint(cc.dialer.server)
	if err == nil {
		err = wire.CheckEndpoint(value)
	}
	if err == nil {
		cc.failed = ""
		return value
	}
	if cc.failed != err.Error() {
		cc.failed = err.Error()
		log.Warn("nothing to publish to gossip server", "server", cc.address, "error", err)
	}
	return ""
}

// clientHandler keeps the methods that the session calls apart.
type clientHandler clientConn

func (h *clientHandler) Send(frame []byte) {
	// A queue that is full, or a socket that is gone, is noticed by its silence.
	if err := h.dialer.send(frame); err != nil {
		h.client.cfg.Logger.Debug("gossip message not sent", "server", h.address, "error", err)
	}
}

func (h *clientHandler) Ready(kind uplink.Kind) {
	h.silence.Stop()
	h.client.cfg.Logger.Info("connected to gossip server", "server", h.address, "dialect", kind.String())
	(*clientConn)(h).publish(kind, false)
}

func (h *clientHandler) Lost() {
	if h.client.ended {
		return
	}
	h.silence.Reset(silenceLimit)
	h.client.cfg.Logger.Info("connection to gossip server lost", "server", h.address)
}

func (h *clientHandler) Publish(t uplink.Tuple) {
	h.tuples++
	err := wire.CheckEndpoint(t.Value)
	if err == nil && (len(t.Key) > defaultKeyLength || len(t.Value) > defaultValueLength) {
		err = errors.New("longer than a tuple of ZRE can be")
	}
	if err != nil {
		h.session.Refused++
		h.client.cfg.Logger.Debug("gossip tuple refused", "server", h.address, "error", err)
		return
	}
	if t.Key != keyOf(h.client.cfg.Key) {
		alive := t.TTL != time.Millisecond || h.session.Kind() != uplink.Ours
		h.heard = append(h.heard, tupleOf(t.Key, t.Value, t.TTL, alive))
	}
}

func (h *clientHandler) Probe() (key, value string, ok bool) {
	value = (*clientConn)(h).endpoint()
	return keyOf(h.client.cfg.Key), value, value != ""
}

func (h *clientHandler) Refresh(kind uplink.Kind) { (*clientConn)(h).publish(kind, false) }
func (h *clientHandler) Reopen(identity []byte)   { h.dialer.reopen(request{identity: identity}) }
func (h *clientHandler) Beats([]wire.Beat)        {}
func (h *clientHandler) Self()                    {}
