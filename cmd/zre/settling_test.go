package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/gozre/zre/cmd/internal/cli"
)

// runSettling runs commands from a pipe with a node that settles with an error, and returns
// what the node did, with "settle" among it.
func runSettling(t *testing.T, commands string, unsettled error) (did []string, stderr string, err error) {
	t.Helper()
	in, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		_, _ = io.WriteString(w, commands)
		_ = w.Close()
	}()
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	var out strings.Builder
	n := newFakeNode(alice)
	s := newShell(n, &cli.Env{Stdin: in, Stdout: null, Stderr: &out, Level: new(slog.LevelVar)}, *newOptions())
	s.settle = func(context.Context) error {
		n.note("settle")
		return unsettled
	}
	err = s.runPipe(t.Context())
	return n.done(), out.String(), err
}

// The first command that sends or lists waits until it is known who is there; others do not.
func TestPipeSettles(t *testing.T) {
	shout, whisper := `shout chat ["x"]`, "whisper "+alice.ID.String()+` ["y"]`
	for commands, want := range map[string][]string{
		"/join chat\nx\n/shout chat x\n":    {"join chat", "settle", shout, shout, "flush", "close"},
		"/whisper alice y\n/shout chat x\n": {"settle", whisper, shout, "flush", "close"},
		"/peers\n/groups\n/shout chat x\n":  {"settle", shout, "flush", "close"},
		"/join chat\n/stats\n/leave chat\n": {"join chat", "leave chat", "flush", "close"},
	} {
		did, stderr, err := runSettling(t, commands, nil)
		if err != nil || stderr != "" || !slices.Equal(did, want) {
			t.Errorf("%q: the node did %q, want %q; stderr %q, %v", commands, did, want, stderr, err)
		}
	}
}

// Who was not reached is named, the others get what is sent, and the status says that it
// was not everybody. A list is no promise.
func TestPipeUnsettled(t *testing.T) {
	unreached := errors.New("not reached: bob")
	for commands, want := range map[string]int{
		"/shout chat x\n/shout chat x\n": cli.ExitFailure,
		"/whisper alice x\n":             cli.ExitFailure,
		"/peers\n/groups\n":              0,
	} {
		did, stderr, err := runSettling(t, commands, unreached)
		if cli.Status(err) != want || stderr != "zre: not reached: bob\n" {
			t.Errorf("%q: status %d, want %d; stderr %q", commands, cli.Status(err), want, stderr)
		}
		if want != 0 && len(did) < 4 {
			t.Errorf("%q: nothing was sent: %q", commands, did)
		}
	}
}
