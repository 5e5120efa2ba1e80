package cli

import (
	"net/netip"
	"time"

	"github.com/spf13/pflag"

	"github.com/gozre/zre/zre"
)

// GossipPort is the usual port of a gossip server.
const GossipPort = 31337

// NodeFlags are the flags that say how a node takes part in the network: all
// programs that start one share them. Make it with [NewNodeFlags].
type NodeFlags struct {
	name       string
	id         nodeID
	interfaces []string
	exclude    []string
	gossip     []string
	gossipBind string
	advertise  string
	peers      []string
	noBeacon   bool
	beaconPort port
	multicast  multicastGroup
	ttl        hops
	quiet      Seconds
	pingRate   Seconds
	dead       Seconds
	beacon     Seconds
	ports      portRange
	window     Size
	queue      Size
	headers    headers
	contest    []string
	settle     Bound
	slowPeer   Bound
	transport  string
	metrics    string
	keys       KeyFlags
}

// NewNodeFlags returns the flags with their defaults, which are the library's.
func NewNodeFlags() *NodeFlags {
	return &NodeFlags{
		beaconPort: zre.DefaultBeaconPort,
		multicast:  multicastGroup(netip.MustParseAddrPort(zre.DefaultMulticastGroup)),
		ttl:        zre.DefaultMulticastTTL,
		quiet:      Seconds(zre.DefaultQuietPeriod),
		pingRate:   Seconds(zre.DefaultQuietPingRate),
		dead:       Seconds(zre.DefaultDeadPeriod),
		beacon:     Seconds(zre.DefaultBeaconPeriod),
		ports:      portRange{zre.DefaultFirstPort, zre.DefaultLastPort},
		window:     zre.DefaultSendWindow,
		queue:      zre.DefaultReceiveQueue,
		settle:     defaultSettle,
		headers:    headers{},
	}
}

// LeaveOutSlow sets the default of --slow-peer.
func (f *NodeFlags) LeaveOutSlow(after time.Duration) { f.slowPeer = Bound(after) }

// Register adds the flags to a set. A flag that is there already keeps its letter.
func (f *NodeFlags) Register(fs *pflag.FlagSet) {
	free := func(letter string) string {
		if fs.ShorthandLookup(letter) != nil {
			return ""
		}
		return letter
	}
	fs.StringVarP(&f.name, "name", free("n"), "", "`NAME` of this node (default: the first six digits of its UUID)")
	fs.Var(&f.id, "id", "UUID of this node (default: a new one at each start)")
	fs.VarP(words{&f.interfaces, "INTERFACE"}, "interface", free("i"), "use this network interface only, or the one with this address; may be repeated (default: all)")
	fs.Var(words{&f.exclude, "INTERFACE"}, "exclude", "do not use this network interface, or those of a pattern such as 'br-*'; may be repeated")
	fs.VarP(endpoints{&f.gossip, GossipPort, "HOST:PORT"}, "gossip", free("g"), "learn peers from this gossip server (one with a key: HOST:PORT|KEY, or a file with the key in place of it); may be repeated")
	fs.Var(endpoint{&f.gossipBind}, "gossip-bind", "be a gossip server too, on this address")
	fs.Var(endpoint{&f.advertise}, "advertise", "the address that others are to connect to, where it is not our own (behind NAT)")
	fs.Var(endpoints{&f.peers, 0, "HOST:PORT"}, "peer", "connect to the peer at this address (with --trust: HOST:PORT|KEY, or a file with the key); may be repeated")
	fs.BoolVar(&f.noBeacon, "no-beacon", false, "neither send beacons nor listen for them")
	fs.Var(&f.beaconPort, "beacon-port", "UDP port of the beacons")
	fs.VarP(&f.multicast, "multicast-group", free("m"), "multicast group of the beacons")
	fs.Var(&f.ttl, "multicast-ttl", "how many networks a multicast beacon may cross")
	fs.VarP(&f.beacon, "beacon-period", free("b"), "send a beacon this often")
	fs.VarP(&f.quiet, "quiet-period", free("q"), "PING a peer that has been silent for this long; three fifths of --dead-period if that is less")
	fs.VarP(&f.pingRate, "quiet-ping-rate", free("p"), "PING a silent peer this often; an eighth of --dead-period if that is less")
	fs.VarP(&f.dead, "dead-period", free("d"), "remove a silent peer after this long")
	fs.Var(&f.ports, "port-range", "TCP ports to choose from for receiving")
	fs.Var(&f.window, "send-window", "how much may be in flight to a peer before senders wait")
	fs.Var(&f.queue, "receive-queue", "how much may be received and not yet used before peers wait")
	fs.Var(&f.settle, "settle", "wait this long at most, before sending, until everybody who is there is reached; 0: send to those who are known")
	fs.Var(&f.slowPeer, "slow-peer", "leave out a peer that acknowledges nothing for this long while its window is full; 0: wait for it")
	fs.StringVar(&f.transport, "transport", "", "`NAME` of the transport: zmtp, tcp (TCP also within this host), or libzmq where it is built in (default zmtp)")
	MetricsFlag(fs, &f.metrics)
	f.keys.Register(fs, "speak with nodes over CURVE only", "nodes")
	fs.Var(f.headers, "header", "a header that is sent to each peer; may be repeated")
	fs.Var(words{&f.contest, "GROUP"}, "contest", "be a candidate for the leadership of this group when in it (not with gyre in it); may be repeated")
}
