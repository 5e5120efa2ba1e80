// Package hub is the gossip server without its sockets: the sessions of its
// clients, its links to other servers, and the store between them. Like the store
// it is pure: messages and the time come in by method calls, messages leave
// through functions that say at once whether they could be sent. So the same code
// serves sockets, a simulation of many servers in virtual time, and the fuzzer.
//
//	ROUTER ──Receive──▶ peer ─┐                    ┌─▶ peer ──Send──▶ ROUTER
//	                          ├─▶ store ──Flush──▶ ┤
//	DEALER ──Receive──▶ link ─┘                    └─▶ link ──Send──▶ DEALER
//
// # What a client turns out to be
//
// A peer starts as Unknown. A PING with a mark makes it a Node or a Server of this
// project. An identity of 16 octets at HELLO, or a key that is 16 octets and equal
// to the identity or not printable, makes it Zre; anything else is Czmq. Each is
// answered in its own dialect: keys, TTL and frames are translated on the way out.
//
//	       HELLO                    queue full for SlowTimeout, or a PINGing
//	new ──────────▶ told, told ──────────────────────────────────────▶ cut
//	 │              of changes            client silent for IdleTimeout   │
//	 │ PUBLISH: INVALID (Zre: taken           anything but HELLO: INVALID ├─▶ INVALID
//	 ▼ for HELLO and PUBLISH)                                       HELLO ├─▶ told
//	no route ──▶ removed, its tuples in grace                             ▼
//
// # No queues
//
// What a peer has been told is one number, its place in the store's sequence of
// changes. Flush walks the sequence from there. When libzmq's queue to a peer is
// full, the peer keeps its place, and is tried again later; a tuple that changes
// twice in between is sent once. A peer that takes nothing for SlowTimeout is cut:
// it is sent nothing more, and told INVALID when it speaks, upon which a client
// says HELLO and begins anew.
//
// # Who is gone
//
// A client that PINGs and stops is gone after IdleTimeout. czmq's and haskell-zre's
// clients never PING, and are there as long as their connection is. libzmq does not
// say which peer a lost connection belonged to; but it says that one was lost, and
// refuses to send to a peer that it no longer has. So after a hint (ConnectionLost)
// every client that has not spoken since is sent a PONG, which all dialects take
// without a word, and those without a route are gone.
package hub
