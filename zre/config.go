package zre

import (
	"log/slog"
	"net/netip"
	"time"

	"github.com/google/uuid"

	"github.com/gozre/zre/internal/hostname"
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
	DefaultCloseTimeout   = 5 * time.Second
	DefaultStallTimeout   = 10 * time.Second
	DefaultFirstPort      = 41000
	DefaultLastPort       = 41100
	DefaultSendWindow     = 4 << 20
	DefaultReceiveQueue   = 32 << 20
	DefaultMaxMessageSize = 256 << 20
	DefaultMaxPeers       = 4096
)

// Config is the configuration of a node. The zero value is a node with all defaults:
// it finds its peers on every network that the host is on. A value that is out of
// range is an error, a [*ConfigError]; it is never replaced by another value.
type Config struct {
	// Name is what peers see; up to 255 octets. Default: the first six
	// hexadecimal digits of the UUID.
	Name string
	// UUID identifies the node. Default: a random one.
	UUID uuid.UUID
	// Headers are sent to each peer in the HELLO. A key has 1 to 255 octets.
	Headers map[string]string

	// Groups are the groups that the node is in from the start. They are in its HELLO, so
	// that no peer sees it without them. See Node.Join.
	Groups []string

	Discovery Discovery // how nodes find each other
	Timing    Timing    // when a peer is silent, and when it is dead
	Limits    Limits    // ports and memory
	Security  Security  // keys

	// Contest are groups in which this node is a candidate for the leadership, whenever
	// it is in them. The members elect the candidate with the lowest UUID, again whenever
	// a node joins or the leader is gone, and each member gets a LEADER. The only
	// candidate becomes the leader too. Elections are an addition of zyre to RFC 36.
	// Members that use this implementation or zyre take part, as candidates or not.
	// Members of other implementations are left out after they have not answered once;
	// members of zyre wait for them for ever. A candidate must not be in a group with
	// gyre, which panics when it receives an ELECT.
	Contest []string

	// DiscardEvents says that the application never calls Next or Events. Events are
	// dropped instead of queued.
	DiscardEvents bool

	// ManualAck says that the application acknowledges messages by Node.Ack, after it has
	// handled them. Without it, a message is acknowledged when Next returns it, so that a
	// sender's Flush does not know whether the application could, for example, write the
	// message to a disk. While nothing is acknowledged, senders wait as soon as
	// Limits.SendWindow is in flight.
	ManualAck bool

	// Transport names what carries the messages: "zmtp", ZMTP 3.1 (ZeroMQ RFC 37)
	// over TCP, written in Go; "tcp", the same with TCP only; or "libzmq", ZMTP by libzmq, in
	// programs that were built with the tag libzmq. With zmtp, nodes of one process reach each
	// other in memory, and on Linux those of one host over a Unix domain socket, if the one that is
	// connected to has the same user, or is root's. With tcp, a packet capture shows all of it.
	// Default: zmtp.
	Transport string

	// Logger gets what happens inside the node, at debug level. Higher levels are for
	// faults of this host, connections to gossip servers, and nodes that are left out
	// because of their keys. Default: nothing is logged.
	Logger *slog.Logger

	apart  bool            // for tests: reach nodes of this process like those of another one
	lookup hostname.Lookup // for tests: nil is the system's
}

// Discovery says how nodes find each other.
type Discovery struct {
	// Interfaces are the network interfaces to be found on: names such as eth0, or
	// addresses of this host such as 192.168.1.20, of which only that address and its
	// network are used. One that is not there is waited for, see Node.Problems.
	// Default: all that are up, loopback included.
	Interfaces []string
	// Exclude are names of network interfaces that are not used, such as docker0. In a name,
	// * and ? stand for what is not given, as in br-*.
	Exclude []string

	// BeaconPort is the UDP port of the beacons. Default: 5670.
	BeaconPort int
	// BeaconPeriod is the time between two beacons, 10 ms or more. Default: 1 s.
	BeaconPeriod time.Duration
	// MulticastGroup is where beacons are sent to, in addition to the broadcast
	// addresses. Default: 225.25.25.25:5670 (with BeaconPort, if that is set).
	MulticastGroup netip.AddrPort
	// MulticastTTL is how many networks a multicast beacon may cross, 1 to 255.
	// Default: 1.
	MulticastTTL int
	// NoBeacon turns discovery by UDP off; see Gossip and Peers.
	NoBeacon bool

	// Gossip are zgossip servers through which peers are found: HOST:PORT or
	// tcp://HOST:PORT. The default port is 31337. If the server has a key, its public
	// key follows: HOST:PORT|KEY. A server that gets another key can be named with both.
	Gossip []string
	// GossipBind makes the node a zgossip server for others: tcp://IP:PORT, where
	// IP may be *. Such a node exchanges its tuples with the servers in Gossip.
	GossipBind string

	// Advertise is the endpoint that other nodes are to dial, tcp://IP:PORT, where that is
	// not the node's own address, as behind address translation (NAT).
	Advertise string
	// Peers are endpoints of nodes, tcp://HOST:PORT, to dial without discovery. HOST is an
	// IP address, or a name, which is looked up again while the node is not there. In a
	// secure network the public key of each follows: tcp://HOST:PORT|KEY. It must be a
	// trusted one. Without it, the key is the node's own.
	Peers []string
}

// Timing is the times of a node, each 10 ms or more.
type Timing struct {
	// QuietPeriod is how long a peer may be silent before it is sent PINGs (RFC 36,
	// "Heartbeating"). Default: 5 s, or three fifths of DeadPeriod if that is less.
	QuietPeriod time.Duration
	// QuietPingRate is the time between two such PINGs. Default: 1 s, or an eighth of DeadPeriod
	// if that is less.
	QuietPingRate time.Duration
	// DeadPeriod is how long a peer may send no message, not even a PING-OK, before it
	// counts as dead. Default: 30 s. More than QuietPeriod. One below 15 s holds for a peer whose
	// beacons do not come either; while they come it is 15 s, as TCP may need that on a line with
	// losses.
	DeadPeriod time.Duration
	// CloseTimeout bounds how long Close waits for peers to acknowledge what was
	// sent. Default: 5 s.
	CloseTimeout time.Duration
	// StallTimeout bounds how long Whisper, Shout, Flush and Ping wait while peers wait for
	// this node's application, and that takes no event. They look once a second. The time
	// does not count in which more and more of what was sent arrives at the system of the
	// peer that they wait for, where that is known: on Linux. An application that
	// may take no event for longer, and sends from another goroutine, needs more.
	// Default: 10 s.
	StallTimeout time.Duration
	// SlowPeer is how long Whisper and Shout wait for a peer that acknowledges nothing while
	// as much as Limits.SendWindow is in flight to it. After that they leave it out, with
	// ErrNotReading, until it acknowledges something. They look once a second. On a slow line
	// it takes long until messages have arrived: the time does not count in which more and
	// more of them arrives at the peer's system, 1 KiB a second or more, where that is known: on
	// Linux. A warning in the log names such a peer after 3 s in any case. Default: 0,
	// they wait until ctx ends. 10 ms or more.
	SlowPeer time.Duration
}

// Limits is the limits of ports and memory.
type Limits struct {
	// Ports is the range of TCP ports. The node listens on a random free one.
	// Default: 41000-41100.
	Ports PortRange

	// SendWindow bounds, in octets, what is in flight to one peer: sent, but not
	// yet acknowledged by the peer's application. A sender waits while it is full.
	// Each message counts 128 octets more than its size, and 64 for each frame after
	// the first. One message may exceed the window. Default: 4 MiB. At least 64 KiB.
	SendWindow int
	// ReceiveQueue bounds, in octets, what was received and not yet taken by Next. When
	// it is full the node reads no more, so that senders wait. Each event counts 256
	// octets more than its size, each frame 24, each header 64.
	// Default: 32 MiB. At least 64 KiB.
	ReceiveQueue int
	// MaxMessageSize bounds one frame, and all frames of one message together, in
	// octets. A message has 65,535 frames at most. The connection of a peer that sends
	// more is closed. What the messages take that are being received from all peers together
	// has the same bound, or 16 MiB if that is more: beyond it one at a time goes on, and the
	// others wait, in order. If less than 1 MiB of that one comes in 10 s, its connection is
	// closed; else that of the largest one of which nothing comes, of the host that has most.
	// Default: 256 MiB. At least 1 KiB.
	MaxMessageSize int64
	// MaxPeers bounds the number of peers. Further ones are ignored, and the log says so.
	// Each peer takes two file descriptors. Default: 4096, or as many as the limit of open
	// files allows. At most 1048576.
	MaxPeers int
}

// PortRange is an inclusive range of TCP ports.
type PortRange struct{ First, Last int }

// Security makes the node take part in a secure network.
type Security struct {
	// SecretKey is the node's own, 40 characters of Z85 (ZeroMQ RFC 32): see package
	// keys. All its connections to peers use CURVE (ZeroMQ RFC 26): messages are
	// encrypted, and each side proves that it has its key. Nodes without a key are left
	// out. As with zyre, the public key is in the beacon, in the header X-PUBLICKEY of
	// the HELLO, and behind the endpoint at gossip servers. The addresses and public keys
	// of nodes remain visible; names, groups and messages do not.
	SecretKey string
	// TrustedKeys are the public keys of the nodes to speak with, or keys.Any. Default:
	// the node's own key, for a network whose nodes share one; such nodes cannot be
	// distinguished by their key. Where each node has its own key, a UUID belongs to the
	// key of the first connection with it, until that peer is gone: Peer.PublicKey is
	// that key. See Node.SetTrustedKeys.
	TrustedKeys []string
}
