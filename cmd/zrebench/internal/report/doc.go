// Package report writes down what was measured: as tables, as JSON, and as a Markdown file with a
// plot.
//
//	table.go     what the tables say         format.go   numbers as text
//	text.go      for a terminal, and JSON    markdown.go BENCHMARKS.md
//	plot.go      throughput against size     machine.go  what figures depend on
//	others*.go   what else the machine does
package report
