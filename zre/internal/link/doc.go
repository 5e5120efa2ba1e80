// Package link is the sending half of the sessions of a node: for each peer one
// Link, which numbers, encodes and sends messages on a connection that this node
// has dialed, and knows which of them the peer has acknowledged.
//
//	application goroutine                         core, under the node's lock
//	  │ Whisper, Shout: wait for room in window     │ Send: JOIN, PING, …; never waits
//	  ▼                                             ▼
//	Link, under the mutex of its connection: next sequence, encode, append to the outbox
//	  ▲
//	  │ Ack: a PING-OK came; the window moves, waiting senders go on
//
// # Who owns what
//
// A Link belongs to the Set that made it, a Set to a node. The mutex of a Link's
// connection guards its sequence, window and waiting senders. The node's lock is
// taken before it, the Set's own mutex after it. A Set has one timer, which sends PINGs after data;
// Set.Close ends it.
//
// A connection can carry several Links, one after the other: see Link.Reopen.
package link
