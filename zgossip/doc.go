// Package zgossip implements ZGP, the gossip protocol by which ZRE nodes find each other where
// multicast does not reach: a server that keeps tuples of a node's UUID and its endpoint, and a
// client that publishes one tuple and receives the others.
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
// Both work with czmq's zgossip, which zyre uses, and with haskell-zre at the other end, and
// find out by themselves which it is. The protocol is in pure packages, which are also
// simulated in virtual time:
//
//   - internal/gossip/wire: the two dialects, the marks by which programs of this project
//     recognise each other, and what a valid tuple is;
//   - internal/gossip/store: who has published what, which value is newer, who is gone, and
//     why nothing goes round for ever in any topology;
//   - internal/gossip/hub: the sessions and links of a server;
//   - internal/gossip/uplink: the session of a client.
//
// # Withdrawal
//
// ZGP has no message that ends a tuple. A publish of the same tuple with a TTL of 1 does: that
// is one millisecond here, one second at haskell-zre's server, and a duplicate at czmq's, which
// ignores TTLs. It is sent only to servers that act on it, and never to czmq's: that keeps every
// tuple for ever, and would pass a changed value on to zyre, which ends its process when a value
// is empty or malformed. A tuple cannot be withdrawn from czmq's servers at all.
//
// # Servers that cannot be used
//
// A client tries its servers until it is closed. Within one connection that was never up, the
// transport tries again with pauses of up to 0.4 s. Between two connections that were up, the
// pauses grow from 50 ms to 10 s until a session has been good for 5 s.
// Why a server cannot be used is logged once for each cause, and is in ServerState.Err.
//
// # Goroutines
//
//	Server                                         Client, for each server
//	  a connection each ── inbox ──▶ run             connection ─┐
//	  a dialer for each link ──────▶ mutex ─▶ hub    dialer     ─┴─ mutex ─▶ uplink session
//	  deliver ─▶ OnTuple, outside the mutex          OnTuple, outside the mutex
//
// The connections belong to the transport, whose Close waits for them. The other goroutines
// belong to the Server or Client that started them, end when it is closed, and are waited for.
// Nothing waits under the mutex: connections queue what they are sent.
package zgossip
