// Package core is the ZRE protocol (RFC 36) as a pure state machine: peers,
// groups, sequences, status, liveness and elections. It has no goroutine, no socket,
// no clock, no lock and no randomness. Its inputs are method calls that carry the
// time: a beacon was heard, a connection came up or ended, a message arrived, a
// tick passed, the application joined a group. Its outputs go to the Shell, which
// opens links and takes events. The same calls give the same answers, so the same
// code runs in a node, in a simulation in virtual time and under the fuzzer.
//
// The caller serialises all calls; nothing here blocks.
//
// # Connections
//
// Two nodes talk over two connections: each one dials the other and sends on that
// connection only. Here a link is the connection that this node has dialed, and a
// Conn the one that it has accepted.
//
//	         Shell.Open ─▶ Link ═══════════════▶
//	this node                                     peer
//	         Core.Accept ◀═══════════════ Conn ◀─
//
// # The states of a peer
//
//	           beacon, gossip, configuration
//	(unknown) ───────────────────────────────▶ Greeting: link is dialed, our HELLO is queued
//	    │  ▲                                    │    ▲
//	    │  │ nothing for DeadPeriod, refused    │    │ session ends, peer is greeted again:
//	    │  └────────────────────────────────────┤    │ gap, connection lost, moved
//	    │                          its HELLO    │    │
//	    │ its HELLO                             ▼    │
//	    └────────────────────────────────────▶ Connecting: its HELLO came, link is not up yet
//	                                            │    │
//	                       link is up: ENTER,   │    │
//	                       JOIN for each group  ▼    │
//	                 ┌───────────────────────▶ Ready │
//	                 │ any message              │    │
//	                 ├── Evasive ◀──────────────┤ PING unanswered
//	                 └── Silent  ◀── later ─────┤
//	                                            ▼
//	                                           Leaving: link lost; its last messages
//	                                            │       may still arrive
//	                                            ▼
//	           (unknown) or Greeting ◀──────── EXIT with a reason
//
// Ready, Evasive, Silent and Leaving are states of a peer that the application
// knows: Peer.Ready. A second HELLO in one of them ends the session with EXIT, and
// begins the next one with ENTER.
//
// # The end of a session
//
// A session ends by the peer's GOODBYE, by the end of a connection, by a gap in the
// sequence, or by silence. Beacons and gossip are not authenticated: what they say of
// a peer that lives is checked with a PING first, in plain networks too (farewell.go). What
// they make this node dial is bounded (report.go), as is what peers make it remember
// (memory.go) and how often they begin sessions (damp.go).
//
// When its link ends, the peer's last messages may still arrive, so it is Leaving until
// its own connection ends too. When its connection ends, the peer has a moment to come
// back on another one, as libzmq does. A second connection with the identity of a live
// peer waits until the first one is closed or found silent (conn.go).
//
// # A peer with several addresses
//
// Each end may hear the other one at another of its addresses, and both are right. So a peer
// stays where its beacons come from, or where the handshake names it, though its HELLO names
// another address (hello.go); that one is dialed when the first one fails (links.go).
//
// # A session that begins again
//
// Some nodes ignore a second connection of one identity while the first one is there
// (gyre, haskell-zre), others the first one (zyre, pyre). So a session that begins again
// uses the link's connection again while that is up (session.go), and a newcomer at the
// endpoint of a peer that is gone gets the link which was dialed for that (found.go).
// After a cut it takes TCP some time to retransmit. Until then a peer that talks seems
// deaf: our HELLO is in flight, and neither a second HELLO nor a new connection helps
// (hello.go, liveness.go).
package core
