package zre

import (
	"fmt"
	"log/slog"
	"net/netip"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/gozre/zre/internal/curve"
	"github.com/gozre/zre/zre/internal/core"
)

// The defaults of Config. Ports, groups and times are those of RFC 36 and of the
// other implementations.
const (
	DefaultBeaconPort     = 5670
	DefaultMulticastGroup = "225.25.25.25:5670"
	DefaultMulticastTTL   = 1
	DefaultBeaconPeriod   = 1 * time.Second
	DefaultQuietPeriod    = 5 * time.Second
	DefaultQuietPingRate  = 1 * time.Second
	DefaultDeadPeriod     = 30 * time.Second
	DefaultFirstPort      = 41000
	DefaultLastPort       = 41100
	DefaultSendWindow     = 4 << 20
	DefaultReceiveQueue   = 32 << 20
	DefaultMaxMessageSize = 256 << 20
	DefaultMaxPeers       = 4096
	DefaultCloseTimeout   = 5 * time.Second
)

// PortRange is an inclusive range of TCP ports.
type PortRange struct{ First, Last int }

// Config says how a node is to be. The zero value is a node with all defaults:
// it finds its peers on every network that the host is on. Times are 10 ms or
// more. A value that is out of its range is an error, a [*ConfigError], never
// something else than was asked for.
type Config struct {
	// Name is what peers see; up to 255 octets. Default: the first six
	// hexadecimal digits of the UUID.
	Name string
	// UUID identifies the node. Default: a random one.
	UUID uuid.UUID
	// Headers are told to each peer in the HELLO. A key has 1 to 255 octets.
	Headers map[string]string

	// Interfaces are the names of the network interfaces to be found on.
	// Default: all that are up, loopback included.
	Interfaces []string
	// BeaconPort is the UDP port of the beacons. Default: 5670.
	BeaconPort int
	// MulticastGroup is where beacons are sent to besides the broadcast
	// addresses. Default: 225.25.25.25:5670 (with BeaconPort, if that is set).
	MulticastGroup netip.AddrPort
	// MulticastTTL is how many networks a multicast beacon may cross, 1 to 255.
	// Default: 1.
	MulticastTTL int
	// NoBeacon turns discovery by UDP off; see Gossip and Peers.
	NoBeacon bool

	// BeaconPeriod is the time between two beacons. Default: 1 s.
	BeaconPeriod time.Duration
	// QuietPeriod is how long a peer may go unheard before it is sent PINGs
	// (RFC 36, "Heartbeating"). Default: 5 s.
	QuietPeriod time.Duration
	// QuietPingRate is the time between two such PINGs. Default: 1 s.
	QuietPingRate time.Duration
	// DeadPeriod is how long a peer may go without any message, PING-OK
	// included, until it is taken for dead. Default: 30 s. More than QuietPeriod.
	DeadPeriod time.Duration

	// Ports are the TCP ports to pick a random free one of. Default: 41000-41100.
	Ports PortRange

	// Gossip are zgossip servers to find peers through: HOST:PORT or
	// tcp://HOST:PORT; the port is 31337 if it is left out.
	Gossip []string
	// GossipBind makes the node a zgossip server for others: tcp://IP:PORT, where
	// IP may be *. Such a node exchanges what it knows with the servers in Gossip.
	GossipBind string
	// Advertise is the endpoint to tell others, tcp://IP:PORT, where it is not the
	// node's own address, as behind address translation.
	Advertise string
	// Peers are endpoints of nodes, tcp://IP:PORT, to greet without discovery. In a
	// secure network the public key of each follows, as in tcp://IP:PORT|KEY, where it is
	// not the node's own; it has to be a trusted one.
	Peers []string

	// SecretKey has the node take part in a secure network: all its connections to
	// peers use CURVE (ZeroMQ RFC 26), by which messages are encrypted and each side
	// proves that it has its key; and it has nothing to do with nodes that do not. It has
	// 40 characters of Z85 (ZeroMQ RFC 32): see [NewCertificate]. The beacon then carries the
	// public key, the HELLO has it in the header X-PUBLICKEY, and gossip servers are told it
	// behind the endpoint, as by zyre. Who is where, and with which key, remains
	// visible; names, groups and messages do not.
	SecretKey string
	// TrustedKeys are the public keys of the nodes to speak with, or TrustAnyKey.
	// Default: the node's own key, for a network whose nodes share one. Nodes with one key
	// cannot be told apart by it. Where each has its own, a UUID belongs to the key that
	// was first to prove it, until that peer is gone: go by Peer.PublicKey where it matters who
	// somebody is. A trusted node can cut another one off for up to DeadPeriod, by connecting
	// with its UUID; it cannot speak for it.
	TrustedKeys []string

	// Contest are groups that this node stands for the leadership of, whenever it is
	// in them. Their members then agree on the one with the lowest UUID among those
	// that stand, anew whenever somebody joins or the leader is gone, and each gets
	// a LEADER. It is an addition of zyre to RFC 36. Members that use this
	// implementation or zyre take part whether they stand or not. Others are left out
	// when they have not answered once, and zyre's members then wait for them for ever.
	// A node that stands must not be in a group with gyre, which panics on the question.
	Contest []string

	// SendWindow bounds, in octets, what is under way to one peer: sent, but not
	// yet taken in by the peer's application. A sender waits while it is full.
	// Each message counts 128 octets besides its own, and 64 for each frame after
	// the first; one message may exceed it.
	// A node's memory for sending is at most SendWindow + one message for each
	// peer; a peer's memory for what this node sent it is bounded likewise.
	// Default: 4 MiB. At least 64 KiB.
	SendWindow int
	// ReceiveQueue bounds, in octets, what was received and not yet taken by
	// Next. When it is full the node reads no more, so that senders wait. Each
	// event counts 256 octets besides its own, each frame 24, each header 64. Default: 32 MiB. At least 64 KiB.
	ReceiveQueue int
	// MaxMessageSize bounds one frame, in octets. A peer that sends a larger one
	// is disconnected. Default: 256 MiB. At least 1 KiB.
	MaxMessageSize int64
	// MaxPeers bounds the number of peers; newcomers beyond it are ignored.
	// Default: 4096. At most 1048576.
	MaxPeers int
	// CloseTimeout bounds how long Close waits for peers to take in what was
	// sent. Default: 5 s.
	CloseTimeout time.Duration
	// DiscardEvents says that the application never calls Next or Events: what
	// comes in is dropped instead of queued.
	DiscardEvents bool

	// Logger gets what happens inside, all at debug level but for faults of this host,
	// for what befalls the connections to gossip servers, and for nodes that keys leave
	// out. Default: nothing is logged.
	Logger *slog.Logger

	tcpOnly bool // for tests: reach nodes of this process over TCP as well
}

// withDefaults returns the config with its zero fields filled in, or what is
// wrong with it.
func (c Config) withDefaults() (Config, error) {
	orDefault(&c.BeaconPort, DefaultBeaconPort)
	if !c.MulticastGroup.IsValid() {
		group := netip.MustParseAddrPort(DefaultMulticastGroup)
		c.MulticastGroup = netip.AddrPortFrom(group.Addr(), uint16(c.BeaconPort))
	}
	orDefault(&c.MulticastTTL, DefaultMulticastTTL)
	orDefault(&c.BeaconPeriod, DefaultBeaconPeriod)
	orDefault(&c.QuietPeriod, DefaultQuietPeriod)
	orDefault(&c.QuietPingRate, DefaultQuietPingRate)
	orDefault(&c.DeadPeriod, DefaultDeadPeriod)
	orDefault(&c.Ports, PortRange{DefaultFirstPort, DefaultLastPort})
	orDefault(&c.SendWindow, DefaultSendWindow)
	orDefault(&c.ReceiveQueue, DefaultReceiveQueue)
	orDefault(&c.MaxMessageSize, DefaultMaxMessageSize)
	orDefault(&c.MaxPeers, DefaultMaxPeers)
	orDefault(&c.CloseTimeout, DefaultCloseTimeout)
	if c.UUID == uuid.Nil {
		id, err := uuid.NewRandom()
		if err != nil {
			return c, fmt.Errorf("no random UUID: %w", err)
		}
		c.UUID = id
	}
	orDefault(&c.Name, c.UUID.String()[:6])
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c, c.check()
}

func orDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// check finds the first fault.
func (c *Config) check() error {
	for _, f := range []struct {
		name  string
		value int64
		min   int64
		max   int64
	}{
		{"BeaconPort", int64(c.BeaconPort), 1, 65535},
		{"MulticastTTL", int64(c.MulticastTTL), 1, 255},
		{"SendWindow", int64(c.SendWindow), 64 << 10, 1 << 40},
		{"ReceiveQueue", int64(c.ReceiveQueue), 64 << 10, 1 << 40},
		{"MaxMessageSize", c.MaxMessageSize, 1 << 10, 1 << 40},
		{"MaxPeers", int64(c.MaxPeers), 1, 1 << 20},
		{"Ports.First", int64(c.Ports.First), 1, 65535},
		{"Ports.Last", int64(c.Ports.Last), int64(c.Ports.First), 65535},
	} {
		if f.value < f.min || f.value > f.max {
			return &ConfigError{f.name, f.value, fmt.Sprintf("want %d to %d", f.min, f.max)}
		}
	}
	for _, f := range []struct {
		name  string
		value time.Duration
	}{
		{"BeaconPeriod", c.BeaconPeriod},
		{"QuietPeriod", c.QuietPeriod},
		{"QuietPingRate", c.QuietPingRate},
		{"DeadPeriod", c.DeadPeriod},
		{"CloseTimeout", c.CloseTimeout},
	} {
		if f.value < 10*time.Millisecond {
			return &ConfigError{f.name, f.value, "want 10ms or more"}
		}
	}
	if c.DeadPeriod <= c.QuietPeriod {
		return &ConfigError{"DeadPeriod", c.DeadPeriod, fmt.Sprintf("want more than QuietPeriod, which is %v", c.QuietPeriod)}
	}
	if len(c.Name) > 255 {
		return &ConfigError{"Name", c.Name[:32] + "...", fmt.Sprintf("has %d octets, want 255 or fewer", len(c.Name))}
	}
	for k := range c.Headers {
		if len(k) == 0 || len(k) > 255 {
			return &ConfigError{"Headers", k, "want keys of 1 to 255 octets"}
		}
	}
	for _, g := range c.Contest {
		if checkGroup(g) != nil {
			return &ConfigError{"Contest", g, "want groups of 1 to 255 octets"}
		}
	}
	if g := c.MulticastGroup.Addr(); !g.Is4() || !g.IsMulticast() {
		return &ConfigError{"MulticastGroup", c.MulticastGroup, "want an IPv4 multicast address, 224.0.0.0 to 239.255.255.255, and a port"}
	}
	if err := c.checkKeys(); err != nil {
		return err
	}
	return c.checkEndpoints()
}

func (c *Config) checkEndpoints() error {
	if c.Advertise != "" && !core.ValidEndpoint(c.Advertise) {
		return &ConfigError{"Advertise", c.Advertise, "want tcp://IP:PORT"}
	}
	for _, p := range c.Peers {
		endpoint, key, keyed := strings.Cut(p, "|")
		if !core.ValidEndpoint(endpoint) {
			return &ConfigError{"Peers", endpoint, "want tcp://IP:PORT"}
		}
		if err := c.checkKeyOf("Peers", endpoint, key); keyed && err != nil {
			return err
		}
	}
	for _, g := range c.Gossip {
		address, key, keyed := strings.Cut(g, "|")
		if strings.TrimPrefix(address, "tcp://") == "" {
			return &ConfigError{"Gossip", address, "want HOST:PORT or tcp://HOST:PORT"}
		}
		if err := c.checkKeyOf("Gossip", address, key); keyed && err != nil {
			return err
		}
	}
	return nil
}

// checkKeyOf checks the public key behind an address. It is not shown, as it might be
// a secret one by mistake.
func (c *Config) checkKeyOf(field, address, key string) error {
	if c.SecretKey == "" {
		return &ConfigError{field, address + "|…", "want SecretKey too, or no key here"}
	}
	if _, err := curve.Parse(key); err != nil {
		return &ConfigError{field, address + "|…", fmt.Sprintf("want ADDRESS|KEY: %v", err)}
	}
	return nil
}
