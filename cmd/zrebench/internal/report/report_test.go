package report

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gozre/zre/cmd/zrebench/internal/measure"
)

func ptr(v float64) *float64 { return &v }

// rows are one with everything and one with nothing beside it.
func rows() []measure.Row {
	return []measure.Row{
		{
			Measure: "throughput", Size: 16, Ours: 2.5e6, OursMin: 2e6, OursMax: 3e6, Raw: ptr(3.6e6), RawMin: ptr(3.5e6), RawMax: ptr(3.7e6),
			Ratio: ptr(0.694), Unit: "msg/s", Allocs: ptr(0.0044), CPU: ptr(612), RawCPU: ptr(378),
		},
		{Measure: "wait", Size: 1 << 20, Ours: 12.34, OursMin: 12.34, OursMax: 12.34, Unit: "µs"},
	}
}

func TestTable(t *testing.T) {
	var b strings.Builder
	if err := Table(&b, rows()); err != nil {
		t.Fatal(err)
	}
	want := `
measure     size   ours    (min-max)    raw    (min-max)  ratio   unit  allocs/msg  CPU ns/msg  raw
throughput    16  2.50M  2.00M-3.00M  3.60M  3.50M-3.70M   0.69  msg/s       0.004         612  378
wait         1Mi   12.3            -      -            -      -     µs           -           -    -
`
	if diff := cmp.Diff(strings.TrimPrefix(want, "\n"), b.String()); diff != "" {
		t.Error(diff)
	}
}

func TestJSON(t *testing.T) {
	var b strings.Builder
	if err := JSON(&b, rows()); err != nil {
		t.Fatal(err)
	}
	want := `{"measure":"throughput","size":16,"ours":2500000,"raw":3600000,"ratio":0.694,"unit":"msg/s","allocs":0.0044,` +
		`"cpu":612,"raw_cpu":378,"ours_min":2000000,"ours_max":3000000,"raw_min":3500000,"raw_max":3700000}
{"measure":"wait","size":1048576,"ours":12.34,"raw":null,"ratio":null,"unit":"µs","ours_min":12.34,"ours_max":12.34}
`
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Error(diff)
	}
}

func TestFigure(t *testing.T) {
	for _, c := range []struct {
		value float64
		want  string
	}{
		{0, "0"}, {0.0823, "0.082"}, {0.9994, "0.999"}, {0.9996, "1.00"}, {9.994, "9.99"}, {9.996, "10.0"}, {99.94, "99.9"},
		{99.96, "100"}, {9994, "9994"}, {9995, "10.0k"}, {123456, "123k"}, {999499, "999k"}, {999500, "1.00M"}, {34567890, "34.6M"},
	} {
		if got := figure(&c.value); got != c.want {
			t.Errorf("%v: got %q, want %q", c.value, got, c.want)
		}
	}
	if got := figure(nil); got != none {
		t.Errorf("nothing: got %q", got)
	}
}

func TestOctets(t *testing.T) {
	for n, want := range map[int]string{0: "-", 16: "16", 1000: "1000", 1024: "1Ki", 1536: "1536", 65536: "64Ki", 1 << 20: "1Mi"} {
		if got := octets(n); got != want {
			t.Errorf("%d: got %q, want %q", n, got, want)
		}
	}
}

func TestMarkdown(t *testing.T) {
	r := Report{
		Date:    time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
		Machine: Machine{CPU: "Abacus 9", Cores: 2, System: "linux/amd64 6.1", Go: "go1.26", LibZMQ: "4.3.4", Load: "0.50"},
		Command: "make bench", Rows: rows(), Sizes: rows()[:1], Plot: "p.svg", Go: []string{"BenchmarkX\t1"},
	}
	var b strings.Builder
	if err := r.Markdown(&b); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"| date | 2026-01-02 03:04 UTC |", "| processor | Abacus 9, 2 cores |", "| libzmq | 4.3.4 |", "| load before | 0.50 |",
		"| throughput | 16 | 2.50M | 2.00M-3.00M | 3.60M | 3.50M-3.70M | 0.69 | msg/s | 0.004 | 612 | 378 |",
		"](p.svg)", "BenchmarkX\t1\n```\n",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("there is no %q in\n%s", want, b.String())
		}
	}
}

func TestGoBenchmarks(t *testing.T) {
	output := "goos: linux\npkg: a/b\nBenchmarkOne\t 5\t 3 ns/op\nBenchmarkTwo\nsome text\nBenchmarkTwo\t 6\t 2 ns/op\nPASS\npkg: a/none\nok\n" +
		"pkg: a/c\nBenchmarkThree-2\t 1\t 9 ns/op\n"
	want := []string{"pkg: a/b", "BenchmarkOne\t 5\t 3 ns/op", "BenchmarkTwo\t 6\t 2 ns/op", "pkg: a/c", "BenchmarkThree-2\t 1\t 9 ns/op"}
	if diff := cmp.Diff(want, GoBenchmarks(output)); diff != "" {
		t.Error(diff)
	}
}

func TestPlot(t *testing.T) {
	file := filepath.Join(t.TempDir(), "plot.svg")
	more := rows()
	more[1].Unit = "msg/s"
	if err := Plot(file, more); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"<svg", ">zre<", ">libzmq alone, in C<", ">1Mi<"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("there is no %s in the plot", want)
		}
	}
	if err := Plot(filepath.Join(t.TempDir(), "plot.nothing"), more); err == nil {
		t.Error("a format that there is not was written")
	}
}
