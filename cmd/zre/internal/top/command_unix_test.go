//go:build unix

package top

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
	"github.com/hinshun/vt10x"
	"go.uber.org/goleak"

	"github.com/gozre/zre/cmd/internal/cli"
	"github.com/gozre/zre/zre"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long a test waits for what has to come.
const patience = 2 * time.Minute

// execute runs "zre top" with these arguments.
func execute(ctx context.Context, stdin, stdout *os.File, stderr io.Writer, args ...string) int {
	program := cli.Program{
		Name: "zre", Short: "commands", Commands: []cli.Program{Command("")},
		Run: func(context.Context, *cli.Env, []string) error { return nil },
	}
	env := &cli.Env{Stdin: stdin, Stdout: stdout, Stderr: stderr}
	return cli.Execute(ctx, program, env, append([]string{"top"}, args...))
}

// peer starts a node. The arguments lead to it.
func peer(t *testing.T) (node *zre.Node, args []string) {
	t.Helper()
	interfaces, err := net.Interfaces()
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range interfaces {
		if i.Flags&net.FlagLoopback == 0 {
			continue
		}
		cfg := zre.Config{Name: "bob", Groups: []string{"chat"}, DiscardEvents: true}
		cfg.Discovery = zre.Discovery{NoBeacon: true, Interfaces: []string{i.Name}}
		cfg.Timing.CloseTimeout = time.Second
		if node, err = zre.Start(context.Background(), cfg); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = node.Close() }) // The command has left.
		return node, []string{"--no-beacon", "--name", "watcher", "--interface", i.Name, "--peer", node.Endpoint()}
	}
	t.Skip("this machine has no loopback interface")
	return nil, nil
}

// terminal is what the terminal shows.
type terminal struct {
	mu sync.Mutex
	vt vt10x.Terminal
}

func (x *terminal) Write(p []byte) (int, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.vt.Write(p)
}

func (x *terminal) resize(width, height int) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.vt.Resize(width, height)
}

func (x *terminal) text() string {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.vt.String()
}

// until waits until the terminal shows all of these.
func (x *terminal) until(t *testing.T, wanted ...string) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for {
		text, missing := x.text(), ""
		for _, w := range wanted {
			if !strings.Contains(text, w) {
				missing = w
			}
		}
		if missing == "" {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain for %q in\n%s", missing, text)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// TestOnTerminal runs the command on a terminal, whose size changes.
func TestOnTerminal(t *testing.T) {
	t.Setenv("TERM", "xterm-256color")
	node, args := peer(t)
	controller, tty, err := pty.Open()
	if err != nil {
		t.Skipf("no terminal can be opened: %v", err)
	}
	if err := pty.Setsize(controller, &pty.Winsize{Cols: 80, Rows: 24}); err != nil {
		t.Fatal(err)
	}
	screen := &terminal{vt: vt10x.New(vt10x.WithSize(80, 24))}
	ctx, cancel := context.WithCancel(context.Background())
	status := -1
	var stderr strings.Builder
	var running, copying sync.WaitGroup
	copying.Go(func() { _, _ = io.Copy(screen, controller) }) // ends with an error when tty is closed
	running.Go(func() { status = execute(ctx, tty, tty, &stderr, append(args, "chat")...) })
	defer func() {
		cancel()
		running.Wait()
		_ = tty.Close()
		_ = controller.Close()
		copying.Wait()
	}()
	typed := func(keys string) {
		t.Helper()
		if _, err := io.WriteString(controller, keys); err != nil {
			t.Fatal(err)
		}
	}
	screen.until(t, "zre top  watcher", "bob", "chat 1+", "ENTER", "q quit")
	if err := node.Shout(ctx, "chat", []byte("hello")); err != nil {
		t.Fatal(err)
	}
	screen.until(t, "bob to chat: 1 message, 5B")
	typed("/zz")
	screen.until(t, "filter: zz", "nobody matches")
	typed("\x15bo\r")
	screen.until(t, "1 of 1 peer")
	typed("?")
	screen.until(t, "sort by the next column")
	typed("?")
	if err := pty.Setsize(controller, &pty.Winsize{Cols: 120, Rows: 40}); err != nil {
		t.Fatal(err)
	}
	screen.resize(120, 40)
	if err := windowChanged(); err != nil {
		t.Fatal(err)
	}
	screen.until(t, "ADDRESS")
	typed("q")
	running.Wait()
	if status != 0 || stderr.String() != "" {
		t.Errorf("status %d: %s", status, &stderr)
	}
}

// windowChanged tells this process that its terminal has another size, as the kernel tells the
// process on the terminal.
func windowChanged() error {
	self, err := os.FindProcess(os.Getpid())
	if err != nil {
		return err
	}
	return self.Signal(syscall.SIGWINCH)
}

func TestWithoutTerminal(t *testing.T) {
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = null.Close() }()
	var stderr strings.Builder
	if status := execute(context.Background(), null, null, &stderr); status != cli.ExitUsage || !strings.Contains(stderr.String(), "--json") {
		t.Errorf("status %d: %s", status, &stderr)
	}
}

// TestJSON reads until bob is there, and closes the pipe: that ends the command.
func TestJSON(t *testing.T) {
	_, args := peer(t)
	reader, stdout, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	status := -1
	var stderr strings.Builder
	var running sync.WaitGroup
	running.Go(func() {
		defer func() { _ = stdout.Close() }()
		status = execute(ctx, os.Stdin, stdout, &stderr, append(args, "--json")...)
	})
	lines, seen := bufio.NewScanner(reader), false
	lines.Buffer(nil, 16<<20)
	for !seen && lines.Scan() {
		var o struct {
			Event string
			Peers []struct {
				Name string
				RTT  *float64 `json:"rtt_ms"`
			}
		}
		if err := json.Unmarshal(lines.Bytes(), &o); err != nil || o.Event != "NETWORK" {
			t.Fatalf("%q: %v", lines.Text(), err)
		}
		seen = len(o.Peers) == 1 && o.Peers[0].Name == "bob" && o.Peers[0].RTT != nil
	}
	_ = reader.Close()
	running.Wait()
	if !seen || status != 0 || ctx.Err() != nil {
		t.Errorf("bob seen: %v; status %d: %s", seen, status, &stderr)
	}
}
