package beacon

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/gozre/zre/internal/lab"
)

const hostPort = DefaultPort // the hosts are alone in their network

// A station is such a process, seen by the test.
type station struct {
	t     *testing.T
	stdin io.Writer
	lines chan string
	seen  []string // of the lines, all that the test has read
}

// A starter runs a station on the host until the test ends.
type starter func(*testing.T, *lab.Host, hostConfig) *station

// onHosts runs a test with stations over the sockets of this system and with
// stations over those of others.
func onHosts(t *testing.T, test func(*testing.T, starter)) {
	for name, portable := range map[string]bool{"system": false, "portable": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel() // the hosts of one know nothing of the other's
			test(t, func(t *testing.T, h *lab.Host, config hostConfig) *station {
				t.Helper()
				config.Portable = portable
				return start(t, h, config)
			})
		})
	}
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

// wantEach waits until the station has told all these lines, in any order.
func (s *station) wantEach(lines ...string) {
	s.t.Helper()
	missing := slices.Clone(lines)
	deadline := time.After(patience)
	for len(missing) > 0 {
		select {
		case got := <-s.lines:
			s.seen = append(s.seen, got)
			missing = slices.DeleteFunc(missing, func(line string) bool { return line == got })
		case <-deadline:
			s.t.Fatalf("%d lines have not come, among them: %s", len(missing), missing[0])
		}
	}
}

// wantNone holds that no line which the station has told is like that.
func (s *station) wantNone(like func(line string) bool) {
	s.t.Helper()
	s.stats() // what was told before has been read then
	for _, line := range s.seen {
		if like(line) {
			s.t.Errorf("not wanted: %s", line)
		}
	}
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
	return s.ask("stats")
}

// once makes the station send one beacon, and gives the counters then.
func (s *station) once() (stats hostStats) {
	s.t.Helper()
	return s.ask("once")
}

func (s *station) ask(command string) (stats hostStats) {
	s.t.Helper()
	s.command(command)
	deadline := time.After(patience)
	for {
		select {
		case line := <-s.lines:
			s.seen = append(s.seen, line)
			if json.Unmarshal([]byte(line), &stats) == nil {
				return stats
			}
		case <-deadline:
			s.t.Fatalf("no counters after %q", command)
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
