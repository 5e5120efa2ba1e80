package beacon

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/gozre/zre/internal/lab"
)

// The tests on hosts of their own run a node's beacon in a process in each of
// them: this test program again, with hostArgument. It says its beacon many
// times a second and tells what it hears, one line for each different thing.

const hostArgument = "beacon-test-host"

// hostConfig is what such a process is told.
type hostConfig struct {
	Say        string // the beacon; none is sent when it is empty
	Interfaces []string
}

const hostPort = 5670 // the hosts are alone in their network

// hostMain is such a process. It reads a command from each line of its input:
// "forget" makes it tell again what it has told, "stats" prints the counters and
// how many descriptors it has open.
// It ends with its input.
func hostMain(args []string) {
	var config hostConfig
	if err := json.Unmarshal([]byte(args[0]), &config); err != nil {
		panic(err)
	}
	var mu sync.Mutex
	told := make(map[string]bool)
	tell := func(line string) {
		mu.Lock()
		defer mu.Unlock()
		if !told[line] {
			told[line] = true
			fmt.Println(line)
		}
	}
	c, err := Open(Config{
		Interfaces: config.Interfaces,
		Logger:     slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Handler: func(payload []byte, from netip.AddrPort, ifindex int) {
			tell(heardLine(string(payload), from.Addr().String(), interfaceName(ifindex)))
		},
	})
	if err != nil {
		panic(err)
	}
	commands := make(chan string)
	go func() {
		defer close(commands)
		for in := bufio.NewScanner(os.Stdin); in.Scan(); {
			commands <- in.Text()
		}
	}()
	tell("ready")
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			if config.Say == "" {
				continue
			}
			switch err := c.Send([]byte(config.Say)); {
			case errors.Is(err, ErrNotSent):
				tell("not sent")
			case err != nil:
				panic(err)
			default:
				tell("sent")
			}
		case command, ok := <-commands:
			switch {
			case !ok:
				c.Close()
				return
			case command == "forget":
				mu.Lock()
				clear(told)
				mu.Unlock()
			case command == "stats":
				line, err := json.Marshal(hostStats{c.Stats(), openFiles()})
				if err != nil {
					panic(err)
				}
				fmt.Println(string(line))
			}
		}
	}
}

// hostStats is what it prints of itself.
type hostStats struct {
	Stats
	Descriptors int
}

// openFiles counts the descriptors of this process.
func openFiles() int {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		panic(err)
	}
	return len(entries)
}

// heardLine is what the process tells of a beacon.
func heardLine(payload, from, ifname string) string {
	return fmt.Sprintf("heard %q from %s on %s", payload, from, ifname)
}

// interfaceName gives the index where the interface is gone already.
func interfaceName(index int) string {
	ifi, err := net.InterfaceByIndex(index)
	if err != nil {
		return fmt.Sprint(index)
	}
	return ifi.Name
}

// A station is such a process, seen by the test.
type station struct {
	t     *testing.T
	stdin io.Writer
	lines chan string
	seen  []string // of the lines, all that the test has read
}

// start runs a station on the host until the test ends.
func start(t *testing.T, h *lab.Host, config hostConfig) *station {
	t.Helper()
	arg, err := json.Marshal(config)
	if err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := h.Command(self, hostArgument, string(arg))
	var log lockedBuffer
	cmd.Stderr = &log
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	s := &station{t: t, stdin: stdin, lines: make(chan string, 1000)} // more than a test makes it tell
	var reader sync.WaitGroup
	reader.Go(func() {
		for out := bufio.NewScanner(stdout); out.Scan(); {
			s.lines <- out.Text()
		}
	})
	t.Cleanup(func() {
		stdin.Close()
		reader.Wait()
		if err := cmd.Wait(); err != nil && t.Context().Err() == nil {
			t.Errorf("station: %v", err)
		}
		if t.Failed() {
			t.Logf("log of the station that says %q:\n%s", config.Say, log.String())
		}
	})
	s.want("ready")
	return s
}

// want waits until the station tells this line, and passes over others.
func (s *station) want(line string) {
	s.t.Helper()
	s.wantWhile(line, func() {})
}

// wantWhile does the same, and calls again and again what should make the
// station hear something, until it does.
func (s *station) wantWhile(line string, again func()) {
	s.t.Helper()
	before := len(s.seen)
	ticker := time.NewTicker(50 * time.Millisecond)
	defer ticker.Stop()
	deadline := time.After(patience)
	for {
		select {
		case got := <-s.lines:
			s.seen = append(s.seen, got)
			if got == line {
				return
			}
		case <-ticker.C:
			again()
		case <-deadline:
			s.t.Fatalf("waited for: %s\ngot: %q", line, s.seen[before:])
		}
	}
}

// wantHeard waits until the station hears this.
func (s *station) wantHeard(payload, from, ifname string) {
	s.t.Helper()
	s.want(heardLine(payload, from, ifname))
}

func (s *station) command(line string) {
	s.t.Helper()
	if _, err := fmt.Fprintln(s.stdin, line); err != nil {
		s.t.Fatal(err)
	}
}

// stats asks for the counters, and passes over what was told before.
func (s *station) stats() (stats hostStats) {
	s.t.Helper()
	s.command("stats")
	deadline := time.After(patience)
	for {
		select {
		case line := <-s.lines:
			s.seen = append(s.seen, line)
			if json.Unmarshal([]byte(line), &stats) == nil {
				return stats
			}
		case <-deadline:
			s.t.Fatal("no stats")
		}
	}
}

// until asks for the counters until they are as wanted.
func (s *station) until(wanted func(hostStats) bool) {
	s.t.Helper()
	deadline := time.Now().Add(patience)
	for stats := s.stats(); !wanted(stats); stats = s.stats() {
		if time.Now().After(deadline) {
			s.t.Fatalf("still %+v", stats)
		}
	}
}

// lockedBuffer takes the output of a process.
type lockedBuffer struct {
	mu  sync.Mutex
	buf []byte
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.buf = append(b.buf, p...)
	return len(p), nil
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return string(b.buf)
}
