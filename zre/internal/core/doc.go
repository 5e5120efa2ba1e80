// Package core is the ZRE protocol (RFC 36) as a pure state machine: peers,
// groups, sequences, status, liveness and elections. It has no goroutine, no socket, no
// clock and no lock. Its inputs are method calls that carry the time: a beacon
// was heard, a message arrived, a tick passed, the application joined a group.
// Its outputs go to the Shell, which opens links and takes events. So the same
// code runs in a node, in a simulation in virtual time and under the fuzzer.
//
// The caller serialises all calls; nothing here blocks.
//
// A peer goes through these states:
//
//	            beacon, gossip, HELLO
//	(unknown) ───────────────────────▶ greeted: link open, our HELLO sent
//	    ▲                                 │ its HELLO comes
//	    │ no HELLO within Dead            ▼ event ENTER, JOIN for each of its groups
//	    ├──────────────────────────── ready ◀──────────────┐
//	    │                                 │                │ second HELLO:
//	    │ event EXIT with the reason      ├────────────────┘ EXIT, ENTER
//	    └─────────────────────────────────┘
//	      GOODBYE, beacon with port 0, nothing heard within Dead,
//	      evasive and its port is closed
//
// A gap in a peer's sequence is an EXIT too, after which the peer is greeted
// anew at once. Such a second session keeps the connection of the first one; when
// the peer does not answer there, it is hailed on another one (session.go). What
// beacons say of a peer that lives is checked with a PING before it is believed, and
// who has sent a HELLO goes before those that have not (pending.go).
package core
