// Package mem is the transport inside one process. No octet goes through the kernel:
// the receiver takes messages out of the sender's outbox.
//
// A Registry knows who listens, by address and by name. Process is the one of this
// process. A test makes a registry of its own with NewRegistry; there an address is
// only a key, so 10.0.0.1:1 is as good as 127.0.0.1:41000, and Cut parts two of them.
//
// There are two transports:
//
//	New     everything goes through memory
//	Beside  listens through another transport as well, and dials through memory where
//	        the target's name is registered, otherwise through the other transport
//
// # A connection
//
// A link is a connection with its two ends. Each end belongs to a Transport and is the
// Driver of its Conn. The mutex of the link guards both ends.
//
//	A: Conn.Send ─▶ outbox of A ─▶ B's goroutine: Take, copy ─▶ Handler of B
//	B: Conn.Send ─▶ outbox of B ─▶ A's goroutine: Take, copy ─▶ Handler of A
//
// An end has a goroutine only while there is something to tell its Handler. An idle
// connection has none. The goroutine is started by whoever changes the link: a Send of
// the other end, Close, or the timer before the next attempt to connect. After Close
// with a drain the end goes on until its outbox is empty, and its Handler is told
// nothing more but Down. Transport.Close waits until the Handler of each of its ends was
// told of the end.
//
//	            attempt fails: Retry
//	           ┌─────────────────────┐
//	           ▼                     │
//	Dial ─▶ connecting ─────────▶ pausing
//	           │ handshake           │
//	           ▼                     │
//	           up ◀─ Accept          │
//	           │                     │
//	           ├─────────────────────┘ Close, Abort, Cut, a limit, the other end
//	           ▼
//	         ended ─▶ Handler.Down ─▶ down
//
// # Security
//
// With Config.Security nothing is encrypted, but keys are checked as CURVE does: the
// listener must have the key that the target names, and the listener's Allow decides
// about the key of the one that dials. Config.Security is trusted to hold a pair.
package mem
