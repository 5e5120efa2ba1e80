package webmap

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/gozre/zre/cmd/internal/cli"
	"github.com/gozre/zre/zre"
)

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

// execute runs "zre map" with these arguments until ctx ends.
func execute(ctx context.Context, stdout *os.File, stderr io.Writer, args ...string) int {
	program := cli.Program{
		Name: "zre", Short: "commands", Commands: []cli.Program{Command("")},
		Run: func(context.Context, *cli.Env, []string) error { return nil },
	}
	env := &cli.Env{Stdin: os.Stdin, Stdout: stdout, Stderr: stderr}
	return cli.Execute(ctx, program, env, append([]string{"map"}, args...))
}

func TestCommand(t *testing.T) {
	cfg := zre.Config{Name: "<b>bob</b>", Groups: []string{"chat"}, DiscardEvents: true}
	cfg.Discovery = zre.Discovery{NoBeacon: true, Interfaces: []string{loopback(t)}}
	cfg.Timing.CloseTimeout = time.Second
	bob, err := zre.Start(context.Background(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = bob.Close() }() // The command has left.
	reader, stdout, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = reader.Close() }()
	ctx, interrupt := context.WithCancelCause(context.Background())
	var stderr strings.Builder
	status := -1
	var running sync.WaitGroup
	running.Go(func() {
		defer func() { _ = stdout.Close() }()
		status = execute(ctx, stdout, &stderr, "--json", "--name", "watcher", "--no-beacon", "--interface", loopback(t), "--peer", bob.Endpoint(), "chat")
	})
	defer running.Wait()
	defer interrupt(nil)

	var line struct{ Event, URL string }
	if err := json.NewDecoder(bufio.NewReader(reader)).Decode(&line); err != nil || line.Event != "MAP" {
		t.Fatalf("%+v, %v", line, err)
	}
	base, token, ok := strings.Cut(line.URL, "/?")
	if !ok || !strings.HasPrefix(base, "http://127.0.0.1:") {
		t.Fatalf("the address is %s", line.URL)
	}
	events, err := client(t, true).Get(base + "/events?" + token)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = events.Body.Close() }()
	if events.StatusCode != http.StatusOK {
		t.Fatalf("status %d", events.StatusCode)
	}
	lines := bufio.NewScanner(events.Body)
	lines.Buffer(nil, 16<<20)
	seen := false
	for !seen && lines.Scan() {
		data, _ := strings.CutPrefix(lines.Text(), "data: ")
		var o struct {
			Self  struct{ Name string }
			Peers []struct {
				Name string
				RTT  *float64 `json:"rtt_ms"`
			}
			Groups []struct {
				Own     bool
				Members int
			}
		}
		if json.Unmarshal([]byte(data), &o) != nil {
			continue
		}
		seen = len(o.Peers) == 1 && o.Peers[0].Name == "<b>bob</b>" && o.Peers[0].RTT != nil && o.Self.Name == "watcher" &&
			len(o.Groups) == 1 && o.Groups[0].Own && o.Groups[0].Members == 1
	}
	if !seen {
		t.Errorf("bob was not seen: %v", lines.Err())
	}
	interrupt(&cli.SignalError{Signal: syscall.SIGINT})
	for lines.Scan() { // The stream ends with the command.
	}
	running.Wait()
	if status != 0 {
		t.Errorf("status %d: %s", status, &stderr)
	}
}

// TestListen holds that only addresses of this host are served without --allow-remote.
func TestListen(t *testing.T) {
	for listen, says := range map[string]string{
		"0.0.0.0:0":          "--allow-remote",
		":0":                 "--allow-remote",
		"[::]:0":             "--allow-remote",
		"192.0.2.1:0":        "--allow-remote",
		"[::ffff:8.8.8.8]:0": "--allow-remote",
		"example.org:80":     "not an IP address",
		"127.0.0.1":          "not an address with a port",
		"":                   "not an address with a port",
	} {
		var stderr strings.Builder
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		if status := execute(ctx, os.Stdout, &stderr, "--listen", listen); status != cli.ExitUsage || !strings.Contains(stderr.String(), says) {
			t.Errorf("--listen %q: status %d: %s", listen, status, &stderr)
		}
		cancel()
	}
}
