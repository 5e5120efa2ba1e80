// Package abnf writes the grammar of a protocol in ABNF (RFC 5234), and reads
// such grammars to check them.
//
// Each message and each field becomes a rule. ABNF tells names apart without
// regard to case and knows letters, digits and dashes only, so names are
// mapped, and one that is taken gets a suffix.
//
// The model's own grammar of a conversation is taken over, also when it is in the dialect that
// models of zproto have: C:HELLO and S:WORLD say who speaks, and | stands between alternatives.
// Lint reports, with the line in the model, why one is not sound; it becomes a comment then.
package abnf
