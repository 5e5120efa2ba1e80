package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/gozre/zre/cmd/internal/cli"
	"github.com/gozre/zre/zre"
)

// pipeRun is a run of the shell between two pipes.
type pipeRun struct {
	node   *fakeNode
	input  *os.File // the end that the test writes commands to
	lines  chan string
	stderr strings.Builder
	ended  chan error
}

func startPipe(t *testing.T, ctx context.Context, n *fakeNode, o *options, stdin *os.File) *pipeRun {
	t.Helper()
	r := &pipeRun{node: n, lines: make(chan string, 1000), ended: make(chan error, 1)}
	if stdin == nil {
		in, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		stdin, r.input = in, w
	}
	out, stdout, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	s := newShell(n, &cli.Env{Stdin: stdin, Stdout: stdout, Stderr: &r.stderr, Level: new(slog.LevelVar)}, *o)
	go func() {
		r.ended <- s.runPipe(ctx)
		stdout.Close()
	}()
	go func() {
		text, _ := io.ReadAll(out)
		for line := range strings.Lines(string(text)) {
			r.lines <- strings.TrimRight(line, "\n")
		}
		close(r.lines)
	}()
	return r
}

// end waits for the shell to end, and returns its error and what it printed.
func (r *pipeRun) end() ([]string, error) {
	err := <-r.ended
	var lines []string
	for line := range r.lines {
		lines = append(lines, line)
	}
	return lines, err
}

func pipeOptions(change func(*options)) *options {
	o := newOptions()
	if change != nil {
		change(o)
	}
	return o
}

func TestPipeCommands(t *testing.T) {
	n := newFakeNode()
	n.come(alice)
	r := startPipe(t, t.Context(), n, pipeOptions(nil), nil)
	io.WriteString(r.input, "/join chat\n\n/shout chat hello there\r\n/whisper alice x")
	r.input.Close()
	lines, err := r.end()
	if err != nil {
		t.Error(err)
	}
	want := []string{"join chat", `shout chat ["hello there"]`, `whisper ` + alice.ID.String() + ` ["x"]`, "flush", "close"}
	if got := n.done(); !slices.Equal(got, want) {
		t.Errorf("the node did %q, want %q", got, want)
	}
	wantLines := []string{"START   me " + self.String() + " tcp://127.0.0.1:9 X-PUBLICKEY=K", "ENTER   alice " + alice.ID.String() + " tcp://127.0.0.1:1 k=v", "JOIN    alice chat", "JOIN    alice time"}
	if !slices.Equal(lines, wantLines) {
		t.Errorf("printed %q, want %q", lines, wantLines)
	}
}

func TestPipeStatus(t *testing.T) {
	soon := func(o *options) { o.patience = 1 } // a nanosecond
	tests := map[string]struct {
		input  string
		status int
		stderr string
	}{
		"all right":          {"/join a\n", 0, ""},
		"a wrong command":    {"/jion a\n/join b\n", 1, "zre: line 1: there is no command /jion; did you mean /join?"},
		"nobody there":       {"/shout a b\n", 3, "zre: line 1: nobody is in a"},
		"and why":            {"/shout a b\n", 3, "zre: the configured peer 10.0.0.9:1 is not reached: timed out. What to do: open it\n"},
		"no such peer":       {"\n/whisper a b\n", 3, "zre: line 2: there is no peer called a"},
		"both":               {"/whisper a b\n/what\n", 1, "line 2: there is no command"},
		"quit":               {"/quit\n/what\n", 0, ""},
		"too long":           {strings.Repeat("x", maxLine+1), 1, ""},
		"text for nobody":    {"hello\n", 1, "you are in no group"},
		"ends in the middle": {"/join a", 0, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			r := startPipe(t, t.Context(), newFakeNode(), pipeOptions(soon), nil)
			go func() {
				io.WriteString(r.input, test.input)
				r.input.Close()
			}()
			_, err := r.end()
			if cli.Status(err) != test.status || !strings.Contains(r.stderr.String(), test.stderr) {
				t.Errorf("status %d, %v, stderr %q; want %d, %q", cli.Status(err), err, r.stderr.String(), test.status, test.stderr)
			}
		})
	}
}

func TestPipeUndelivered(t *testing.T) {
	n := newFakeNode(alice)
	n.flushErr = &zre.DeliveryError{Op: "flush", Missed: []zre.Missed{{Peer: alice.ID, Name: "alice", Err: zre.ErrPeerGone}}}
	r := startPipe(t, t.Context(), n, pipeOptions(nil), nil)
	io.WriteString(r.input, "/shout chat x\n")
	r.input.Close()
	if _, err := r.end(); cli.Status(err) != cli.ExitFailure || err.Error() != "not known to have received everything: alice ("+alice.ID.String()+"): peer is gone" {
		t.Errorf("%v", err)
	}
}

// However many have missed something, the text names a few.
func TestDeliveryNamesAFew(t *testing.T) {
	e := &zre.DeliveryError{Op: "flush"}
	for i := range 3000 {
		e.Missed = append(e.Missed, zre.Missed{Name: fmt.Sprint("peer", i), Err: zre.ErrPeerGone})
	}
	s := &shell{screen: &screen{}, node: newFakeNode()}
	for name, err := range map[string]error{"in a pipe": delivery(e), "on a screen": s.delivered(e)} {
		text := err.Error()
		if len(text) > 2000 || !strings.Contains(text, "peer9") || !strings.HasSuffix(text, " and 2,990 more") {
			t.Errorf("%s: %d octets: %.300s...", name, len(text), text)
		}
	}
}

// Without an input, and with --stay after it, the shell goes on until a signal.
func TestPipeStays(t *testing.T) {
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	for name, stdin := range map[string]*os.File{"/dev/null": null, "--stay": nil} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancelCause(t.Context())
			n := newFakeNode()
			r := startPipe(t, ctx, n, pipeOptions(func(o *options) { o.stay, o.json, o.join = stdin == nil, true, []string{"chat"} }), stdin)
			if r.input != nil {
				r.input.Close()
			}
			n.come(bob)
			n.events <- zre.Event{Type: zre.EventShout, Peer: bob.ID, Name: "bob", Group: "chat", Content: frames("x")}
			cancel(&cli.SignalError{Signal: syscall.SIGTERM})
			lines, err := r.end()
			if err != nil {
				t.Error(err)
			}
			if did := n.done(); !slices.Contains(did, "join chat") || did[len(did)-1] != "close" {
				t.Errorf("the node did %q", did)
			}
			var events []string
			for _, line := range lines {
				var object struct{ Event string }
				if err := json.Unmarshal([]byte(line), &object); err != nil {
					t.Errorf("%q: %v", line, err)
				}
				events = append(events, object.Event)
			}
			if got := strings.Join(events, " "); got != "START ENTER JOIN SHOUT" {
				t.Errorf("printed %s", got)
			}
		})
	}
}

// The reader of our output may stop. Then the shell says goodbye and leaves without an error.
func TestPipeOutputClosed(t *testing.T) {
	in, input, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer input.Close()
	out, stdout, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	out.Close()
	n := newFakeNode()
	s := newShell(n, &cli.Env{Stdin: in, Stdout: stdout, Stderr: io.Discard, Level: new(slog.LevelVar)}, *newOptions())
	if err := s.runPipe(t.Context()); err != nil {
		t.Error(err)
	}
	if did := n.done(); !slices.Equal(did, []string{"close"}) {
		t.Errorf("the node did %q", did)
	}
}

func TestPipeAnswers(t *testing.T) {
	for _, asJSON := range []bool{false, true} {
		n := newFakeNode(alice, bob)
		r := startPipe(t, t.Context(), n, pipeOptions(func(o *options) { o.json, o.patience = asJSON, 1 }), nil)
		io.WriteString(r.input, "/join chat\n/peers\n/groups\n/stats\n/stats alice\n/help\n")
		r.input.Close()
		lines, err := r.end()
		if err != nil {
			t.Error(err)
		}
		text := strings.Join(lines, "\n")
		want := []string{"alice  " + alice.ID.String() + "  tcp://127.0.0.1:1  chat,time  k=v", "chat   you, alice (leader), bob", "messages in       42", "/whisper PEER TEXT"}
		if asJSON {
			want = []string{`"peers":[{"peer":"` + alice.ID.String() + `","name":"alice"`, `{"group":"chat","own":true,"peers":["`, `"],"leader":"` + alice.ID.String() + `"}`, `"messages_in":42`, `"peer":"` + alice.ID.String() + `","name":"alice","messages_in":0`}
			for _, line := range lines {
				if !json.Valid([]byte(line)) {
					t.Errorf("not JSON: %s", line)
				}
			}
			if !strings.Contains(r.stderr.String(), "/whisper PEER TEXT") {
				t.Error("/help is not on stderr, where it does not come between the events")
			}
		}
		for _, w := range want {
			if !strings.Contains(text, w) {
				t.Errorf("json %v: no %q in\n%s", asJSON, w, text)
			}
		}
	}
}

func TestReadLinesStops(t *testing.T) {
	stop := make(chan struct{})
	close(stop)
	if err := readLines(strings.NewReader("a\nb\n"), make(chan string), stop); err != nil && !errors.Is(err, io.EOF) {
		t.Error(err)
	}
}
