// Package problems keeps what keeps a node from its peers: who or what it is about, the
// likely cause, and what to do about it. It writes one warning when an episode begins, and
// one line when it ends.
//
//	engine, discovery ── Source: what is wrong now ──┐
//	trust, beacons ───── Report: what was heard ─────┼─▶ List ─▶ Logger, Node.Problems
//	                                                 │
//	                              Run, a goroutine ──┘
//
// What other hosts send must not fill the log: entries are bounded, in all and for each
// host, and so are the lines that are written in a time.
//
// A List has one lock, under which nothing blocks, and one goroutine, which is that of Run.
package problems
