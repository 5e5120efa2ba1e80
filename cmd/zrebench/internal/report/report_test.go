package report

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/gozre/zre/cmd/zrebench/internal/measure"
)

func around(v float64) *measure.Spread { return &measure.Spread{Median: v, Min: v / 2, Max: 2 * v} }

func exact(v float64) *measure.Spread { return &measure.Spread{Median: v, Min: v, Max: v} }

// rows are one with everything, one of nodes alone, and one of failures.
func rows() []measure.Row {
	yes, no := true, false
	return []measure.Row{
		{
			Measure: "WHISPER", Size: 16, Unit: "messages/s",
			Node: measure.Figures{
				Value: around(2.5e6), CPU: around(612), Allocs: around(0.0044),
			},
			LibZMQ:   &measure.Figures{Value: around(3.6e6), CPU: around(378)},
			TCP:      &measure.Figures{Value: around(90e6), CPU: around(11)},
			ToLibZMQ: measure.Ratios{Value: around(0.694), CPU: around(1.62)},
			ToTCP:    measure.Ratios{Value: around(0.028), CPU: around(55)},
			Goals: []measure.Verdict{
				{Of: "messages/s", Want: "at least 4 x libzmq", Got: around(0.694), Unit: "x",
					Reached: &no},
				{Of: "allocations of a message", Want: "at most 0.01", Got: around(0.0044),
					Reached: &yes},
			},
		},
		{
			Measure: "wait", Size: 1 << 20, Unit: "µs", Node: measure.Figures{Value: exact(12.34)},
			Goals: []measure.Verdict{{Of: "µs", Want: "at most 2 x libzmq", Unit: "x"}},
		},
		{
			Measure: "meet", Size: 100, Unit: "s",
			Node:   measure.Figures{Failed: "too late", Value: exact(3)},
			LibZMQ: &measure.Figures{Failed: "no more files"},
			Goals:  []measure.Verdict{{Of: "s", Want: "works", Unit: "s", Reached: &no}},
		},
	}
}

func TestText(t *testing.T) {
	var b strings.Builder
	if err := Text(&b, rows(), Circumstances{Others: "3 % of 2 cores"}); err != nil {
		t.Fatal(err)
	}
	want := `
measure  size        unit    node    (min-max)  libzmq    (min-max)  raw TCP    (min-max)  node/libzmq    (min-max)  node/TCP
WHISPER    16  messages/s   2.50M  1.25M-5.00M   3.60M  1.80M-7.20M    90.0M    45.0M-180M        0.694  0.347-1.39    0.0280
wait      1Mi          µs    12.3            -       -            -        -             -            -           -         -
meet      100           s  failed            -  failed            -        -             -            -           -         -

Processor time and allocations of a message, both ends together:
measure  size  node ns  libzmq ns  raw TCP ns  node/libzmq   (min-max)  node/TCP  allocations
WHISPER    16      612        378        11.0         1.62  0.810-3.24      55.0       0.0044

To reach:
measure  what                      to reach             size  measured      (min-max)    reached
WHISPER  messages/s                at least 4 x libzmq    16   0.694 x     0.347-1.39         no
WHISPER  allocations of a message  at most 0.01           16    0.0044  0.0022-0.0088        yes
wait     µs                        at most 2 x libzmq    1Mi         -              -  not known
meet     s                         works                 100    failed              -         no
1 of 4 reached, 1 not known.
meet, 100: node failed: too late
meet, 100: libzmq failed: no more files
Other processes used 3 % of 2 cores during the run.
The columns of libzmq are empty: this zrebench was built without it (go build -tags libzmq).
`
	// Only how the columns are aligned depends on the width of what stands in them.
	if diff := cmp.Diff(squeeze(want), squeeze(b.String())); diff != "" {
		t.Error(diff)
	}
	aligned := make(map[int]bool)
	for _, line := range strings.Split(b.String(), "\n")[:4] {
		aligned[len([]rune(line))] = true
	}
	if len(aligned) != 1 {
		t.Errorf("lines of different widths:\n%s", b.String())
	}
}

// squeeze makes every run of blanks one.
func squeeze(text string) string {
	var lines []string
	for line := range strings.Lines(strings.TrimPrefix(text, "\n")) {
		lines = append(lines, strings.Join(strings.Fields(line), " "))
	}
	return strings.Join(lines, "\n")
}

func TestJSON(t *testing.T) {
	var b strings.Builder
	if err := JSON(&b, rows()); err != nil {
		t.Fatal(err)
	}
	want := rows()
	lines := json.NewDecoder(strings.NewReader(b.String()))
	for i := range want {
		var got measure.Row
		if err := lines.Decode(&got); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want[i], got, cmpopts.IgnoreUnexported(measure.Verdict{})); diff != "" {
			t.Error(diff)
		}
	}
	if n := strings.Count(b.String(), "\n"); n != len(want) {
		t.Errorf("%d lines for %d rows", n, len(want))
	}
}

func TestFigure(t *testing.T) {
	for _, c := range []struct {
		value float64
		want  string
	}{
		{0, "0"}, {0.0024, "0.0024"}, {0.0823, "0.0823"}, {0.0996, "0.100"}, {0.9994, "0.999"},
		{0.9996, "1.00"}, {9.994, "9.99"}, {9.996, "10.0"}, {99.94, "99.9"}, {99.96, "100"},
		{9994, "9994"}, {9995, "10.0k"}, {123456, "123k"}, {999499, "999k"}, {999500, "1.00M"},
		{34567890, "34.6M"}, {345678901, "346M"}, {0.01, "0.0100"},
	} {
		if got := figure(c.value); got != c.want {
			t.Errorf("%v: got %q, want %q", c.value, got, c.want)
		}
	}
	if got := median(nil); got != none {
		t.Errorf("nothing: got %q", got)
	}
}

func TestOctets(t *testing.T) {
	for n, want := range map[int]string{
		0: "-", 16: "16", 1000: "1000", 1024: "1Ki", 1536: "1536", 65536: "64Ki", 1 << 20: "1Mi",
	} {
		if got := octets(n); got != want {
			t.Errorf("%d: got %q, want %q", n, got, want)
		}
	}
}

func TestMarkdown(t *testing.T) {
	r := Report{
		Date: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
		Machine: Machine{
			CPU: "Abacus 9", Cores: 2, System: "linux/amd64 6.1", Go: "go1.26", LibZMQ: "4.3.4",
			Load: "0.50", Others: "3 % of 2 cores",
		},
		Command: "make bench", Rows: rows(), Sizes: rows()[:1], Plot: "p.svg",
		Go: []string{"BenchmarkX\t1"},
	}
	var b strings.Builder
	if err := r.Markdown(&b); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"| date | 2026-01-02 03:04 UTC |", "| processor | Abacus 9, 2 cores |",
		"| libzmq | 4.3.4 |", "| load before | 0.50 |", "| other processes during the run | 3 % of 2 cores |",
		"\n## To reach\n\n1 of 4 reached, 1 not known.\n\n| measure | what | to reach | size |",
		"\n|---|---|---|--:|--:|--:|--:|\n",
		"| WHISPER | messages/s | at least 4 x libzmq | 16 | 0.694 x | 0.347-1.39 | no |",
		"| WHISPER | 16 | messages/s | 2.50M | 1.25M-5.00M | 3.60M | 1.80M-7.20M | 90.0M |",
		"| WHISPER | 16 | 612 | 378 | 11.0 | 1.62 | 0.810-3.24 | 55.0 | 0.0044 |",
		"- meet, 100: node failed: too late\n", "](p.svg)", "BenchmarkX\t1\n```\n",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("there is no %q in\n%s", want, b.String())
		}
	}
	if strings.Contains(b.String(), "-tags") {
		t.Error("it says that libzmq was not measured")
	}
	r.Machine.LibZMQ = ""
	b.Reset()
	if err := r.Markdown(&b); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"| libzmq | not measured |", "go build -tags libzmq"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("there is no %q in\n%s", want, b.String())
		}
	}
}

func TestGoBenchmarks(t *testing.T) {
	output := "goos: linux\npkg: a/b\nBenchmarkOne\t 5\t 3 ns/op\nBenchmarkTwo\nsome text\n" +
		"BenchmarkTwo\t 6\t 2 ns/op\nPASS\npkg: a/none\nok\n" +
		"pkg: a/c\nBenchmarkThree-2\t 1\t 9 ns/op\n"
	want := []string{
		"pkg: a/b", "BenchmarkOne\t 5\t 3 ns/op", "BenchmarkTwo\t 6\t 2 ns/op",
		"pkg: a/c", "BenchmarkThree-2\t 1\t 9 ns/op",
	}
	if diff := cmp.Diff(want, GoBenchmarks(output)); diff != "" {
		t.Error(diff)
	}
}

// whispers are rows with real goals: of 16 octets reached, of 1 KiB missed.
func whispers(t *testing.T) []measure.Row {
	t.Helper()
	const text = `{"measure":"WHISPER","size":%d,"unit":"messages/s",
		"node":{"value":{"median":%d,"min":900,"max":60000}},
		"libzmq":{"value":{"median":1000,"min":900,"max":1100}},
		"tcp":{"value":{"median":90000,"min":80000,"max":99000}},
		"to_libzmq":{"value":{"median":%d,"min":1,"max":60}},"to_tcp":{}}`
	var list []measure.Row
	for size, times := range map[int]int{16: 5, 1 << 10: 1, 1 << 20: 2} {
		var r measure.Row
		line := fmt.Sprintf(text, size, 1000*times, times)
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatal(err)
		}
		r.Judge()
		list = append(list, r)
	}
	slices.SortFunc(list, func(a, b measure.Row) int { return a.Size - b.Size })
	return list
}

func TestPlot(t *testing.T) {
	draw := func(rows []measure.Row) string {
		t.Helper()
		file := filepath.Join(t.TempDir(), "plot.svg")
		if err := Plot(file, rows); err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	all := draw(whispers(t))
	for _, want := range []string{
		"<svg", ">zre<", ">libzmq alone, in C<", ">raw TCP<", ">1Mi<", ">goal, reached<",
		">goal, not reached<",
	} {
		if !strings.Contains(all, want) {
			t.Errorf("there is no %s in the plot", want)
		}
	}
	alone := whispers(t)[:1]
	alone[0].LibZMQ, alone[0].TCP = nil, nil
	for _, no := range []string{"libzmq", "TCP", "goal"} {
		if strings.Contains(draw(alone), no) {
			t.Errorf("there is %s in the plot of nodes alone", no)
		}
	}
	if err := Plot(filepath.Join(t.TempDir(), "plot.nothing"), whispers(t)); err == nil {
		t.Error("a format that does not exist was written")
	}
}
