// Command gen writes the codecs and the grammars of protocols from their
// models.
//
//	specs/zre_msg.xml ─→ gen/model ─→ gen/golang ─→ internal/codec/zremsg/*.go
//	                               └→ gen/abnf   ─→ specs/zre_msg.abnf
//
// It first reads and checks all models, then makes all output in memory, and
// writes only when nothing was wrong. The exit status is 0 when all is
// written, 1 when a model or a file is at fault, 2 for a wrong command line.
package main
