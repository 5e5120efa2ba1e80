// Package model reads the description of a protocol and checks it.
//
// A description, called a model, is written in the zproto dialect of XML, or
// in YAML with the same elements and attributes. Both are first read into one
// tree of elements, each with its line; what the tree means is worked out
// once, so the two forms cannot differ:
//
//	zre_msg.xml  ── readXML ──┐
//	                          ├─ element tree ─ builder ─→ Protocol
//	beacon.yaml  ── readYAML ─┘      ↑ includes
//
// A [Protocol] is complete: ids that the model implies are numbered, header
// fields stand at the start of each message, fields of custom types are
// replaced by their parts, constants are evaluated. Code that emits from it
// has nothing left to check.
//
// A model that is wrong is refused with an [Error] for each fault, which names
// the file, the line and the reason. What zproto ignores is ignored here too,
// and reported in Protocol.Warnings where it may be a mistake.
package model
