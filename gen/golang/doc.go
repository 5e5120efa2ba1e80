// Package golang writes the Go codec of a protocol.
//
// Each message becomes a struct in a file of its own, with the methods of interface Message:
//
//	ID, String                        what it is, for programs and for people
//	HeaderX, SetHeaderX               for each field X of the model's header, so that any message
//	                                  can be numbered without knowing its type
//	Size, AppendTo, Decode            the first frame
//	AppendFrames, DecodeFrames        all frames, in the caller's memory
//	AppendBinary, MarshalBinary,      all frames in one piece, for package encoding
//	UnmarshalBinary
//	Equal                             as on the wire
//
// A nil message is an error, or empty; it never panics. What belongs to all messages is in
// message_gen.go (ids, Decode, the header), decoder_gen.go (decoding without allocations) and
// frames_gen.go (messages of several frames). roundtrip_gen_test.go is a test of all that, with
// the test values of the model and the octets that the model alone gives for them. The code calls
// package wire for all that touches octets, so that it stays short.
//
// Names come from the model: "PING-OK" is PingOK, "challenger id" is
// ChallengerID. Where a name is taken already, by a helper such as Message or
// Header, by a method or by another name of the model, the later one gets a
// suffix; see newNames.
package golang
