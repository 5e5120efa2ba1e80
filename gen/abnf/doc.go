// Package abnf writes the grammar of a protocol in ABNF (RFC 5234), and reads
// such grammars to check them.
//
// Each message and each field becomes a rule. ABNF tells names apart without
// regard to case and knows letters, digits and dashes only, so names are
// mapped, and one that is taken gets a suffix. The model's own grammar of a
// conversation is taken over if it is sound ABNF; else it becomes a comment.
package abnf
