// Package zgossip speaks ZGP, the gossip protocol by which ZRE nodes find each
// other where multicast does not reach: a server that keeps tuples of a node's UUID
// and its endpoint, and the client that publishes one and hears of the others.
//
//	client, err := zgossip.NewClient(zgossip.ClientConfig{
//		Servers:  []string{"gossip.example.org"},
//		Key:      id,
//		Endpoint: zgossip.LocalEndpoint(port),
//		OnTuple:  func(t zgossip.Tuple) { connect(t.UUID, t.Endpoint) },
//	})
//
//	server, err := zgossip.NewServer(zgossip.ServerConfig{
//		Listen:  []string{"tcp://*:31337"},
//		Connect: []string{"other.example.org"},
//	})
//
// Both work with czmq's zgossip, which zyre uses, and with haskell-zre, whatever is
// at the other end, and find out by themselves which it is. How is told where it is
// done; all of it is pure, and simulated in virtual time:
//
//   - internal/gossip/wire: the two dialects, the marks by which programs of this
//     project know each other, and what a well-formed tuple is;
//   - internal/gossip/store: who published what, which is newer, who has gone, and
//     why nothing goes round for ever, in any topology, with czmq's servers in it;
//   - internal/gossip/hub: the server's sessions and links, without their sockets;
//   - internal/gossip/uplink: the client's session, likewise.
//
// # Withdrawal
//
// ZGP has no message that ends a tuple. A publish of the same tuple with a TTL of 1
// does: one millisecond here, one second to haskell-zre, and to czmq, which ignores
// TTLs, a duplicate. It is sent only to servers that are known to heed it, never to
// czmq's, which keeps every tuple for ever and would hand a changed value to zyre,
// and an empty or malformed one, another conceivable marker, ends zyre's process.
// From czmq's servers a tuple cannot be withdrawn at all.
//
// # Who runs what
//
//	Server: receive ─┐                        Client, for each server:
//	        monitor ─┼─ mutex ─▶ hub             receive ─┐
//	        timer   ─┤                           monitor ─┼─ mutex ─▶ uplink session
//	        per link: receive, monitor           timer   ─┘
//	        deliver ─▶ OnTuple, outside the mutex
//
// Each goroutine belongs to the Server or Client that started it, ends when that is
// closed, and is waited for. Nothing blocks under the mutex: sockets are asked to
// send and say at once whether they could.
package zgossip
