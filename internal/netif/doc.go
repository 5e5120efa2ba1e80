// Package netif tells which interfaces of this host the project can use, when
// that changes, and which local address reaches a given peer.
//
// An interface is usable when it is up and has at least one IPv4 or IPv6
// address. Loopback counts: a host without any network still meets itself
// (RFC 36 knows no other way to find a peer on the same host). An interface that
// is part of a bridge or a bond counts only with an IPv4 address.
//
//	List, Select      a picture of now; the caller owns the result
//	Watch             goroutines until its context ends; it says only that
//	                  something changed, the caller lists again
//	LocalAddrFor      asks the kernel's routing table; nothing is sent
//
// # How a change is noticed
//
//	Linux                     rtnetlink; where a sandbox forbids it, polling
//	macOS, the BSDs           polling, at once when the routing socket tells of a change
//	Windows                   polling, at once when the IP Helper tells of a change
//	others                    polling
//
// Polling compares the list every two seconds. It stays where the system tells
// of changes, because what these systems tell is not proven to be complete.
package netif
