package zgossip

import (
	"log/slog"
	"net/netip"
	"time"

	"github.com/gozre/zre/internal/gossip/hub"
	"github.com/gozre/zre/internal/gossip/store"
	"github.com/gozre/zre/internal/gossip/wire"
	"github.com/gozre/zre/internal/transport/choose"
)

// Defaults of a server's limits.
const (
	defaultMessageSize     = 64 << 10 // a table of 1000 servers takes 28 KiB
	defaultKeyLength       = 64
	defaultValueLength     = 128 // an IPv6 endpoint with a public key takes 95
	defaultClients         = 4096
	defaultTuples          = 65536
	defaultTuplesPerClient = 16384 // a czmq server is one client, and passes on all its tuples
	defaultSendQueue       = 64 << 10
	defaultIdle            = 5 * time.Second
	defaultGrace           = 3 * time.Second
	defaultSlow            = 5 * time.Second
)

// ServerConfig is the configuration of a server. The zero value is a server on all interfaces,
// port 31337.
type ServerConfig struct {
	// Transport carries the messages: "zmtp" (ZMTP over TCP, in Go; on Linux, over a Unix domain
	// socket between processes of one host and user), which is the default; "tcp" (TCP only);
	// "libzmq" (the same by libzmq, if the program was built with it); or "mem", which
	// connects only clients and servers of this process, at addresses that nobody else
	// sees.
	Transport string
	// Listen are the addresses to listen at: tcp://IP:PORT, with * for all interfaces or
	// for any free port. Default: tcp://*:31337.
	Listen []string
	// Connect are other servers to exchange tuples with, in the form of ParseServer. The
	// public key of a server that uses CURVE follows behind a |; one that is named with several
	// keys has one of them. One of two servers has to
	// name the other; both may, and rings are allowed.
	Connect []string

	// SecretKey makes the server accept clients, other servers among them, over CURVE
	// (ZeroMQ RFC 26) only. It has 40 characters of Z85. It is also needed for servers in
	// Connect with a public key. Those without one are connected to without encryption. See
	// Server.Reconfigure.
	SecretKey string
	// TrustedKeys are the public keys of clients that may connect, "*" for all. Default:
	// the server's own. See Server.SetTrustedKeys.
	TrustedKeys []string

	// MaxMessageSize bounds a message, in octets. The connection of a client that sends a
	// larger one is closed. Default 64 KiB; 1 KiB to 1 GiB.
	MaxMessageSize int64
	// MaxClients bounds the clients; default 4096, at most 1048576. Further connections
	// are closed.
	MaxClients int
	// MaxTuples and MaxTuplesPerClient bound the tuples; defaults 65536 and 16384, at
	// most 16777216. Tuples beyond them are refused.
	MaxTuples, MaxTuplesPerClient int
	// MaxKeyLength and MaxValueLength bound a tuple, in octets; defaults 64 and 128,
	// least 32 and 24, at most 255 and 4096. Longer ones are refused.
	MaxKeyLength, MaxValueLength int
	// SendQueue is how many octets may wait for a client that does not read, besides what
	// the system buffers. Default 64 KiB; 4 KiB to 1 GiB. Beyond it nothing is queued: the
	// client gets the latest tuples when it reads again. One message may exceed it.
	SendQueue int

	// IdleTimeout is the silence after which a client that sends PINGs is closed. Its
	// tuples end at once. Default 5 s; 2 s to 1 h.
	IdleTimeout time.Duration
	// Grace is how long tuples outlive the connection of their publisher. Default 3 s;
	// 10 ms to 1 h.
	Grace time.Duration
	// SlowTimeout is how long nothing may leave the full queue of a client before its
	// connection is closed. Default 5 s; 100 ms to 1 h.
	SlowTimeout time.Duration

	// OnTuple, if set, is called for every tuple that this process has not published
	// itself, and for its end. The calls come from one goroutine.
	OnTuple func(Tuple)
	// Logger gets what happens. Default: nothing is logged.
	Logger *slog.Logger

	listen  []netip.AddrPort // Listen, parsed
	remotes []remote         // Connect, parsed
}

// DefaultServerConfig returns the configuration that the zero value stands for.
func DefaultServerConfig() ServerConfig {
	c, _ := ServerConfig{}.withDefaults() // A test shows that the defaults are valid.
	return c
}

// withDefaults returns the configuration with its defaults, and with parsed addresses.
func (c ServerConfig) withDefaults() (ServerConfig, error) {
	if len(c.Listen) == 0 {
		c.Listen = []string{"tcp://*:31337"}
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	for _, n := range []struct {
		name            string
		value           *int
		def, least, max int
	}{
		{"MaxClients", &c.MaxClients, defaultClients, 1, 1 << 20},
		{"MaxTuples", &c.MaxTuples, defaultTuples, 1, 1 << 24},
		{"MaxTuplesPerClient", &c.MaxTuplesPerClient, defaultTuplesPerClient, 1, 1 << 24},
		{"MaxKeyLength", &c.MaxKeyLength, defaultKeyLength, 32, 255},
		{"MaxValueLength", &c.MaxValueLength, defaultValueLength, 24, 4096},
		{"SendQueue", &c.SendQueue, defaultSendQueue, 4 << 10, 1 << 30},
	} {
		if *n.value == 0 {
			*n.value = n.def
		}
		if *n.value < n.least || *n.value > n.max {
			return c, &ConfigError{n.name, *n.value, between(n.least, n.max)}
		}
	}
	for _, d := range []struct {
		name            string
		value           *time.Duration
		def, least, max time.Duration
	}{
		{"IdleTimeout", &c.IdleTimeout, defaultIdle, 2 * time.Second, time.Hour},
		{"Grace", &c.Grace, defaultGrace, 10 * time.Millisecond, time.Hour},
		{"SlowTimeout", &c.SlowTimeout, defaultSlow, 100 * time.Millisecond, time.Hour},
	} {
		if *d.value == 0 {
			*d.value = d.def
		}
		if *d.value < d.least || *d.value > d.max {
			return c, &ConfigError{d.name, *d.value, between(d.least, d.max)}
		}
	}
	if c.MaxMessageSize == 0 {
		c.MaxMessageSize = defaultMessageSize
	}
	if c.MaxMessageSize < 1<<10 || c.MaxMessageSize > 1<<30 {
		return c, &ConfigError{"MaxMessageSize", c.MaxMessageSize, between(1<<10, 1<<30)}
	}
	return c.withAddresses()
}

func (c ServerConfig) withAddresses() (ServerConfig, error) {
	if err := choose.Check(c.Transport); err != nil {
		return c, &ConfigError{"Transport", c.Transport, err.Error()}
	}
	for _, s := range c.Listen {
		addr, err := parseListen(s)
		if err != nil {
			return c, &ConfigError{"Listen", s, err.Error()}
		}
		c.listen = append(c.listen, addr)
	}
	var err error
	if c.remotes, err = parseRemotes("Connect", c.Connect, c.SecretKey); err != nil {
		return c, err
	}
	if c.SecretKey == "" && len(c.TrustedKeys) > 0 {
		const reason = "want SecretKey too: without it all may connect"
		return c, &ConfigError{"TrustedKeys", "(hidden)", reason}
	}
	return c, nil
}

// hub is the part of the configuration that the protocol needs.
func (c *ServerConfig) hub(id wire.ID) hub.Config {
	return hub.Config{
		ID: id,
		Store: store.Config{
			Grace: c.Grace, OriginTTL: originTTL, TombstoneTTL: tombstoneTTL,
			HistoryWindow: historyWindow, FlapLimit: flapLimit,
			MaxTuples: c.MaxTuples, MaxPerSource: c.MaxTuplesPerClient,
			MaxOrigins: maxOrigins, MaxOriginsPerSource: maxOriginsPerClient,
		},
		MaxClients: c.MaxClients, MaxKey: c.MaxKeyLength, MaxValue: c.MaxValueLength,
		SendQueue: c.SendQueue, IdleTimeout: c.IdleTimeout, SlowTimeout: c.SlowTimeout,
		BeatInterval: beatInterval, HelloDelay: helloDelay,
		PingInterval: pingInterval, CalmInterval: calmInterval,
		LinkTimeout: answerTimeout, LinkProbeAfter: probeAfter,
		Log: c.Logger,
	}
}
