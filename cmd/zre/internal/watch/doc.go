// Package watch follows what one node knows of its network, for commands that show it: the
// peers, their groups, the rates and round trips of the node's own links, and events. Links
// between other nodes are not known to it.
//
//	Watcher   three goroutines, until its context ends: it takes events, measures round
//	          trips, and publishes snapshots
//	ledger    recent events, and messages as flows; bounded
//	meters    rates of the links; pure
//	trips     the last round trip to each peer
//	Snapshot  what is known at one time; never changed after it was published
//
// The node sends nothing but PINGs. They and their answers are not counted in the rates.
package watch
