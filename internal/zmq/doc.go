// Package zmq is what this project needs of ZeroMQ, and no more: one context for the process, ROUTER and
// DEALER sockets that never block a thread, and batches of received messages.
//
// It is the only package that imports pebbe/zmq4 or uses cgo (with its sub-package rawzmq, the yardstick
// that the benchmarks measure against). pebbe/zmq4 makes contexts and sockets and sets their options. The
// hot path does not go through it: a call from Go to C costs about 30 ns, and a message of three frames
// costs pebbe eighteen of them. Instead a small C shim (shim.c) sends a whole message in one call, and
// takes in as many messages as there are, straight into memory that Go has allocated, in one call.
//
// The shim needs libzmq's own pointer to the socket, which pebbe keeps in an unexported field. It is read
// by reflection, and checked. Where it is not found, or where Options.Plain asks for it, the same API runs
// on pebbe's calls alone: slower, with the same promises. The tests run over both.
//
// # How a receiver waits
//
//	Receive ── drain ──▶ some messages? ── yes ──▶ return them
//	              ▲            │ no (EAGAIN: libzmq's mailbox is empty as well)
//	              │            ▼
//	              └──── parked in Go's netpoller on a duplicate of ZMQ_FD
//
// Interrupt makes Receive look once more and then return, with messages or without. Where the wait is likely to
// be short it goes on in the kernel first, for some milliseconds at most: see wait.
//
// ZMQ_FD tells of a change, not of a state: it becomes readable when a command reaches the empty mailbox
// of the socket, and any call on the socket may take that command away. So there are two rules. The drain
// runs after the readiness was reset and before the goroutine parks, so that a change in between is seen
// by the one or by the other. And whoever calls libzmq on a socket where somebody is parked looks
// afterwards whether the call took in news for the one who is parked, and if so wakes him (Socket.settle).
//
// # Who owns what
//
// A Socket belongs to the Context that made it, and a Context to the caller of Open; Close on the latter
// closes the former. Each Socket has one mutex, held for every call into libzmq. Frames in a Batch
// belong to the receiver for ever: their memory is not used again, unless the receiver gives it back
// (Recycle) or has said that it looks at the first frames and does not keep them (Batch.Heads).
//
// # Garbage
//
// At full speed it is Go's collector that makes the difference to a C program, because a small heap is
// collected hundreds of times a second. Heads, Recycle and Content are there for that. A program whose
// heap is small should also let it grow (debug.SetGCPercent(400) or GOGC): that takes a sixth off a
// receiver's processor time for messages of 1 KiB.
//
// # Limits
//
// A message is bounded by MaxFrames and Options.MaxMessageSize where it reaches this package, and each
// frame by the latter already where it reaches libzmq. But libzmq collects the frames of a message before
// it hands it out, and knows no limit for their number: a peer that never ends a message is bounded by the
// memory of the machine only. What is queued is bounded in messages by the high-water marks, and in octets
// by nothing in libzmq; the owner of the sockets counts for himself what is under way.
//
// On Linux a peer that is trusted cannot end the process by a bad session key of CURVE, see beforenm_linux.c; on
// other systems, with a libzmq up to 4.3.5 that uses libsodium, it can.
package zmq
