// Package settle decides when a node knows who is there: every node that has announced
// itself is ready, with its groups, or has proved unreachable.
//
//	Settling ── Look(View) ──▶ how long to wait for the next look; 0: settled
//
// It waits for, in this order:
//
//	listening   until the beacon of every node that is there has had time to come
//	gossip      until each server has sent its tuples, or has failed
//	handshakes  accepted connections that do not say yet whose they are
//	awaited     nodes that have announced themselves and are not ready
//	quiet       until for a short time nobody was announced, entered or changed groups
//
// All of it is bounded, whatever other nodes do: what is announced later than most after
// the listening ended belongs to the next call.
//
// It is pure: it has no clock, no goroutine and no lock. The time comes with each View.
package settle
