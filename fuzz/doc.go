// Package fuzz holds the fuzz tests of the project: everything that reads what
// peers send, and what developers write for the generator.
//
//	FuzzZRE, FuzzGossip, FuzzBeacon, FuzzEverything   one frame, decoded in each way
//	FuzzDecoder                                       many frames through one Decoder
//	FuzzHello                                         values, encoded and decoded
//	FuzzBinary                                        messages of several frames in one piece
//	FuzzModelXML, FuzzModelYAML                       models, read, and emitted if sound
//	FuzzNames                                         names in models
//	FuzzABNF                                          grammars
//	FuzzGossipServer, FuzzGossipClient                whole sessions with a gossip server and client
//	FuzzConversation                                  what happens to a node, in zre/internal/core
//
// Each checks what has to hold, not only that nothing panics: what decodes
// encodes to octets that decode to the same; an error is typed and points into
// the input; what is allocated stays within a small multiple of the input.
//
// The ordinary tests run the seeds: captured frames, what the encoder gives,
// and in testdata/fuzz what the fuzzers found. To fuzz, make fuzz runs each
// target for FUZZTIME; one alone runs by
//
//	go test ./fuzz -run '^$' -fuzz '^FuzzZRE$' -fuzztime 1m -fuzzminimizetime 1s
//
// Without the last flag Go spends a minute on making each new input smaller,
// which for the targets that read models is most of the time.
//
// A new target is a Fuzz function in a file of its own; make fuzz finds it.
package fuzz
