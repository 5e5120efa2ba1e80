// Package inbox is the receiving half of a node: it turns what arrives on accepted
// connections into steps for the protocol, and keeps events until the application
// takes them.
//
//	transport goroutine of a connection           application goroutine
//	  │ Conn.Receive: a batch of messages            ▲ Queue.Take
//	  ▼                                              │
//	steps: runs of WHISPER and SHOUT,                │
//	  │    single messages of control                │
//	  ▼                                              │
//	Protocol.Receive, under the node's lock ──▶ Queue.Put
//	  │
//	  ▼
//	Queue.AwaitRoom: reads nothing more while the queue is full
//
// The work for each message is done outside the node's lock: the header is decoded
// and the event is made before. Under the lock a run of consecutive messages of one
// peer costs the same as one message, so that many senders use many cores.
//
// # Who owns what
//
// A Conn belongs to the goroutine of its connection; only its signals are set by
// others. The Queue has a lock of its own, which is taken last. Its bound is in
// octets; a batch may exceed it.
package inbox
