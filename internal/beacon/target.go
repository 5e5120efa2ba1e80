package beacon

import (
	"net/netip"
	"slices"

	"github.com/gozre/zre/internal/netif"
)

// A target is one datagram of each beacon: where it goes, by which interface
// and from which of its addresses.
type target struct {
	name    string
	ifindex int
	src     netip.Addr
	dst     netip.AddrPort
}

// targetsOf lists the datagrams that make up one beacon.
//
// Each network of an interface gets its own, from the address in it: the
// receivers take the source for the sender's address, and some drop what does
// not come from their own network. Several addresses in one network count
// once, so that a host with many does not multiply its beacons; so do the
// single-address networks of virtual services, which have no neighbours, when
// the interface has a proper network too.
func targetsOf(interfaces []netif.Interface, s settings) []target {
	var targets []target
	for _, ifi := range interfaces {
		for _, prefix := range networksOf(ifi) {
			t := target{name: ifi.Name, ifindex: ifi.Index, src: prefix.Addr()}
			if broadcast, ok := netif.Broadcast(prefix); ok {
				t.dst = netip.AddrPortFrom(broadcast, s.port)
				targets = append(targets, t)
			}
			for _, group := range s.groups {
				t.dst = group
				targets = append(targets, t)
			}
		}
	}
	return targets
}

// networksOf gives one prefix for each network of the interface that others
// can be in, or else its first one.
func networksOf(ifi netif.Interface) []netip.Prefix {
	var networks []netip.Prefix
	for _, prefix := range ifi.Prefixes {
		same := func(o netip.Prefix) bool { return o.Masked() == prefix.Masked() }
		if prefix.Bits() < 32 && !slices.ContainsFunc(networks, same) {
			networks = append(networks, prefix)
		}
	}
	if len(networks) == 0 {
		return ifi.Prefixes[:min(1, len(ifi.Prefixes))]
	}
	return networks
}
