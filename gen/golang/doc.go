// Package golang writes the Go codec of a protocol.
//
// Each message becomes a struct in a file of its own, with the methods ID,
// AppendTo and Decode. What belongs to all of them is in message_gen.go (ids,
// Decode, the header), decoder_gen.go (decoding without allocations) and
// frames_gen.go (messages of several frames). The code calls package wire for
// all that touches octets, so that it stays as short as a hand would write it.
//
// Names come from the model: "PING-OK" is PingOK, "challenger id" is
// ChallengerID. Where a name is taken already, by a helper such as Message or
// Header, by a method or by another name of the model, the later one gets a
// suffix; see newNames.
package golang
