// Package transport is the seam between a node and what carries its messages.
// A message is one or more frames. A connection carries messages in one order,
// each whole and once, until it ends; what it had not delivered by then is lost.
//
// There are three implementations:
//
//	zmtp    ZMTP 3.1 (ZeroMQ RFC 37) over TCP, and Unix domain sockets within a host, in Go: the
//	        default
//	mem     inside one process: nodes of one process, tests, users' tests
//	libzmq  the same wire by libzmq, through pebbe/zmq4 (build tag libzmq)
//
// The parts of the interface, and who calls what:
//
//	owner ── Listen, Dial, Close ──▶ Transport (zmtp, mem, libzmq)
//	  │                                  │ makes
//	  └── Send, Close ──▶ Conn ◀─────────┘
//	                       │ Driver: Flush, Close
//	Handler ◀── Up, Receive, Retry, Down ── the connection's own goroutine
//
// A Conn is one connection for its whole life. A dialed one is tried until the
// first handshake succeeds, with a growing pause between two attempts; once it
// was up and has ended it is never connected again. Its owner dials a new one:
// only the owner knows what has to be said first on a new connection.
//
//	           attempt fails: Retry, pause
//	            ┌──────┐
//	            ▼      │
//	Dial ──▶ connecting ── handshake ──▶ up ──▶ down
//	            │                   Up   │ Receive…   Down
//	            └────────── Close ───────┴──────────▶
//
// # Sending
//
// Send encodes a message as ZMTP frames into the connection's outbox, under the
// mutex of the connection, and returns. It never waits; the owner bounds what is
// in flight. If the connection is idle the sending goroutine flushes the outbox
// itself, which is the fastest way for a single message. Otherwise the goroutine
// that writes takes all that has gathered at once.
//
// # Receiving
//
// Each connection has one goroutine that reads. It calls the Handler, and reads
// nothing while the Handler does not return: a receiver that does not keep up
// holds its senders back. No two calls for one connection run at the same time.
package transport
