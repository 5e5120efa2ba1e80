// Package curve has the keys of CURVE (ZeroMQ RFC 26), in the text form Z85 (ZeroMQ RFC 32) that
// HELLO headers, gossip tuples, certificate files and libzmq's options carry.
//
// A key has exactly one text, so two texts are compared to compare two keys. The package is pure but
// for NewPair, which asks the system for random octets.
package curve
