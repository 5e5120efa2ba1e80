// Package beacon carries discovery beacons over UDP (RFC 36, section
// "Discovery"): octets in, octets out. What they mean is for its user.
//
// A beacon goes, on every usable interface or on those named, to the broadcast
// address of each network and to the multicast groups, so that it is heard by
// implementations that listen for either. What others send is heard likewise.
//
//	Conn.Send ──────▶ transport ──▶ for each interface, from its own address:
//	Conn.Announce ──▶     ▲         broadcast, 225.25.25.25, 224.0.0.250
//	 (announcer goroutine)│
//	Handler ◀──── Conn ◀──┴── reader goroutine ◀── socket :5670 (broadcast and groups joined)
//	                      ▲
//	                  follower goroutine ◀── netif.Watch (addresses, links)
//
// # Who owns what
//
// Conns of one process with equal settings share one transport: its sockets,
// one reader goroutine for each port (one, as a rule), a follower and an
// announcer. The first Open makes it, the last Close ends it and waits until
// nothing of it is left. A Conn owns only its handler and its counters.
//
// # Sockets
//
// On Linux one socket hears for all interfaces, and each datagram tells by a
// control message (IP_PKTINFO) which one it came by. Against a socket for each
// interface this wakes a node once for a datagram, and nothing has to be bound
// again when addresses change. Each interface has a socket to send by, so that
// one that does not get rid of its datagrams leaves the others their room; a
// control message with each datagram names the interface and the source
// address. The kernel sends by the interface named or not at all, so no route
// leads around a restriction to some interfaces. The source is the interface's
// own address in the network that the beacon is for, because receivers derive
// the endpoint from it and some drop what comes from another network. Its port
// is any free one: receivers do not look at it, and a socket bound to the
// beacon port would be given every beacon that arrives.
//
// Elsewhere control messages cannot do all of this; there each local address
// has a socket to send by (portable.go).
package beacon
