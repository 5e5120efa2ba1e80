// Package netif tells which IPv4 interfaces of this host the project can use,
// when that changes, and which local address reaches a given peer.
//
// An interface is usable when it is up and has at least one IPv4 address.
// Loopback counts: a host without any network still meets itself (RFC 36 knows
// no other way to find a peer on the same host).
//
//	List, Select      a picture of now; the caller owns the result
//	Watch             one goroutine until its context ends; it says only that
//	                  something changed, the caller lists again
//	LocalAddrFor      asks the kernel's routing table; nothing is sent
//
// Linux tells of changes by rtnetlink. Elsewhere, and where a sandbox forbids
// rtnetlink, Watch compares the list every two seconds.
package netif
