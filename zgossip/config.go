package zgossip

import (
	"log/slog"
	"time"
)

// Defaults of a server's limits.
const (
	defaultMessageSize     = 64 << 10 // a table of 1000 servers takes 28 KiB
	defaultKeyLength       = 64
	defaultValueLength     = 128 // an IPv6 endpoint with a public key takes 95
	defaultClients         = 4096
	defaultTuples          = 65536
	defaultTuplesPerClient = 16384 // a czmq server is one client, and hands on all that it knows
	defaultSendQueue       = 1000
	defaultIdle            = 5 * time.Second
	defaultGrace           = 3 * time.Second
	defaultSlow            = 5 * time.Second
)

// ServerConfig is the configuration of a server. Its zero value is a server on all
// interfaces, port 31337, with sane limits.
type ServerConfig struct {
	// Listen are the endpoints to bind: tcp://IP:PORT, or * for all interfaces or any
	// free port. Default: tcp://*:31337.
	Listen []string
	// Connect are other servers to exchange tuples with, as ParseServer reads them; for
	// one that uses CURVE with | and its public key behind.
	// One of two servers needs to name the other; both may, and rings are welcome.
	Connect []string

	// SecretKey has the server serve its clients, other servers among them, over
	// CURVE (ZeroMQ RFC 26) only: 40 characters of Z85. It is also what Connect
	// needs for such servers; those without a key behind their address are spoken to in
	// plain text all the same.
	SecretKey string
	// TrustedKeys are the public keys of clients that may connect, "*" for all.
	// Default: the server's own.
	TrustedKeys []string

	// MaxMessageSize bounds a message, in octets; libzmq ends the connection of a
	// client that sends a larger one. Default 64 KiB; 1 KiB to 1 GiB.
	MaxMessageSize int64
	// MaxClients bounds the clients; default 4096, at most 1048576. Others are
	// ignored.
	MaxClients int
	// MaxTuples and MaxTuplesPerClient bound the tuples; defaults 65536 and 16384, at
	// most 16777216. Tuples beyond them are refused.
	MaxTuples, MaxTuplesPerClient int
	// MaxKeyLength and MaxValueLength bound a tuple, in octets; defaults 64 and 128,
	// least 32 and 24, at most 255 and 4096. Longer ones are refused.
	MaxKeyLength, MaxValueLength int
	// SendQueue is how many messages may wait in libzmq for a client that does not
	// read; default 1000, 10 to 1048576. Beyond it nothing is queued: the client
	// keeps its place.
	SendQueue int

	// IdleTimeout is the silence after which a client that sends PINGs is gone, with
	// its tuples. Default 5 s; 2 s to 1 h.
	IdleTimeout time.Duration
	// Grace is how long tuples outlive the connection of their publisher. Default 3 s;
	// 10 ms to 1 h.
	Grace time.Duration
	// SlowTimeout is how long a client may take nothing before it is cut off. Default
	// 5 s; 100 ms to 1 h.
	SlowTimeout time.Duration

	// OnTuple, if set, is told of every tuple that was not published by this process,
	// and of its end. Calls come from one goroutine.
	OnTuple func(Tuple)
	// Logger is for what happens; default: nowhere.
	Logger *slog.Logger

	remotes []remote // Connect, parsed
}

// DefaultServerConfig gives the configuration that the zero value stands for.
func DefaultServerConfig() ServerConfig {
	c, _ := ServerConfig{}.withDefaults() // the defaults are sound, as a test shows
	return c
}

// withDefaults gives the configuration with what was left out filled in, and with
// the addresses in their full form.
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
		{"SendQueue", &c.SendQueue, defaultSendQueue, 10, 1 << 20},
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
	listen := make([]string, 0, len(c.Listen))
	for _, s := range c.Listen {
		addr, err := parseListen(s)
		if err != nil {
			return c, &ConfigError{"Listen", s, err.Error()}
		}
		listen = append(listen, addr)
	}
	c.Listen = listen
	for _, s := range c.Connect {
		to, err := parseRemote(s, c.SecretKey)
		if err != nil {
			return c, &ConfigError{"Connect", withoutKey(s), err.Error()}
		}
		c.remotes = append(c.remotes, to)
	}
	if c.SecretKey == "" && len(c.TrustedKeys) > 0 {
		return c, &ConfigError{"TrustedKeys", "(hidden)", "want SecretKey too: without it everybody may connect"}
	}
	return c, nil
}
