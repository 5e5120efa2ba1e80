package oneshot

import (
	"context"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/gozre/zre/cmd/internal/cli"
	"github.com/gozre/zre/zre"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long a test waits for what has to come.
const patience = 2 * time.Minute

// within is a context for waits.
func within(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	return ctx
}

// loopback is the name of the loopback interface.
func loopback(t *testing.T) string {
	t.Helper()
	interfaces, err := net.Interfaces()
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range interfaces {
		if i.Flags&net.FlagLoopback != 0 {
			return i.Name
		}
	}
	t.Skip("this machine has no loopback interface")
	return ""
}

// peer starts a node that commands can reach, which is in these groups. Its events are dropped.
func peer(t *testing.T, name string, groups ...string) *zre.Node {
	t.Helper()
	return peerWith(t, name, func(cfg *zre.Config) { cfg.Groups, cfg.DiscardEvents = groups, true })
}

func peerWith(t *testing.T, name string, set func(*zre.Config)) *zre.Node {
	t.Helper()
	cfg := zre.Config{Name: name}
	cfg.Discovery = zre.Discovery{NoBeacon: true, Interfaces: []string{loopback(t)}}
	cfg.Timing.CloseTimeout = time.Second
	set(&cfg)
	n, err := zre.Start(context.Background(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = n.Close() }) // Commands may have left without an acknowledgement.
	return n
}

// running is a command that runs.
type running struct {
	t              *testing.T
	cancel         context.CancelCauseFunc
	done           chan struct{} // closed when it has ended
	status         int
	stdout, stderr *text
}

// text is what a command has printed so far.
type text struct {
	mu sync.Mutex
	b  strings.Builder
}

func (x *text) Write(p []byte) (int, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.b.Write(p)
}

func (x *text) String() string {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.b.String()
}

// start runs a command with text on standard input, on the network of these nodes.
func start(t *testing.T, stdin string, nodes []*zre.Node, args ...string) *running {
	t.Helper()
	return startTo(t, nil, stdin, nodes, args...)
}

// startTo runs a command whose standard output is a file, which it closes; nil: a pipe that is
// read.
func startTo(t *testing.T, out *os.File, stdin string, nodes []*zre.Node, args ...string) *running {
	t.Helper()
	in := filepath.Join(t.TempDir(), "stdin")
	if err := os.WriteFile(in, []byte(stdin), 0o600); err != nil {
		t.Fatal(err)
	}
	input, err := os.Open(in)
	if err != nil {
		t.Fatal(err)
	}
	reader, output, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	if out != nil {
		_ = output.Close()
		output = out
	}
	r := &running{t: t, done: make(chan struct{}), stdout: &text{}, stderr: &text{}}
	var ctx context.Context
	ctx, r.cancel = context.WithCancelCause(context.Background())
	words := []string{args[0], "--no-beacon", "--interface", loopback(t), "--settle", "60"}
	for _, n := range nodes {
		words = append(words, "--peer", n.Endpoint())
	}
	program := cli.Program{Name: "zre", Short: "commands", Commands: Commands(), Run: func(context.Context, *cli.Env, []string) error { return nil }}
	copied := make(chan struct{})
	go func() {
		defer close(copied)
		_, _ = io.Copy(r.stdout, reader)
		_ = reader.Close()
	}()
	go func() {
		defer close(r.done)
		env := &cli.Env{Stdin: input, Stdout: output, Stderr: r.stderr}
		r.status = cli.Execute(ctx, program, env, append(words, args[1:]...))
		_, _ = input.Close(), output.Close()
		<-copied
	}()
	t.Cleanup(func() {
		r.cancel(context.Canceled)
		<-r.done
		if t.Failed() {
			t.Logf("zre %s: status %d\n%s%s", strings.Join(args, " "), r.status, r.stdout, r.stderr)
		}
	})
	return r
}

// interrupt is Ctrl-C.
func (r *running) interrupt() { r.cancel(&cli.SignalError{Signal: syscall.SIGINT}) }

// wait waits for the end, and holds that it comes with this status.
func (r *running) wait(status int) *running {
	r.t.Helper()
	select {
	case <-r.done:
	case <-time.After(patience):
		r.t.Fatal("the command does not end")
	}
	if r.status != status {
		r.t.Errorf("status %d, want %d; stdout %q, stderr %q", r.status, status, r.stdout, r.stderr)
	}
	return r
}

// run runs a command to its end.
func run(t *testing.T, status int, nodes []*zre.Node, args ...string) *running {
	t.Helper()
	return start(t, "", nodes, args...).wait(status)
}

// says holds what is printed.
func (r *running) says(stdout, stderr string) {
	r.t.Helper()
	if got := r.stdout.String(); !strings.Contains(got, stdout) || stdout == "" && got != "" {
		r.t.Errorf("stdout %q, want %q", got, stdout)
	}
	if got := r.stderr.String(); !strings.Contains(got, stderr) || stderr == "" && got != "" {
		r.t.Errorf("stderr %q, want %q", got, stderr)
	}
}

// until waits until a condition holds.
func until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for !holds() {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain for %s", what)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// next takes the next event of a kind.
func next(t *testing.T, n *zre.Node, kind zre.EventType) zre.Event {
	t.Helper()
	ctx := within(t)
	for {
		ev, err := n.Next(ctx)
		if err != nil {
			t.Fatalf("no %v: %v", kind, err)
		}
		if ev.Type == kind {
			return ev
		}
	}
}
