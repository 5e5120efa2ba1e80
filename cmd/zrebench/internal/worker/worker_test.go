package worker

import (
	"context"
	"io"
	"os"
	"strings"
	"testing"
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
		do   string
		want string
	}{
		{"dance", `no such job: "dance"`},
		{Whisper, "whisper before start"},
		{RawReceive, "raw-receive before"},
		{RawGreet, "raw-greet before raw-mesh"},
	} {
		if _, err := p.Do(Job{Do: c.do}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want an error with %q", c.do, err, c.want)
		}
	}
	// A job that failed does not spoil the next one.
	if _, err := p.Do(Job{Do: RawBind}); err != nil {
		t.Error(err)
	}
	if err := p.Close(); err != nil {
		t.Error(err)
	}
	if _, err := p.Do(Job{Do: RawBind}); err == nil {
		t.Error("a worker that has ended did a job")
	}
}

// A worker whose starter has died ends, also in the middle of a job that would never end.
func TestLeftAlone(t *testing.T) {
	p := hire(t, Options{Stderr: io.Discard})
	if _, err := p.Do(Job{Do: RawBind}); err != nil {
		t.Fatal(err)
	}
	if err := p.jobs.Encode(Job{Do: RawReceive, Count: 1}); err != nil {
		t.Fatal(err)
	}
	if err := p.Close(); err == nil {
		t.Error("the job was not done and the worker ended as if it were")
	}
}

func TestUsage(t *testing.T) {
	if _, err := used(); err != nil {
		t.Skip(err)
	}
	p := hire(t, Options{Stderr: io.Discard})
	defer p.Close()
	if _, err := p.Do(Job{Do: RawBind}); err != nil {
		t.Fatal(err)
	}
	r, err := p.Do(Job{Do: Usage})
	if err != nil {
		t.Fatal(err)
	}
	// libzmq has a thread for input and output, and one that reaps sockets.
	if u := r.Usage; u.CPU <= 0 || u.Memory < 1<<20 || u.LibZMQ != 2 || u.Threads <= u.LibZMQ {
		t.Errorf("got %+v", u)
	}
}

func TestNumbers(t *testing.T) {
	content := make([]byte, 16)
	number(content, 7)
	if err := checkNumber(content, 7); err != nil {
		t.Error(err)
	}
	if err := checkNumber(content, 8); err == nil {
		t.Error("a message that is not the next one was taken")
	}
	short := make([]byte, 4)
	number(short, 7)
	if err := checkNumber(short, 8); err != nil {
		t.Errorf("short messages have no number: %v", err)
	}
}
