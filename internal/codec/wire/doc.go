// Package wire holds the primitives that the generated codecs are made of.
//
// A message is one frame of octets: a signature, the octet that says which
// message it is, and then its fields, one after the other. All numbers are
// unsigned and in network byte order.
//
//	number   1, 2, 4 or 8 octets
//	octets   a fixed number of octets, known from the model
//	uuid     16 octets
//	string   1 octet of length, then the text
//	longstr  4 octets of length, then the text
//	chunk    4 octets of length, then the octets
//	strings  4 octets of count, then a longstr each
//	hash     4 octets of count, then a string (key) and a longstr (value) each
//
// A message may have more frames, which carry a field of type frame each, or all of type msg. In
// one piece of octets (AppendBinary) each of these has 4 octets of length before it.
//
// Writing is in the style of append: each function takes a slice, returns the
// longer one, and fails only where a length does not fit its field. Reading
// goes through a [Reader], which keeps the first error and returns zero values
// from then on, so that a decoder reads all fields and asks once. Every length
// and count is checked against the octets that are left before anything is
// allocated: what is allocated stays within a small multiple of the input.
//
// The package knows no message and owns no state. A [Reader] and an [Interner]
// belong to one goroutine at a time.
package wire
