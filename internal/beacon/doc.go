// Package beacon carries discovery beacons over UDP (RFC 36, section
// "Discovery"): octets in, octets out. What they mean is for its user.
//
// A beacon goes, on every usable interface or on those named, to the broadcast
// address of each network and to the multicast groups, so that it is heard by
// implementations that listen for either. What others send is heard likewise.
//
//	Conn.Send ──▶ transport ──▶ socket :5670 ──▶ for each interface, from its own address:
//	                  ▲                           broadcast, 225.25.25.25, 224.0.0.250
//	Handler ◀── Conn ◀┴── reader goroutine ◀── socket :5670 (broadcast and groups joined)
//	                  ▲
//	              follower goroutine ◀── netif.Watch (addresses, links)
//
// # Who owns what
//
// Conns of one process with equal settings share one transport: its sockets,
// one reader goroutine for each port (one, as a rule) and one follower
// goroutine. The first Open makes it, the last Close ends it and waits until
// nothing of it is left. A Conn owns only its handler and its counters.
//
// # One socket for all interfaces
//
// On Linux one socket sends and receives for all interfaces; a control message
// (IP_PKTINFO) with each datagram names the interface and the source address
// on the way out and tells the interface on the way in. Against one socket for
// each interface this needs nothing to be opened or closed when addresses
// change, costs 75 nodes on a host one wake-up for a datagram and not one for
// each interface, sends from port 5670 as other implementations do, and routes
// nothing around the restriction to named interfaces: the kernel sends out of
// the interface that the message names, or not at all. The source address is
// the interface's own in the network that the beacon is for, because receivers
// derive the endpoint from it and some drop what comes from another network.
//
// Elsewhere control messages cannot do all of this; there one socket receives
// and one for each local address sends (portable.go).
package beacon
