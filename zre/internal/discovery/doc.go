// Package discovery finds other nodes and lets this one be found: by beacons on the
// local networks (RFC 36, "Discovery"), and by gossip servers. What it hears goes to
// a Sink, after nodes that do not belong to the network were left out.
//
//	beacon.Conn ────┐
//	zgossip.Client ─┼─ trust ──▶ Sink: Beacon, BeaconRefused, Discovered
//	zgossip.Server ─┘
//
// A Discovery belongs to the node that started it, whose goroutine starts and closes
// it. It has one goroutine of its own, which follows the addresses of this host.
package discovery
