package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"

	"github.com/gozre/zre/cmd/internal/cli"
	"github.com/gozre/zre/cmd/zrebench/internal/measure"
	"github.com/gozre/zre/cmd/zrebench/internal/worker"
)

// TestMain lets the test binary be the processes that it starts, as zrebench is.
func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == worker.Hidden {
		main()
		return
	}
	// A program with the race detector sleeps for a second before it ends, each worker too.
	if err := os.Setenv("GORACE", "atexit_sleep_ms=0"); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

// says whether an error holds a text, or is nil if there is none.
func says(err error, text string) bool {
	if text == "" || err == nil {
		return text == "" && err == nil
	}
	return strings.Contains(err.Error(), text)
}

func TestArguments(t *testing.T) {
	for _, c := range []struct {
		args []string
		want string // in the error; "" for none
	}{
		{[]string{"throughput"}, ""},
		{[]string{"throughput", "idle"}, ""},
		{[]string{"all"}, ""},
		{[]string{"report"}, ""},
		{nil, "what is to be measured?"},
		{[]string{"speed"}, `no measure "speed"`},
		{[]string{"report", "idle"}, "report stands alone"},
	} {
		err := positional(nil, c.args)
		if !says(err, c.want) {
			t.Errorf("%q: got %v, want %q", c.args, err, c.want)
		}
	}
}

func TestFlags(t *testing.T) {
	for _, c := range []struct {
		args string
		want string // in the error; "" for none
	}{
		{"--runs 3 --time 0.5 --size 16,4k,1M --nodes 2,75 --receivers 3 --hwm 0 --idle 10", ""},
		{"--senders 3 --processes 5 --cores 1 --transport mem --secure", ""},
		{"--runs 0", "--runs 0: want 1 or more"},
		{"--receivers 0", "--receivers 0: want 1 or more"},
		{"--senders 0", "--senders 0: want 1 or more"},
		{"--processes 1", "--processes 1: want 2 or more"},
		{"--cores 0", "--cores 0: want 1 or more"},
		{"--hwm -1", "--hwm -1: want 0 or more"},
		{"--size 16,,1k", "not a number of octets"},
		{"--size 1G", "more than"},
		{"--nodes 1", "not numbers of nodes"},
		{"--nodes 75,1000", "not numbers of nodes"},
		{"--time 0", "not a number of seconds"},
	} {
		o := newOptions()
		fs := pflag.NewFlagSet("test", pflag.ContinueOnError)
		fs.SetOutput(io.Discard)
		o.register(fs)
		err := fs.Parse(strings.Fields(c.args))
		if err == nil {
			if err = o.check(); err != nil && cli.Status(err) != cli.ExitUsage {
				t.Errorf("%s: status %d", c.args, cli.Status(err))
			}
		}
		if !says(err, c.want) {
			t.Errorf("%s: got %v, want %q", c.args, err, c.want)
		}
	}
}

// small is everything in as few messages as there can be.
func small() *options {
	o := newOptions()
	o.Runs, o.Receivers, o.Senders, o.Nodes = 1, 2, 2, []int{3}
	o.Processes, o.Linked, o.Cores, o.HWM = 3, 3, 2, 1000
	o.time, o.idle = cli.Seconds(time.Millisecond), cli.Seconds(100*time.Millisecond)
	o.Settle, o.Rest = time.Millisecond, time.Millisecond
	o.Sizes, o.json = []int{16}, true
	o.Stderr, o.Progress = os.Stderr, func(string) {}
	return o
}

func TestEverything(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("what processes use is measured on Linux only")
	}
	plain := []string{
		"WHISPER", "round trip p50, one core", "round trip p99, one core", "SHOUT to 2 processes",
		"WHISPER of 2 processes to one", "discovery, nodes of one process",
		"discovery, processes of one node", "idle, nodes of one process",
		"threads, nodes of one process", "memory of a link, both ends",
	}
	for _, name := range plain[:3] {
		plain = append(plain, name+", node over tcp")
	}
	nodesAlone := plain
	if worker.HasLibZMQ {
		for _, name := range plain[:3] {
			plain = append(plain, name+", libzmq over ipc")
		}
	}
	var keyed []string
	for _, name := range plain {
		keyed = append(keyed, "secure "+name)
	}
	t.Run("plain", func(t *testing.T) {
		withKeys := []string{"secure WHISPER", "secure discovery, nodes of one process"}
		testEverything(t, small(), append(withKeys, plain...))
	})
	t.Run("secure", func(t *testing.T) {
		o := small()
		o.Secure = true
		testEverything(t, o, keyed)
	})
	t.Run("nodes alone", func(t *testing.T) {
		o := small()
		o.NoRaw = true
		testEverything(t, o, append([]string{
			"secure WHISPER", "secure discovery, nodes of one process",
		}, nodesAlone...))
	})
}

// Rows in which libzmq or raw TCP has no figure.
var (
	withoutTCP = []string{
		"discovery, nodes of one process", "secure discovery, nodes of one process",
		"idle, nodes of one process", "secure idle, nodes of one process",
		"threads, nodes of one process", "secure threads, nodes of one process",
	}
	withoutLibZMQ = []string{
		"secure discovery, nodes of one process", "secure idle, nodes of one process",
		"secure threads, nodes of one process",
	}
)

func testEverything(t *testing.T, o *options, want []string) {
	if err := o.check(); err != nil {
		t.Fatal(err)
	}
	out, err := os.Create(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	env := &cli.Env{Stdout: out, Stderr: os.Stderr}
	if err := o.run(t.Context(), env, []string{everything}); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(out.Name())
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for lines := json.NewDecoder(bytes.NewReader(text)); lines.More(); {
		var r measure.Row
		if err := lines.Decode(&r); err != nil {
			t.Fatal(err)
		}
		got = append(got, r.Measure)
		checkRow(t, o, r)
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("rows %q\nwant %q", got, want)
	}
}

// checkRow says whether a row has what it should have, above zero where there must be something.
func checkRow(t *testing.T, o *options, r measure.Row) {
	t.Helper()
	// Idle sockets use nothing, and a link less than what else changes between two processes.
	least := 0.0
	if strings.Contains(r.Measure, "idle") || strings.Contains(r.Measure, "memory") {
		least = math.Inf(-1)
	}
	if r.Node.Value == nil || r.Node.Value.Median <= least || r.Node.Failed != "" {
		t.Errorf("a row without a figure: %+v", r)
		return
	}
	for _, beside := range []struct {
		name    string
		figures *measure.Figures
		ratio   measure.Ratios
		due     bool
	}{
		{"libzmq", r.LibZMQ, r.ToLibZMQ,
			worker.HasLibZMQ && !o.NoRaw && !slices.Contains(withoutLibZMQ, r.Measure)},
		{"TCP", r.TCP, r.ToTCP, !o.NoRaw && !slices.Contains(withoutTCP, r.Measure)},
	} {
		f := beside.figures
		switch {
		case !beside.due:
			if f != nil {
				t.Errorf("%s: %s has figures", r.Measure, beside.name)
			}
		case f == nil || f.Value == nil || f.Value.Median <= least || f.Failed != "":
			t.Errorf("%s: %s has no figure: %+v", r.Measure, beside.name, f)
		case least == 0 && beside.ratio.Value == nil:
			t.Errorf("%s: there is no ratio to %s", r.Measure, beside.name)
		case (f.CPU == nil) != (r.Node.CPU == nil) || f.Allocs != nil:
			t.Errorf("%s: %s has processor time and allocations %v, %v",
				r.Measure, beside.name, f.CPU, f.Allocs)
		}
	}
	messages := strings.Contains(r.Measure, "WHISPER") || strings.Contains(r.Measure, "SHOUT") ||
		strings.Contains(r.Measure, "p50")
	if (r.Node.CPU != nil) != messages || (r.Node.Allocs != nil) != messages ||
		messages && r.Node.CPU.Median <= 0 {
		t.Errorf("%s: processor time %v, allocations %v", r.Measure, r.Node.CPU, r.Node.Allocs)
	}
}

// The report has everything, also what failed.
func TestReport(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("what processes use is measured on Linux only")
	}
	o := small()
	o.json, o.output = false, filepath.Join(t.TempDir(), "figures.md")
	if err := o.check(); err != nil {
		t.Fatal(err)
	}
	if err := o.write(t.Context()); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(o.output)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"## To reach", " reached", "\n| WHISPER | messages/s | at least 4 x libzmq | 16 |",
		"\n| memory of a link, both ends | 18 | KiB |", "](figures.svg)",
		"\n| secure discovery, nodes of one process | 3 | s |",
	} {
		if !strings.Contains(string(text), want) {
			t.Errorf("there is no %q in\n%s", want, text)
		}
	}
	if !worker.HasLibZMQ && !strings.Contains(string(text), "-tags libzmq") {
		t.Errorf("nothing says why the columns of libzmq are empty:\n%s", text)
	}
}

// A run that hangs ends with its limit, and says so; so does a node that cannot start.
func TestFailures(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*options)
		want   string
	}{
		{"limit", func(o *options) { o.limit = cli.Seconds(time.Millisecond) },
			"took more than 1ms"},
		{"transport", func(o *options) { o.Transport = "pigeon" }, "pigeon"},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := small()
			o.Stderr = io.Discard
			c.change(o)
			if err := o.check(); err != nil {
				t.Fatal(err)
			}
			rows, err := measure.Throughput(t.Context(), &o.Options)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v", err)
			}
			if len(rows) != 1 || !strings.Contains(rows[0].Node.Failed, c.want) {
				t.Errorf("got %+v", rows)
			}
		})
	}
}

// A signal ends zrebench immediately.
func TestStopped(t *testing.T) {
	o := small()
	if err := o.check(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	stop := errors.New("enough")
	cancel(stop)
	if _, err := measure.Secure(ctx, &o.Options); !errors.Is(err, stop) {
		t.Errorf("got %v", err)
	}
}
