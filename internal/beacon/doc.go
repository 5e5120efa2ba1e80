// Package beacon carries discovery beacons over UDP (RFC 36, section
// "Discovery"): octets in, octets out. What they mean is for its user.
//
// A beacon goes, on every usable interface or on those named, to the broadcast
// address of each IPv4 network and to the multicast groups, so that it is heard by
// implementations that listen for either. What others send is heard likewise.
//
//	Conn.Send ──────▶ transport ──▶ for each interface, from its own addresses:
//	Conn.Announce ──▶     ▲         broadcasts, 225.25.25.25, 224.0.0.250, ff02::1
//	 (announcer goroutine)│
//	Handler ◀──── Conn ◀──┴── reader goroutines ◀── sockets 0.0.0.0:5670, [::]:5670
//	                      ▲                         (broadcast and groups joined)
//	                  follower goroutine ◀── netif.Watch (addresses, links)
//
// # Who owns what
//
// Conns of one process with equal settings share one transport: its sockets,
// one reader goroutine for each of them (two, as a rule), a follower and an
// announcer. The first Open makes it, the last Close ends it and waits until
// nothing of it is left. A Conn owns only its handler and its counters. Where there are
// many Conns, repetitions of a datagram are handed over up to 250 ms later (repeat.go).
//
// # How many datagrams
//
// One beacon is, on each interface, one datagram to each group of a family that the
// interface has an address of, and one to each broadcast address. Addresses in one
// network count once. So an interface with 200 addresses in one network makes four,
// and one with an address in each of 200 networks 203.
//
// The source is an address of the interface in the network that the beacon is for,
// because receivers derive the endpoint from it and some drop what comes from
// another network. A group may have listeners in each network of the link, so the
// addresses in these take turns, from beacon to beacon.
//
// # IPv6
//
// zyre with ZSYS_IPV6=1 sends to ff02::1 (ZSYS_IPV6_MCAST_ADDRESS names another
// group), port 5670, one hop, by one interface. It listens on [::]:5670 for both
// families in one socket, with SO_REUSEADDR and SO_REUSEPORT, so that it also hears
// our broadcasts, and then has us at ::ffff:ADDRESS. Its source is the first address
// of its interface or ZSYS_IPV6_ADDRESS, mostly the link-local one. It hears us at
// our link-local address with its own interface as the zone.
//
// We send to ff02::1 from the link-local address, which each host on the link can
// answer, in whatever networks it is; to a group beyond the link from another
// address. All IPv4 datagrams go before those of IPv6: a receiver may keep to the
// first address that it hears, and every implementation can use that one.
//
// On a loopback interface IPv6 is used only where IPv4 is not: all nodes that listen
// there are on this host, and one family is enough (loopback.go).
//
// A host may have no IPv6 or no IPv4. Then that family has no socket, or a socket
// that nothing is sent to until an interface gets an address.
//
// # Sockets
//
// On Linux one socket of each family hears for all interfaces, and each datagram
// tells by a control message (IP_PKTINFO, IPV6_PKTINFO) which one it came by.
// Against a socket for each interface this wakes a node once for a datagram, and
// nothing has to be bound again when addresses change. Each interface has a socket
// to send by, so that one that does not get rid of its datagrams leaves the others
// their room; a control message with each datagram names the interface and the
// source address. The kernel sends by the interface named or not at all, so no
// route leads around a restriction to some interfaces. The source port is any free
// one: receivers do not look at it, and a socket bound to the beacon port would be
// given every beacon that arrives.
//
// Elsewhere control messages cannot do all of this; there each local address
// has a socket to send by (portable.go).
//
//	                          Linux         macOS         BSDs          Windows
//	port shared by            REUSEADDR and REUSEPORT                   REUSEADDR
//	arrival told by           PKTINFO       PKTINFO       RECVIF, IPv6  PKTINFO
//	                                                      PKTINFO
//	interface chosen by       PKTINFO       BOUND_IF,     route, group  source address,
//	                                        group option  option        group option
//
// The tests run over the portable sockets on Linux too.
package beacon
