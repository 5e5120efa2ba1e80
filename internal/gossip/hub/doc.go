// Package hub is the gossip server without its connections: the sessions of its clients, its
// links to other servers, and the store between them. It is pure: messages and the time come
// in by method calls, and messages leave through connections that never wait. So the same
// code runs in the server, in a simulation of many servers in virtual time, and in a fuzz
// test.
//
//	connection of a client ──Receive──▶ Peer ─┐                   ┌─▶ Peer ──SendBatch──▶
//	                                          ├─▶ store ──Flush──▶┤
//	connection to a server ──Receive──▶ Link ─┘                   └─▶ Peer ──SendBatch──▶
//
// # What a client turns out to be
//
// A Peer starts as Unknown. A PING with a mark makes it a Node or a Server of this project.
// An identity of 16 octets at HELLO, or a key of 16 octets that is not printable or equal to
// the identity, makes it Zre. All others are Czmq. Each is answered in its own dialect: keys,
// TTLs and frames are translated on the way out.
//
// # States of a peer
//
//	           HELLO               tellAt
//	Accept ─▶ new ──────▶ greeted ────────▶ told ◀─┐ HELLO again: greeted
//	           │                             └─────┘
//	           │ PUBLISH: INVALID (Zre: handled as HELLO and PUBLISH)
//	           ▼
//	          self        a server that has connected to itself; it is told nothing
//
//	          gone        from any state: the connection has ended (Closed), or the hub has
//	                      closed it, because nothing left its full queue for SlowTimeout or
//	                      because a client that sends PINGs was silent for IdleTimeout
//
// The end of a connection leaves the tuples of its publisher in a grace period, so that a
// quick reconnect changes nothing. A silent client has had its grace.
//
// # No queues
//
// What a peer was told is one number: its place in the store's sequence of changes. Flush
// continues from there, in batches of up to 64 KiB that are encoded once for all peers of one
// dialect and place. When SendQueue octets wait in a connection, the peer keeps its place and
// is tried again later. A tuple that changes twice in between is sent once.
//
// # Connections whose end is not known
//
// Transports report the end of each connection (Closed), but one of them, package libzmq,
// can only say that some connection has ended. Then all clients that are silent since are
// sent a PONG, which all implementations ignore, and the transport notices whom it cannot
// reach (lost.go).
package hub
