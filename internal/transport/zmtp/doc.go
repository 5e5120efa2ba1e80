// Package zmtp is the default transport: ZMTP 3.1 (ZeroMQ RFC 37) over TCP, which
// also speaks 3.0 (RFC 23), with the mechanisms NULL and CURVE (RFC 26).
//
// A dialed connection is what libzmq calls a DEALER with Config.Identity, and must
// reach a ROUTER. The accepting side is a ROUTER, and takes DEALER, REQ and ROUTER.
//
// # A connection
//
// Type link is one connection: the transport.Driver of one transport.Conn.
//
//	             attempt failed: Handler.Retry, pause
//	                 ┌───────┐
//	                 ▼       │
//	Dial ─────▶ connecting ──┴── handshake ──▶ up ──────────┐
//	accepted ───────────────────▲              │            │
//	                 │                         │ Close(d>0) │ end of stream,
//	                 │ Close(d>0), outbox      ▼            │ error, Close(0),
//	                 │ not empty            draining        │ Abort
//	                 └──▶ connecting, then ────▲ │ all sent,│
//	                                             ▼ or time  ▼
//	                                            down ◀──────┘   Handler.Down
//
// # Goroutines
//
//	each link         one that dials, does the handshake, reads, calls the Handler
//	                  and ends the link (link.go, dial.go, accept.go, read.go)
//	                  one that writes, only while there is something to write that
//	                  the sending goroutine could not write itself (write.go)
//	each listener     one that accepts (accept.go)
//	each transport    one that looks after silent links (alive.go)
//
// All of them are waited for by Close.
//
// # Who owns what
//
//	engine     configuration, listeners, the set of links; engine.mu
//	link       state, socket, reason of its end; link.mu
//	writer     what is being written; the goroutine that has the right to write
//	inbound    the message that is being received; the goroutine that reads
//	admission  unfinished handshakes of accepted connections; its own lock
//
// A link that is idle holds no buffers: those for reading and for writing come out
// of pools when there is something to read or to write.
package zmtp
