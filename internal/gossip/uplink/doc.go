// Package uplink is the client's side of ZGP as a state machine: one connection to one
// gossip server, of any implementation. It is pure: it has no goroutine, no socket and no
// clock. Package zgossip uses it for the client of a node, and package hub for the links of
// a server to other servers.
//
//	       Connected
//	down ────────────▶ greeting: PING with our mark, HELLO, PING
//	 ▲                    │ PONG with a mark          ─▶ ready, Ours
//	 │ Disconnected,      │ two PONGs without one     ─▶ ready, Czmq
//	 │ or silence         │ a message of two frames   ─▶ ready, Zre (a node connects
//	 │                    │                              again first, see below)
//	 │                    │ nothing for a second      ─▶ probe, and greeting again
//	 └────────────────────┴── ready ◀──▶ fencing: INVALID received; PING, and after its
//	                                    PONG: HELLO, publish again
//
// # Which server is it
//
// The first PONG tells a server of ours from czmq's: ours puts its mark behind it. The
// second PONG of czmq's server shows that all its tuples have arrived, so that they are not
// mistaken for echoes of our own later.
//
// haskell-zre's server sends two frames: the identity of the receiver and the message.
// Newer versions answer PINGs like that; version 0.1.4 and older ones do not, and send
// nothing at all while they have no tuple. A probe makes them send something: our own tuple
// with a textual key and a TTL of five seconds, and HELLO again. Until two frames have
// arrived no raw key is sent, because zyre takes it for the name of a node that does not
// exist.
//
// A haskell-zre server forwards only to clients whose identity is a key, so the node then
// connects again with its UUID as identity. With all other servers it has no identity: a
// server that has not noticed the end of the old connection would ignore a new one with the
// same identity. A PONG of one frame shows that another server runs at the address now, and
// the session begins again without identity.
//
// # INVALID
//
// Several INVALIDs can be on their way, one for each tuple that the server refused. If each
// was answered with a HELLO, czmq's server would refuse all HELLOs but the first, for ever.
// So the first INVALID is followed by a PING, further ones are ignored until its PONG has
// arrived, and then the session begins once.
package uplink
