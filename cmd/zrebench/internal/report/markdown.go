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
	Rows    []measure.Row // everything but Sizes
	Sizes   []measure.Row // throughput against message size
	Plot    string        // the file with the plot, in the same directory
	Go      []string      // lines of go test -bench, none if they were not run
}

// introduction says what the figures mean.
const introduction = `Figures of one machine on one day. Absolute numbers differ from machine to
machine and, where the machine does other things as well, from minute to minute. Ratios can be
compared: each figure of a node comes with that of libzmq alone, a loop in C over a DEALER and a
ROUTER with frames of the same sizes and libzmq's own settings, measured in turn in the same run. The
lower bound is raw TCP: the same octets as one stream, in large reads and writes of Go, without frames.

- A figure is the median of all rounds, with the least and the largest. A ratio is the
  median of the ratios of each round.
- A WHISPER or SHOUT is counted from application to application: it passes a node's window, sequence
  and event queue, and the receiver takes it from the node, with up to 255 others at a time
  (NextBatch), and checks that it is the next one. libzmq and raw TCP only receive.
  The time is that from the first message sent to the last one received.
- Processor time is user and system time of all processes, from the first message sent to the last
  one received, for each message. Allocations are those on Go's heap, at both ends.
- "secure" nodes encrypt, each with keys of its own that were made before. libzmq then uses CURVE as
  well; raw TCP does not encrypt.
- Processes of one host and user use a Unix domain socket, as is the default on Linux; libzmq uses TCP,
  as other implementations of ZRE do. "node over tcp" is nodes that use TCP as well, as between hosts;
  "libzmq over ipc" is libzmq with Unix domain sockets.
- Nodes of one process are compared with sockets of libzmq that use inproc. libzmq and raw TCP have no
  discovery: they get the addresses of the others.
- The memory of a link is that of the processes; the kernel's buffers are not in it.
- For round trips, times, memory, threads and processor time, less is better.`

// Markdown writes the report.
func (r *Report) Markdown(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "# Benchmarks\n\n`%s` wrote this file.\n\n", r.Command)
	m := r.Machine
	libzmq := m.LibZMQ
	if libzmq == "" {
		libzmq = "not measured"
	}
	fmt.Fprintf(&b, "| | |\n|---|---|\n| date | %s |\n| processor | %s, %d cores |\n",
		r.Date.UTC().Format("2006-01-02 15:04 UTC"), m.CPU, m.Cores)
	fmt.Fprintf(&b, "| system | %s |\n| Go | %s |\n| libzmq | %s |\n", m.System, m.Go, libzmq)
	if m.Load != "" {
		fmt.Fprintf(&b, "| load before | %s |\n", m.Load)
	}
	if m.Others != "" {
		fmt.Fprintf(&b, "| other processes during the run | %s |\n", m.Others)
	}
	fmt.Fprintf(&b, "\n%s\n", introduction)
	if m.LibZMQ == "" {
		fmt.Fprintf(&b, "\n%s\n", withoutLibZMQ)
	}
	// What is to be reached is what readers look for first.
	goals := goalTable(r.Rows)
	if len(goals.lines) > 0 {
		fmt.Fprintf(&b, "\n## %s\n\n%s\n\n", goals.title, summary(r.Rows))
		goals.markdown(&b)
	}
	for _, t := range []table{figuresTable(r.Rows), costTable(r.Rows)} {
		if len(t.lines) > 0 {
			fmt.Fprintf(&b, "\n## %s\n\n", t.title)
			t.markdown(&b)
		}
	}
	if list := notes(append(r.Rows[:len(r.Rows):len(r.Rows)], r.Sizes...)); len(list) > 0 {
		fmt.Fprintf(&b, "\nWhat failed:\n\n")
		for _, n := range list {
			fmt.Fprintf(&b, "- %s\n", n)
		}
	}
	if len(r.Sizes) > 0 {
		fmt.Fprintf(&b, "\n## Throughput against message size\n\n"+
			"![messages a second against octets of content](%s)\n\n", r.Plot)
		figuresTable(r.Sizes).markdown(&b)
		b.WriteString("\n")
		costTable(r.Sizes).markdown(&b)
	}
	if len(r.Go) > 0 {
		fmt.Fprintf(&b, "\n## Go benchmarks\n\n"+
			"`go test -bench . -benchmem`, the parts by themselves.\n\n```\n%s\n```\n",
			strings.Join(r.Go, "\n"))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (t table) markdown(b *strings.Builder) {
	fmt.Fprintf(b, "| %s |\n|%s%s\n", strings.Join(t.head, " | "),
		strings.Repeat("---|", t.texts), strings.Repeat("--:|", len(t.head)-t.texts))
	for _, cells := range t.lines {
		fmt.Fprintf(b, "| %s |\n", strings.Join(cells, " | "))
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
