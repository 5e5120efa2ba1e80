package cli

import (
	"net"
	"net/netip"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// GossipPort is the port a gossip server listens on by convention.
const GossipPort = 31337

// NodeFlags are the flags that say how a node takes part in the network: all
// programs that start one share them. Make it with [NewNodeFlags].
type NodeFlags struct {
	name       string
	interfaces []string
	gossip     []string
	gossipBind string
	advertise  string
	peers      []string
	noBeacon   bool
	beaconPort port
	multicast  multicastGroup
	ttl        int
	quiet      Seconds
	pingRate   Seconds
	dead       Seconds
	beacon     Seconds
	ports      portRange
	headers    headers
}

// The defaults that help and zre.conf name are those of the library.
const (
	defaultBeacon   = Seconds(time.Second)
	defaultQuiet    = Seconds(5 * time.Second)
	defaultPingRate = Seconds(time.Second)
	defaultDead     = Seconds(30 * time.Second)
)

// NewNodeFlags returns the flags with their defaults.
func NewNodeFlags() *NodeFlags {
	return &NodeFlags{
		beaconPort: 5670,
		multicast:  multicastGroup(netip.MustParseAddrPort("225.25.25.25:5670")),
		ttl:        1,
		quiet:      defaultQuiet,
		pingRate:   defaultPingRate,
		dead:       defaultDead,
		beacon:     defaultBeacon,
		ports:      portRange{41000, 41100},
		headers:    headers{},
	}
}

// Register adds the flags to a set.
func (f *NodeFlags) Register(fs *pflag.FlagSet) {
	fs.StringVarP(&f.name, "name", "n", "", "`NAME` of this node (default: the first six digits of its UUID)")
	fs.VarP(words{&f.interfaces, "INTERFACE"}, "interface", "i", "use this network interface only; may be repeated (default: all)")
	fs.VarP(endpoints{&f.gossip, GossipPort}, "gossip", "g", "learn peers from this gossip server; may be repeated")
	fs.Var(endpoint{&f.gossipBind}, "gossip-bind", "be a gossip server too, on this address")
	fs.Var(endpoint{&f.advertise}, "advertise", "tell others that we are reached at this address (behind NAT)")
	fs.Var(endpoints{&f.peers, 0}, "peer", "connect to the peer at this address; may be repeated")
	fs.BoolVar(&f.noBeacon, "no-beacon", false, "neither send beacons nor listen for them")
	fs.Var(&f.beaconPort, "beacon-port", "UDP port of the beacons")
	fs.VarP(&f.multicast, "multicast-group", "m", "multicast group of the beacons")
	fs.IntVar(&f.ttl, "multicast-ttl", f.ttl, "how many `HOPS` a multicast beacon may go (1: this network)")
	fs.VarP(&f.beacon, "beacon-period", "b", "send a beacon this often")
	fs.VarP(&f.quiet, "quiet-period", "q", "PING a peer that has been silent for this long")
	fs.VarP(&f.pingRate, "quiet-ping-rate", "p", "PING a silent peer this often")
	fs.VarP(&f.dead, "dead-period", "d", "give a silent peer up after this long")
	fs.Var(&f.ports, "port-range", "TCP ports to choose from for receiving")
	fs.Var(f.headers, "header", "a header that peers are told; may be repeated")
}

// complete adds what the shell's completion cannot know by itself.
func (f *NodeFlags) complete(cmd *cobra.Command) error {
	for _, name := range []string{"name", "gossip", "gossip-bind", "advertise", "peer", "header", "multicast-group", "port-range"} {
		if err := cmd.RegisterFlagCompletionFunc(name, cobra.NoFileCompletions); err != nil {
			return err
		}
	}
	return cmd.RegisterFlagCompletionFunc("interface", func(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
		var names []cobra.Completion
		interfaces, err := net.Interfaces()
		if err != nil {
			return nil, cobra.ShellCompDirectiveError
		}
		for _, i := range interfaces {
			names = append(names, i.Name)
		}
		return names, cobra.ShellCompDirectiveNoFileComp
	})
}
