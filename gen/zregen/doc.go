// Zregen writes the codecs and the grammars of protocols from their models.
//
//	specs/zre_msg.xml ─→ gen/model ─→ gen/golang ─→ internal/codec/zremsg/*.go
//	                               └→ gen/abnf   ─→ specs/zre_msg.abnf
//
// It works in any module:
//
//	//go:generate go run github.com/gozre/zre/gen/zregen@latest -out internal/codec my_msg.xml
//
// writes package internal/codec/mymsg, and beside it package wire, the primitives that it calls,
// so that what is generated needs nothing but the standard library (of Go 1.23 or later). Within
// the zre module package wire is there already.
//
// One run goes through these steps, each in a file of its own; nothing is written before the
// last one:
//
//	produce      models → all output, in memory
//	plan         compare with what is there; refuse to touch what is not ours
//	replace      all files together, or none
//
// A file is ours if its first lines say that zregen has written it, and from which model.
//
// The exit status is 0 when all is written, 1 when a model or a file is at fault, 2 for a wrong
// command line.
package main
