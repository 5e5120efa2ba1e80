package worker

import (
	"context"
	"io"
	"os"
	"strings"
	"testing"
	"time"
)

// TestMain lets the test binary be the process that New starts.
func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == Hidden {
		if err := Serve(context.Background(), os.Stdin, os.Stdout); err != nil {
			os.Exit(1)
		}
		os.Exit(0)
	}
	// A program with the race detector sleeps for a second before it ends, each worker too.
	if err := os.Setenv("GORACE", "atexit_sleep_ms=0"); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

func hire(t *testing.T, o Options) *Process {
	t.Helper()
	p, err := New(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestJobsThatCannotBeDone(t *testing.T) {
	p := hire(t, Options{Stderr: io.Discard})
	for _, c := range []struct {
		job  Job
		want string
	}{
		{Job{Do: "dance"}, `no such job: "dance"`},
		{Job{Do: Send}, "send before start or bind"},
		{Job{Do: Await}, "await before start"},
		{Job{Do: Connect}, "connect before bind"},
		{Job{Do: Greet}, "greet before mesh"},
		{Job{Do: Bind, Over: "string"}, `bind over "string"`},
		{Job{Do: Mesh, Over: "string"}, `mesh over "string"`},
		{Job{Do: Start, Transport: "none such"}, "none such"},
	} {
		if _, err := p.Do(c.job); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want an error with %q", c.job.Do, err, c.want)
		}
	}
	// A job that failed does not spoil the next one.
	if _, err := p.Do(Job{Do: Bind, Over: TCP}); err != nil {
		t.Error(err)
	}
	for _, do := range []Task{Send, Ping, Pong} {
		if _, err := p.Do(Job{Do: do}); err == nil ||
			!strings.Contains(err.Error(), "before connect") {
			t.Errorf("%s without a connection: got %v", do, err)
		}
	}
	if err := p.Close(); err != nil {
		t.Error(err)
	}
	if _, err := p.Do(Job{Do: Bind, Over: TCP}); err == nil {
		t.Error("a worker that has ended did a job")
	}
}

// A worker whose starter has died ends, also in the middle of a job that would never end.
func TestLeftAlone(t *testing.T) {
	p := hire(t, Options{Stderr: io.Discard})
	if _, err := p.Do(Job{Do: Bind, Over: TCP}); err != nil {
		t.Fatal(err)
	}
	if err := p.jobs.Encode(Job{Do: Receive, Count: 1}); err != nil {
		t.Fatal(err)
	}
	if err := p.Close(); err == nil {
		t.Error("the job was not done and the worker ended as if it were")
	}
}

func TestUsage(t *testing.T) {
	if _, err := anonymous(); err != nil {
		t.Skip(err)
	}
	p := hire(t, Options{Stderr: io.Discard})
	defer p.Close()
	way, threads := TCP, 0
	if HasLibZMQ {
		way, threads = LibZMQ, 2 // one for input and output, and one that reaps sockets
	}
	if _, err := p.Do(Job{Do: Bind, Over: way}); err != nil {
		t.Fatal(err)
	}
	// A thread of libzmq is known by its name, which it gives itself when it runs.
	r, err := p.Do(Job{Do: Usage, Weigh: true})
	for end := time.Now().Add(time.Minute); err == nil && r.Usage.LibZMQ != threads && time.Now().Before(end); {
		time.Sleep(10 * time.Millisecond)
		r, err = p.Do(Job{Do: Usage, Weigh: true})
	}
	if err != nil {
		t.Fatal(err)
	}
	if u := r.Usage; u.CPU <= 0 || u.Memory < 64<<10 || u.LibZMQ != threads ||
		u.Threads <= u.LibZMQ {
		t.Errorf("got %+v", u)
	}
	if r, err = p.Do(Job{Do: Usage}); err != nil || r.Usage.Memory != 0 {
		t.Errorf("got %+v, %v; memory was not asked for", r.Usage, err)
	}
}

// What a job has used is counted from its beginning, not from the start of the process.
func TestSpent(t *testing.T) {
	if cpuTime() == 0 {
		t.Skip("processor time is not known here")
	}
	p := hire(t, Options{Stderr: io.Discard})
	defer p.Close()
	r, err := p.Do(Job{Do: Bind, Over: TCP})
	if err != nil {
		t.Fatal(err)
	}
	if r.End < r.Begin || time.Since(time.Unix(0, r.Begin)) > time.Minute {
		t.Errorf("began at %d and ended at %d", r.Begin, r.End)
	}
	spent, err := p.Do(Job{Do: Spent})
	if err != nil {
		t.Fatal(err)
	}
	used, err := p.Do(Job{Do: Usage})
	if err != nil {
		t.Fatal(err)
	}
	if spent.CPU <= 0 || spent.CPU >= used.Usage.CPU {
		t.Errorf("spent %v of %v", spent.CPU, used.Usage.CPU)
	}
}

func TestCounter(t *testing.T) {
	content := make([]byte, 16)
	c := newCounter(2)
	for _, m := range []struct {
		source, i int
		want      string // in the error, "" for none
	}{
		{0, 0, ""}, {1, 0, ""}, {0, 1, ""}, {0, 1, "message 1 came where 2 was due"},
		{1, 2, "message 2 came where 1 was due"}, {1, 1, ""}, {2, 0, "message of sender 2"},
		{0, 2, ""},
	} {
		number(content, m.source, m.i)
		err := c.check(content)
		if m.want == "" && err != nil ||
			m.want != "" && (err == nil || !strings.Contains(err.Error(), m.want)) {
			t.Errorf("%d of %d: got %v, want %q", m.i, m.source, err, m.want)
		}
	}
	short := make([]byte, 4)
	number(short, 0, 7)
	if err := c.check(short); err != nil {
		t.Errorf("short messages have no number: %v", err)
	}
}
