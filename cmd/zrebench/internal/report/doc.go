// Package report writes down what was measured: as a table, as JSON, and as a Markdown file with a plot.
package report
