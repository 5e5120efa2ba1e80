// Package zre is a node of a ZRE network (ZeroMQ RFC 36): peers on a local
// network find each other without configuration, and exchange messages with one
// peer or with groups of them.
//
//	node, err := zre.Start(ctx, zre.Config{Name: "alice"})
//	…
//	err = node.Join("chat")
//	err = node.Shout(ctx, "chat", []byte("hello"))
//	for ev := range node.Events() {
//		fmt.Println(ev.Type, ev.Name, ev.Group)
//	}
//	err = node.Close()
//
// # What is promised
//
// Messages to a peer arrive in order, each once. If one cannot be delivered, an error of
// Whisper, Shout, Flush or Close, or an EXIT, says so.
//
// A sender whose peer does not keep up waits (Limits.SendWindow), and a node whose
// application does not keep up stops reading (Limits.ReceiveQueue), so that
// memory is bounded at both ends. Such a node goes on sending PINGs, so that its
// peers do not count it as dead. Memory for messages is at most
//
//	peers × (SendWindow + one message)             sent, not yet acknowledged
//	ReceiveQueue + peers × (one read, one message) received
//
// An application may send from the goroutine that takes its events. If the peer does the
// same, each of them can wait until the other one takes events. Such a send ends with
// ErrEventsNotTaken after Timing.StallTimeout. To avoid that, send from another goroutine.
//
// # Who is there
//
// A node that has just started knows nobody. A program that sends and leaves therefore calls
// Settle before it sends: everyone who has announced himself is then a peer whose groups are
// known, or is named in an *UnsettledError. With Config.Groups a node is in its groups
// before anybody sees it.
//
//	node, err := zre.Start(ctx, zre.Config{Groups: []string{"chat"}})
//	…
//	missing := node.Settle(ctx)                       // who is there and cannot be reached?
//	err = node.Shout(ctx, "chat", []byte("hello"))
//	err = node.Close()                                // who has not acknowledged it?
//
// # Secure networks
//
// With Security.SecretKey a node speaks over CURVE (ZeroMQ RFC 26) only, and only
// with nodes whose keys are in Security.TrustedKeys; without these, with nodes that
// have the same key. The key that a connection has proven says who sent a message.
// Nodes of zyre that have a certificate (zyre_set_zcert) belong to such a network as
// well. Package keys makes and reads keys.
package zre
