// Package measure is what zrebench measures: one function for each measure, which gives rows of figures.
//
// Every figure of a node stands beside the same thing done by libzmq alone, in the same run. The two are measured by
// turns (ours, raw, ours, raw …) and their medians are compared, so that a machine that is busy with other things for a while
// disturbs both.
package measure
