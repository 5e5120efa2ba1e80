// Package zmtp is the default transport: ZMTP 3.1 (ZeroMQ RFC 37) over TCP, which
// also speaks 3.0 (RFC 23), with the mechanisms NULL and CURVE (RFC 25 and 26). On Linux, processes
// of one host and user use a Unix domain socket in place of TCP.
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
//	accepted ────────┼─────────────▲           │            │
//	                 │             │           │ Close(d>0) │ end of stream,
//	                 │ Close(d>0), │           ▼            │ error, Close(0),
//	                 │ something   │       draining         │ Abort
//	                 ▼ is unsent   │        ▲  │ all sent,  │
//	              lastTry ─────────┴────────┘  ▼ or no time ▼
//	                                          down ◀────────┘   Handler.Down
//
// # Goroutines
//
//	each link         one that dials, does the handshake, reads, calls the Handler
//	                  and ends the link; none while the link rests (rest.go)
//	                  one that writes, only while there is something to write that
//	                  the sending goroutine did not write itself
//	each listener     one that accepts
//	each transport    one that looks after silent links, and one that wakes those
//	                  at rest
//
// All of them are waited for by Close.
//
// # Where to find what
//
//	transport.go  type engine: what all links and listeners share; engine.mu
//	link.go       type link: state, socket, reason of its end; link.mu
//	socket.go, local_linux.go   what there is of TCP and of Unix domain sockets
//	dial.go, accept.go, admission.go, refusals.go
//	handshake.go, greeting.go, command.go, metadata.go, curve_client.go, curve_server.go
//	now_linux.go  reads and writes of few octets
//	write.go      type writer: owned by the goroutine that has the right to write
//	inbound.go    type inbound: parsing; owned by the goroutine that reads
//	scratch.go, batch.go, large.go, limits.go   what parsing needs
//	curve.go, curve_message.go, encrypt.go, decrypt.go, keystream/, poly1305/
//	decrypt_large.go  type opening: a large frame, decrypted while it arrives
//	memory.go, memory_evict.go
//	              type memory: what messages that are being received take, all together
//	alive.go      silent links
//	rest.go, resting_linux.go   links without a goroutine
//
// A link that is idle holds no buffers: those for reading and for writing come out
// of pools when there is something to read or to write.
package zmtp
