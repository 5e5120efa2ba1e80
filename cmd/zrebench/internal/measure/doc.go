// Package measure is what zrebench measures: one function for each measure, which gives rows of
// figures, and what each figure is to reach.
//
// Each figure of a node comes with the same thing done by libzmq alone, and by raw TCP where it
// has a counterpart. They are measured by turns (libzmq, node, TCP, libzmq, node, TCP …), one round
// after the other, and compared round by round: the ratio of a row is the median of its ratios, so
// that a machine that is busy with other things for a while disturbs both sides of it.
//
//	measure.go   the list of measures        goal.go   what is to be reached
//	run.go       the processes of one run    row.go    figures, and the rows they make
//	contest.go   rounds                      wire.go   which process connects to which
//	stream.go, latency.go, nodes.go, processes.go, idle.go, memory.go   the measures
package measure
