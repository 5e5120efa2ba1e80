// Package zre is a node of a ZRE network (ZeroMQ RFC 36): peers on a local
// network find each other without configuration, and exchange messages with one
// peer or with groups of them.
//
//	node, err := zre.Start(ctx, zre.Config{Name: "alice"})
//	…
//	err = node.Join(ctx, "chat")
//	err = node.Shout(ctx, "chat", []byte("hello"))
//	for ev := range node.Events() {
//		fmt.Println(ev.Type, ev.Name, ev.Group)
//	}
//	err = node.Close()
//
// # What is promised
//
// Messages to a peer arrive in order, each once. Where one cannot be delivered
// that is said: by the error of Whisper, Shout, Flush or Close, or by an EXIT.
// A sender whose peer does not keep up waits (Config.SendWindow), a node whose
// application does not keep up stops reading (Config.ReceiveQueue), so that
// memory is bounded at both ends; such a node goes on sending PINGs, so that its
// peers do not take it for dead. Memory for messages is at most
//
//	peers × (SendWindow + one message)             sent, not yet taken in
//	ReceiveQueue + one batch + peers × SendWindow  received
//
// where the last term is what peers that keep the same window have under way; of
// a peer of another implementation, it is 1536 messages.
//
// An application that sends from the goroutine that takes its events can wait for
// ever: the answer that makes room for what it sends is behind what was sent to it,
// and beyond Config.ReceiveQueue nothing more is read. Send from another goroutine,
// or let ctx end the wait.
//
// # Secure networks
//
// With Config.SecretKey a node speaks over CURVE (ZeroMQ RFC 26) only, and only with
// nodes whose keys are in Config.TrustedKeys; without these, with nodes that have the same key. For
// every message it is the key that its connection has proven that says who sent it. Nodes of zyre that
// have a certificate (zyre_set_zcert) belong to such a network as well.
//
//	c, err := zre.LoadCertificate("lab_secret") // as zre --keygen, or czmq, makes them
//	node, err := zre.Start(ctx, zre.Config{SecretKey: c.SecretKey})
//
// # Who owns what
//
//	Whisper, Shout ─▶ link (mutex, sequence, window) ─▶ DEALER ─▶ … peer
//	       reads the directory, an immutable copy
//	                                  ┌────────────────────────┐
//	who waits, or the                 │ Node.mu guards the     │
//	inbox goroutine ◀─ ROUTER ◀─ …    │ core                   │
//	time goroutine, beacon handler ──▶│ (zre/internal/core)    │─▶ queue ─▶ Next
//	Join, Leave, Peers, … ───────────▶└────────────────────────┘
//
// Whoever waits for something from the network, in Next, Whisper, Shout or Flush,
// reads the ROUTER for as long (turns); the inbox goroutine does while nobody
// waits. Node.mu guards the core; nothing blocks while it is held. A link's mutex
// is taken after it. The goroutines of a node end in Close, which waits for them.
package zre
