package zre

import (
	"fmt"

	"github.com/gozre/zre/internal/beacon"
	"github.com/gozre/zre/internal/netif"
	"github.com/gozre/zre/internal/transport"
	"github.com/gozre/zre/internal/transport/choose"
	"github.com/gozre/zre/internal/transport/mem"
	"github.com/gozre/zre/zre/internal/discovery"
	"github.com/gozre/zre/zre/internal/host"
)

// What a node needs of the network comes from the host, or from a network in memory, which
// package zretest puts into the context of Start.

// newHost returns the addresses of the node.
func (n *Node) newHost() (*host.Host, error) {
	if n.network == nil {
		h, err := host.New(n.cfg.Discovery.choice())
		if err != nil {
			return nil, fmt.Errorf("start: %w", err)
		}
		return h, nil
	}
	if d := &n.cfg.Discovery; len(d.Gossip) > 0 || d.GossipBind != "" {
		return nil, &ConfigError{"Discovery.Gossip", append(d.Gossip, d.GossipBind),
			"a network of package zretest has no gossip servers"}
	}
	return host.Fixed(n.network.Interface()), nil
}

// choice is which interfaces have to be followed.
func (n *Node) choice() netif.Choice {
	if n.network != nil {
		return netif.Choice{}
	}
	return n.cfg.Discovery.choice()
}

// newTransport returns what carries messages.
func (n *Node) newTransport(cfg transport.Config) (transport.Transport, error) {
	if n.network != nil {
		return mem.New(cfg, n.network.Registry())
	}
	outer, err := choose.New(n.cfg.Transport, cfg)
	if err != nil || n.cfg.Transport == choose.TCP {
		return outer, err
	}
	return mem.Beside(cfg, mem.Process, outer), nil
}

// openBeacons returns what opens the beacons of a network in memory, nil for the host's.
func (n *Node) openBeacons() func(int, beacon.Handler) discovery.Beacons {
	if n.network == nil {
		return nil
	}
	return func(port int, h beacon.Handler) discovery.Beacons {
		return n.network.Open(n.host.First(), port, h)
	}
}
