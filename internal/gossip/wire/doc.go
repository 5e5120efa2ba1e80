// Package wire holds what the gossip server and client know of the octets that
// the generated codec (internal/codec/zgossipmsg) does not: what a tuple may
// contain, how a key looks in each of the two dialects, and the marks by which
// programs of this project know each other.
//
// # Two dialects
//
// czmq's zgossip, which zyre uses, writes a key as 32 hexadecimal digits and
// sends a message as one frame. haskell-zre writes a key as the 16 raw octets of
// the UUID, counts the TTL in seconds, and its server puts the receiver's
// identity in front of each message. Inside this project a key that is a UUID
// is always 32 upper-case hexadecimal digits; any other key is kept as it came.
//
// # Marks
//
// A message may be followed by a trailer:
//
//	trailer    = "ZREG" kind *OCTET
//	mark       = kind %x01, role (1), id (16)          after PING and PONG
//	beats      = kind %x02, mark, count (2), *(id (16) beat (8) age-in-ms (4))
//	                                                  after PING, between servers
//	provenance = kind %x03, origin (16), sequence (8), state (1)
//	                                                  after PUBLISH, between servers
//
// A client of this project puts a mark behind its PINGs. czmq and haskell-zre
// decode the PING and ignore the rest; a server of this project recognises the
// mark and answers with a marked PONG. So each side knows the other before it
// sends anything that only this project understands, and nobody else ever
// receives a trailer that it did not ask for.
package wire
