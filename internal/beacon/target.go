package beacon

import (
	"net"
	"net/netip"
	"slices"

	"github.com/gozre/zre/internal/netif"
)

// A target is one datagram of a beacon: where it goes, by which interface and
// from which of its addresses.
type target struct {
	name    string
	ifindex int
	src     netip.Addr // with its zone, if it is link-local
	dst     netip.AddrPort
	// One of turns targets that differ in their source: it is in every turns-th
	// beacon of a Conn, beginning with the turn-th.
	turn, turns int
}

// targetsOf lists the datagrams that make up the beacons.
//
// Each IPv4 network of an interface has its broadcast, from the address in it:
// the receivers take the source for the sender's address, and some drop what does
// not come from their own network. A group gets one datagram on each interface,
// as all that listen there hear it; its source changes from beacon to beacon, so
// that each network is used in its turn.
func targetsOf(interfaces []netif.Interface, s settings) []target {
	var targets []target
	for _, family := range s.families {
		for _, ifi := range interfaces {
			if ifi.Loopback() && !s.usesLoopback(family, ifi) {
				continue
			}
			if family == IPv4 {
				targets = append(targets, broadcastsOf(ifi, s.port)...)
			}
			for _, group := range s.groups {
				if familyOf(group.Addr()) != family {
					continue
				}
				for _, t := range groupTargets(ifi, group) {
					// Several groups may become one on loopback (loopback.go).
					if !ifi.Loopback() || !slices.Contains(targets, t) {
						targets = append(targets, t)
					}
				}
			}
		}
	}
	return targets
}

// broadcastsOf gives each broadcast address of the interface once, though many
// addresses are in one network, or networks overlap.
func broadcastsOf(ifi netif.Interface, port uint16) []target {
	var targets []target
	for _, prefix := range networksOf(ifi.Prefixes) {
		broadcast, ok := netif.Broadcast(prefix)
		if !ok {
			continue
		}
		dst := netip.AddrPortFrom(broadcast, port)
		if !slices.ContainsFunc(targets, func(t target) bool { return t.dst == dst }) {
			targets = append(targets, target{
				name: ifi.Name, ifindex: ifi.Index, src: prefix.Addr(), dst: dst, turns: 1,
			})
		}
	}
	return targets
}

// groupTargets gives the datagram to a group, from each of its sources in turn.
func groupTargets(ifi netif.Interface, group netip.AddrPort) []target {
	var targets []target
	sources := networksOf(sourcesFor(group.Addr(), familyOf(group.Addr()).prefixes(ifi)))
	for turn, prefix := range sources {
		targets = append(targets, target{
			name: ifi.Name, ifindex: ifi.Index,
			src: ifi.Zoned(prefix.Addr()), dst: group,
			turn: turn, turns: len(sources),
		})
	}
	if ifi.Loopback() && ifi.Flags&net.FlagMulticast == 0 && familyOf(group.Addr()) == IPv6 {
		return onLoopback(targets)
	}
	return targets
}

// sourcesFor keeps the addresses from which a group is sent to. What stays on the
// link comes from a link-local address, if there is one: every receiver there can
// answer that, in whatever networks it is otherwise. What may be routed comes from
// another.
func sourcesFor(group netip.Addr, prefixes []netip.Prefix) []netip.Prefix {
	if group.Is4() {
		return prefixes
	}
	stays := group.IsLinkLocalMulticast() || group.IsInterfaceLocalMulticast()
	var kept []netip.Prefix
	for _, prefix := range prefixes {
		if prefix.Addr().IsLinkLocalUnicast() == stays {
			kept = append(kept, prefix)
		}
	}
	if len(kept) == 0 {
		return prefixes
	}
	return kept
}

// networksOf gives one prefix for each network that others can be in, so that a
// host with many addresses in one network does not multiply its beacons. The
// single-address networks of virtual services have no neighbours; one of them
// counts where there is nothing else.
func networksOf(prefixes []netip.Prefix) []netip.Prefix {
	var networks []netip.Prefix
	for _, prefix := range prefixes {
		same := func(o netip.Prefix) bool { return o.Masked() == prefix.Masked() }
		if !prefix.IsSingleIP() && !slices.ContainsFunc(networks, same) {
			networks = append(networks, prefix)
		}
	}
	if len(networks) == 0 {
		return prefixes[:min(1, len(prefixes))]
	}
	return networks
}
