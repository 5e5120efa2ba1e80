// Package uplink is the client's side of ZGP as a pure state machine: one
// connection to one gossip server, whichever dialect it speaks. It has no
// goroutine, no socket and no clock. The client in package zgossip uses it for a
// node, and the server for its connections to other servers.
//
//	       Connected
//	down ────────────▶ greeting: PING with our mark, HELLO, PING
//	 ▲                    │ PONG with a mark            ─▶ ready, Ours
//	 │                    │ two PONGs without           ─▶ ready, Czmq
//	 │ Disconnected,      │ a message of two frames     ─▶ ready, Zre (a node first
//	 │ or silence         │                                connects anew, see below)
//	 │                    │ nothing at all for a second ─▶ probe, and greet on
//	 └────────────────────┴── ready ◀──▶ fencing: INVALID came; PING, wait for its
//	                                    PONG, HELLO again, publish again
//
// # Which server is it
//
// The first PONG tells our server from czmq's: ours sends its mark back. From
// czmq's the second PONG shows that its tuples have all arrived, so that what it
// holds is not mistaken later for an echo of what we tell it. haskell-zre's server
// answers no PING, and says nothing at all while it is empty. A probe makes it
// speak: our own tuple under a textual key with a TTL of five seconds, and HELLO
// again; it answers with two frames, which is proof. Until there is proof no raw
// key is ever sent: zyre would take it for the name of a node that does not exist.
// A haskell-zre server forwards only to clients whose identity is a key, so the
// node then connects again with its UUID for identity. With all others it has
// none: a server that has not noticed the end of the old connection would ignore
// a new one with the same identity.
//
// # INVALID
//
// Several INVALIDs can be on their way, one for each tuple that the server would
// not take. An answer to each would make czmq's server refuse the HELLOs after the
// first, for ever. So the first is followed by a PING, the rest is ignored until
// its PONG has come, and then the session begins once.
package uplink
