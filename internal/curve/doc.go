// Package curve has the keys of CURVE (ZeroMQ RFC 26), in the text form Z85 (ZeroMQ RFC 32)
// that HELLO headers, gossip tuples, certificate files and libzmq's options carry, and the
// decision which public keys are trusted.
//
// A key has exactly one text, so two texts are equal if and only if their keys are. The
// package is pure except for NewPair, which asks the system for random octets, and Trusted,
// which several goroutines may use.
package curve
