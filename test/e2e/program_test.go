//go:build unix

package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/gozre/zre/internal/lab"
)

// program is one of ours that runs.
type program struct {
	t      testing.TB
	cmd    *exec.Cmd
	input  io.WriteCloser
	errors log
	exited chan struct{} // closed when it has ended; cmd.ProcessState is set then
	most   atomic.Int64  // octets of memory it had in use, as seen from time to time; 0 if not known
}

// log is what a program says on standard error: it is written to while the test may read it.
type log struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// start starts a program on a host. Its output goes to the writer.
func start(t testing.TB, h *lab.Host, output io.Writer, name string, args ...string) *program {
	t.Helper()
	return startWith(t, h, nil, output, name, args...)
}

// startWith is start with environment variables.
func startWith(t testing.TB, h *lab.Host, env []string, output io.Writer, name string, args ...string) *program {
	t.Helper()
	dir, err := programs()
	if err != nil {
		t.Fatal(err)
	}
	p := &program{t: t, cmd: h.Command(filepath.Join(dir, name), args...), exited: make(chan struct{})}
	// The machine's own configuration must not reach the test.
	p.cmd.Env = append(append(os.Environ(), "ZRECFG="+configuration(t, h, ""), "ZRENAME="), env...)
	p.cmd.Stdout, p.cmd.Stderr = output, &p.errors
	if p.input, err = p.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		// The status is asked for by wait, from ProcessState.
		_ = p.cmd.Wait()
		close(p.exited)
	}()
	go p.watchMemory()
	t.Cleanup(func() {
		// Command bound it to the host's test, of which this one may be a part.
		_ = p.cmd.Process.Kill()
		<-p.exited
		if t.Failed() && p.errors.String() != "" {
			t.Logf("%s said on standard error:\n%s", filepath.Base(name), p.errors.String())
		}
	})
	return p
}

// beaconPort keeps tests on the machine itself from meeting other nodes.
var beaconPort = 20000 + rand.IntN(20000)

// configuration writes a zre.conf for programs on a host.
func configuration(t testing.TB, h *lab.Host, more string) string {
	t.Helper()
	text := "[zre]\n"
	if transport := os.Getenv("ZRE_TRANSPORT"); transport != "" {
		text += "transport = " + transport + "\n"
	}
	if !h.Alone() {
		// Nothing of a test may leave the machine.
		text += fmt.Sprintf("interface = %s\nbeacon-port = %d\n", loopback(t), beaconPort)
	}
	file := filepath.Join(t.TempDir(), "zre.conf")
	if err := os.WriteFile(file, []byte(text+more), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// loopback is the name of the machine's loopback interface.
func loopback(t testing.TB) string {
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

// wait waits for the end and holds that it comes with one of these statuses.
func (p *program) wait(statuses ...int) {
	p.t.Helper()
	select {
	case <-p.exited:
	case <-time.After(patience):
		p.t.Fatalf("%s does not end", p.cmd.Args)
	}
	if !slices.Contains(statuses, p.cmd.ProcessState.ExitCode()) {
		p.t.Errorf("%s ended with %v, want status %v", p.cmd.Args, p.cmd.ProcessState, statuses)
	}
}

func (p *program) signal(s os.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		p.t.Error(err)
	}
}

// watchMemory follows how much memory the program has had in use at most. What the kernel tells
// at the end is no less than this test's own memory, which counts until the program is loaded.
func (p *program) watchMemory() {
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for {
		select {
		case <-p.exited:
			return
		case <-ticker.C:
		}
		status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
		if err != nil {
			continue // It has ended, or this is not Linux.
		}
		if m := highWater.FindSubmatch(status); m != nil {
			if kib, err := strconv.ParseInt(string(m[1]), 10, 64); err == nil {
				p.most.Store(kib << 10)
			}
		}
	}
}

var highWater = regexp.MustCompile(`(?m)^VmHWM:\s+(\d+) kB$`)

// peak is the most memory that the program, which has ended, had in use, in octets.
func (p *program) peak() int64 {
	if most := p.most.Load(); most > 0 {
		return most
	}
	usage, ok := p.cmd.ProcessState.SysUsage().(*syscall.Rusage)
	if !ok {
		p.t.Fatal("the system does not tell how much memory a program used")
	}
	if runtime.GOOS == "darwin" {
		return int64(usage.Maxrss) // octets there, KiB elsewhere
	}
	return int64(usage.Maxrss) << 10
}

// event is a line of zre --json.
type event struct {
	Event    string            `json:"event"`
	UUID     string            `json:"uuid"`
	Peer     string            `json:"peer"`
	Name     string            `json:"name"`
	Endpoint string            `json:"endpoint"`
	Group    string            `json:"group"`
	Headers  map[string]string `json:"headers"`
	Content  []any             `json:"content"`
	Reason   string            `json:"reason"`
}

// text is the content as it was typed: frames that are text, joined.
func (e event) text() string {
	var frames []string
	for _, f := range e.Content {
		s, ok := f.(string)
		if !ok {
			return "not text"
		}
		frames = append(frames, s)
	}
	return strings.Join(frames, "|")
}

// shell is a running zre.
type shell struct {
	*program
	id      string
	changed chan struct{} // there is something new in events, or zre has ended; capacity 1

	mu     sync.Mutex // guards what follows
	events []event    // all so far: the program is never kept waiting for its reader
	read   int        // how many of them expect has passed
	ended  bool
}

// startShell starts zre and waits until it runs.
func startShell(t testing.TB, h *lab.Host, args ...string) *shell {
	t.Helper()
	reader, writer := io.Pipe()
	s := &shell{changed: make(chan struct{}, 1)}
	s.program = start(t, h, writer, "zre", append([]string{"--json"}, args...)...)
	go func() {
		<-s.exited
		writer.Close()
	}()
	go s.listen(reader)
	s.id = s.expect("START", func(e event) bool { return e.UUID != "" }).UUID
	return s
}

// listen records the events that zre prints, until it ends.
func (s *shell) listen(from io.Reader) {
	decoder := json.NewDecoder(from)
	for {
		var e event
		err := decoder.Decode(&e)
		s.mu.Lock()
		if err != nil {
			s.ended = true
		} else {
			s.events = append(s.events, e)
		}
		s.mu.Unlock()
		select {
		case s.changed <- struct{}{}:
		default: // expect has a signal that it has not seen yet
		}
		if err != nil {
			// What is left of a line that is not JSON shows in the test's failure.
			_, _ = io.Copy(&s.errors, io.MultiReader(decoder.Buffered(), from))
			return
		}
	}
}

// say types a line.
func (s *shell) say(line string) {
	s.t.Helper()
	if _, err := io.WriteString(s.input, line+"\n"); err != nil {
		s.t.Fatalf("type %q: %v", line, err)
	}
}

// expect reads on to the next event of a kind for which is says yes (nil: always).
func (s *shell) expect(kind string, is func(event) bool) event {
	s.t.Helper()
	timeout := time.After(patience)
	for {
		s.mu.Lock()
		for s.read < len(s.events) {
			e := s.events[s.read]
			s.read++
			if e.Event == kind && (is == nil || is(e)) {
				s.mu.Unlock()
				return e
			}
		}
		ended, events := s.ended, s.events
		s.mu.Unlock()
		if ended {
			s.t.Fatalf("zre ended before its %s; it printed %+v", kind, events)
		}
		select {
		case <-s.changed:
		case <-timeout:
			s.t.Fatalf("no %s came; zre printed %+v", kind, events)
		}
	}
}

// from selects events of one peer.
func from(peer *shell) func(event) bool {
	return func(e event) bool { return e.Peer == peer.id }
}

// of selects events of one peer in a group.
func of(peer *shell, group string) func(event) bool {
	return func(e event) bool { return e.Peer == peer.id && e.Group == group }
}
