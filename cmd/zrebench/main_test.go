package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"

	"github.com/gozre/zre/cmd/internal/cli"
	"github.com/gozre/zre/cmd/zrebench/internal/measure"
	"github.com/gozre/zre/cmd/zrebench/internal/worker"
	"github.com/gozre/zre/zre"
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
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
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
		{"--runs 0", "--runs 0: want 1 or more"},
		{"--receivers 0", "--receivers 0: want 1 or more"},
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
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: got %v, want %q", c.args, err, c.want)
		}
	}
}

// small is everything in as few messages as there can be.
func small() *options {
	o := newOptions()
	o.Runs, o.Receivers, o.Nodes, o.Linked, o.HWM = 1, 2, []int{3}, 3, 1000
	o.time, o.idle, o.Settle = cli.Seconds(time.Millisecond), cli.Seconds(100*time.Millisecond), time.Millisecond
	o.Sizes, o.json = []int{16}, true
	o.Stderr, o.Progress = os.Stderr, func(string) {}
	return o
}

func TestEverything(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("what processes use is measured on Linux only")
	}
	key, err := zre.NewCertificate()
	if err != nil {
		t.Fatal(err)
	}
	t.Run("plain", func(t *testing.T) { testEverything(t, "") })
	t.Run("secure", func(t *testing.T) { testEverything(t, key.SecretKey) })
}

func testEverything(t *testing.T, secretKey string) {
	o := small()
	o.SecretKey = secretKey
	if err := o.check(); err != nil {
		t.Fatal(err)
	}
	out, err := os.Create(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	if err := o.run(t.Context(), &cli.Env{Stdout: out, Stderr: os.Stderr}, []string{everything}); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(out.Name())
	if err != nil {
		t.Fatal(err)
	}
	seen := make(map[string]bool)
	for lines := json.NewDecoder(bytes.NewReader(text)); lines.More(); {
		var r measure.Row
		if err := lines.Decode(&r); err != nil {
			t.Fatal(err)
		}
		// Raw sockets that idle use nothing.
		if idle := strings.HasPrefix(r.Measure, "idle"); !idle && (r.Ours <= 0 || r.Raw == nil || *r.Raw <= 0 || r.Ratio == nil) {
			t.Errorf("a row without figures: %+v", r)
		}
		seen[r.Measure] = true
	}
	for _, want := range []string{
		"throughput", "round trip p50, one core", "round trip p99, one core", "fanout to 2", "discovery, 3 nodes",
		"idle, 3 nodes", "threads, 3 nodes", "memory of a link, both ends",
	} {
		if !seen[want] {
			t.Errorf("there is no row %q in\n%s", want, text)
		}
	}
}

// A run that hangs ends with its limit, and says so.
func TestLimit(t *testing.T) {
	o := small()
	o.limit = cli.Seconds(time.Millisecond)
	if err := o.check(); err != nil {
		t.Fatal(err)
	}
	_, err := measure.Throughput(context.Background(), &o.Options)
	if err == nil || !strings.Contains(err.Error(), "took more than 1ms") {
		t.Errorf("got %v", err)
	}
}
