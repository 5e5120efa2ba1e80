// Package lan is a local network in memory, for tests of programs that use package zre. Its
// nodes have addresses of 10.36.0.0/16. Beacons go from each node to all, itself included, as
// broadcast does; connections go through a registry of the transport mem. Nothing reaches a
// socket, and the host's interfaces are not asked for.
//
//	Start(With(ctx, network), cfg)     a node on it, instead of the host's networks
//
// An Air is the place of one node for beacons. It has a goroutine that hands beacons to its
// node, and one that repeats its own; Close ends both and waits for them. Beacons that a node
// does not take fast enough are dropped, as UDP does.
package lan
