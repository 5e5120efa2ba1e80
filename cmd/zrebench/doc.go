// Zrebench measures this project's nodes beside libzmq alone, in the same run: how fast, how soon, how idle and how
// large they are.
//
//	main.go     the command line
//	report.go   zrebench report: BENCHMARKS.md and its plot
//	internal/measure   what is measured, and by which processes
//	internal/worker    those processes: zrebench itself, started again with a hidden argument
//	internal/report    tables, JSON, Markdown and the plot
//
// All of it stays on the loopback interface, with a beacon port of its own for each run.
package main
