//go:build libzmq

// Package libzmq is the transport over libzmq, by the ordinary calls of pebbe/zmq4. It
// speaks the same wire as package zmtp. It is built with the tag libzmq only.
//
// One goroutine, the loop, owns all sockets of a Transport, because a ZeroMQ socket
// belongs to one goroutine. It waits in zmq_poll, which keeps a thread. Others give it
// functions to run: post, and a PAIR socket that wakes it.
//
//	Conn.Send ─▶ outbox ─ Flush ─ post ─▶ loop ─▶ DEALER of a dialed connection
//	                                           ─▶ ROUTER of all accepted ones
//	loop ─▶ calls of the connection ─▶ a goroutine while there are some ─▶ Handler
//
// A port is such a ROUTER or DEALER with its monitor. While a Handler blocks, the messages
// of its connection gather. When those of a port are mostHeld octets, the loop does not
// read the port; then libzmq's own queues fill (1000 messages at each end, and the buffers
// of TCP), and then the sender's outbox grows. The ROUTER is one port, so one Handler that
// blocks stops all accepted connections in the end, but no dialed one.
//
// A dialed connection has a new DEALER for each attempt. libzmq never reconnects by
// itself. The monitor of the socket tells what happens:
//
//	            CLOSED, DISCONNECTED, timeout: Retry
//	           ┌────────────────┐
//	           ▼                │
//	Dial ─▶ connecting ──▶ pausing
//	           │ HANDSHAKE_SUCCEEDED: Up
//	           ▼
//	           up ── DISCONNECTED ──▶ ending ── all is read ──▶ down
//
// # What libzmq does not tell
//
//   - Why an attempt failed before the handshake. All is ErrRefused or ErrTimeout.
//   - That the other end has another key: ErrHandshake.
//   - How a connection ended: it is ErrEnded.
//   - Which accepted connection has ended. Config.Lost is called instead. An accepted
//     connection is known from its first message on, by its identity; a new connection
//     with the same identity continues it. Its Conn ends with the Transport, by Close,
//     when its key changes, or when a send finds no connection.
//   - When what it was given is sent. A connection that is closed with a drain is down
//     when libzmq has everything, which then has the rest of the time. Transport.Close
//     waits for that, even if the other end has gone.
//
// It cannot close an accepted connection: Close ends the Conn, and the next message
// begins another one. What Config.Accept refuses it is asked about again after a second.
// A ROUTER accepts connections until the end of a drain. Of the limits it holds MaxFrame;
// the others are checked when a message is complete, and what an accepted connection
// sends beyond them is dropped. MaxHandshakes and MaxPerHost are not held. Discarding at
// once is not possible: a socket lingers for at least 100 ms, because libzmq 4.3 may
// abort otherwise (its issue 3442).
package libzmq
