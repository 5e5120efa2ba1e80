package report

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/gozre/zre/cmd/zrebench/internal/measure"
)

// Report is what is written to BENCHMARKS.md.
type Report struct {
	Date    time.Time
	Machine Machine
	Command string        // that writes it
	Rows    []measure.Row // the table
	Sizes   []measure.Row // throughput against message size
	Plot    string        // the file with the plot, beside the report
	Go      []string      // lines of go test -bench, none if they were not run
}

// introduction says what the figures mean.
const introduction = `Figures of one machine on one day. Absolute numbers differ from machine to machine and, where the machine does other
things as well, from minute to minute. What carries over is the ratio: beside each figure of a node stands libzmq alone, a
loop in C over a DEALER and a ROUTER with frames of the same sizes and libzmq's own settings, measured in the same run by
turns.

- ours and raw are medians; the least and the largest value of all runs stand in brackets.
- A WHISPER or SHOUT is counted from application to application: it goes through a node's window, sequence and event queue, and the
  receiver takes it from the node and checks that it is the next one. libzmq alone only receives.
- allocs/msg are allocations on Go's heap for each message, at both ends together. CPU ns/msg is the time on all cores, of both
  processes together.
- For round trips, times, memory, threads and processor time, less is better.`

// Markdown writes the report.
func (r *Report) Markdown(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "# Benchmarks\n\n`%s` wrote this file.\n\n", r.Command)
	m := r.Machine
	fmt.Fprintf(&b, "| | |\n|---|---|\n| date | %s |\n| processor | %s, %d cores |\n| system | %s |\n| Go | %s |\n| libzmq | %s |\n",
		r.Date.UTC().Format("2006-01-02 15:04 UTC"), m.CPU, m.Cores, m.System, m.Go, m.LibZMQ)
	if m.Load != "" {
		fmt.Fprintf(&b, "| load before | %s |\n", m.Load)
	}
	fmt.Fprintf(&b, "\n%s\n\n", introduction)
	table(&b, r.Rows)
	if len(r.Sizes) > 0 {
		fmt.Fprintf(&b, "\n## Throughput against message size\n\n![messages a second against octets of content](%s)\n\n", r.Plot)
		table(&b, r.Sizes)
	}
	if len(r.Go) > 0 {
		fmt.Fprintf(&b, "\n## Go benchmarks\n\n`go test -bench . -benchmem`, the parts by themselves.\n\n```\n%s\n```\n", strings.Join(r.Go, "\n"))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func table(b *strings.Builder, rows []measure.Row) {
	head := columns()
	fmt.Fprintf(b, "| %s |\n|---%s|\n", strings.Join(head, " | "), strings.Repeat("|--:", len(head)-1))
	for _, r := range rows {
		fmt.Fprintf(b, "| %s |\n", strings.Join(cells(r), " | "))
	}
}

// GoBenchmarks picks the lines that tell something out of the output of go test -bench.
func GoBenchmarks(output string) []string {
	var lines []string
	pkg := ""
	for line := range strings.Lines(output) {
		line = strings.TrimRight(line, "\n")
		switch {
		case strings.HasPrefix(line, "pkg: "):
			pkg = line
		case strings.HasPrefix(line, "Benchmark") && strings.Contains(line, "\t"):
			if pkg != "" {
				lines, pkg = append(lines, pkg), ""
			}
			lines = append(lines, line)
		}
	}
	return lines
}
