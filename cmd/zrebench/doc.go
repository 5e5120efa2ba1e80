// Zrebench measures this project's nodes, libzmq alone and raw TCP, in the same run: throughput,
// latency, discovery, idle processor time and memory, and whether the goals are reached.
//
//	main.go     the command line
//	report.go   zrebench report: BENCHMARKS.md and its plot
//	internal/measure   what is measured, by which processes, and what is to be reached
//	internal/worker    those processes: zrebench itself, started again with a hidden argument
//	internal/rawzmq    libzmq alone, in C; only with the build tag libzmq
//	internal/report    tables, JSON, Markdown and the plot
//
// All of it stays on the loopback interface, with a beacon port of its own for each run. It needs
// Go only. With libzmq and a C compiler, go build -tags libzmq fills the columns of libzmq.
package main
