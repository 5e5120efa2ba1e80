//go:build linux

package lab

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
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

// event is a line of zre --json, and when it came.
type event struct {
	Event   string   `json:"event"`
	UUID    string   `json:"uuid"` // of START
	Peer    string   `json:"peer"`
	Name    string   `json:"name"`
	Group   string   `json:"group"`
	Reason  string   `json:"reason"`
	Content []string `json:"content"`
	Out     uint64   `json:"messages_out"` // of STATS
	In      uint64   `json:"messages_in"`
	Time    time.Time
	at      time.Time
}

// view is what a user knows of a peer.
type view struct {
	name   string
	here   bool
	groups map[string]bool
	last   int  // the number in its last message
	began  bool // a message came in this session
	got    int  // messages in all
}

// witness is a zre. Its events are checked as they come.
type witness struct {
	t      testing.TB
	host   *lab.Host
	name   string
	id     string
	cmd    *exec.Cmd
	input  io.WriteCloser
	exited chan struct{}
	sent   atomic.Int64 // messages to the group, see crew.talk

	mu     sync.Mutex // guards what follows
	stderr bytes.Buffer
	events []event
	views  map[string]*view
	faults []string
	ready  chan struct{} // closed at its START
}

// start starts zre and waits until it runs.
func start(t testing.TB, h *lab.Host, name string, args ...string) *witness {
	t.Helper()
	w := launch(t, h, name, args...)
	w.await()
	return w
}

// launch starts zre. At full size it has the processors like all others; see launchEqual.
func launch(t testing.TB, h *lab.Host, name string, args ...string) *witness {
	t.Helper()
	if full {
		return launchEqual(t, h, name, args...)
	}
	return launchAs(t, h, name, []string{built(t, "zre")}, args...)
}

// launchEqual starts one of many zres, which together want more of the processors than there is: each
// gets an equal share of what is left over. The switch, which this process is, goes first: a network
// does not become slow when hosts are busy.
func launchEqual(t testing.TB, h *lab.Host, name string, args ...string) *witness {
	t.Helper()
	program := append(equal(), built(t, "zre"))
	return launchAs(t, h, name, program, args...)
}

// equal is the command that makes another one get its share of the processors among those that were
// started by it, and nothing before other programs.
func equal() []string {
	if _, err := exec.LookPath("chrt"); err != nil {
		return []string{"nice", "-n", "19"}
	}
	return []string{"chrt", "-i", "0"}
}

// launchAs starts a command that becomes zre.
func launchAs(t testing.TB, h *lab.Host, name string, program []string, args ...string) *witness {
	t.Helper()
	w := &witness{
		t: t, host: h, name: name, exited: make(chan struct{}),
		views: make(map[string]*view), ready: make(chan struct{}),
	}
	args = slices.Concat(program[1:], args, []string{"--json", "--name", name})
	w.cmd = h.Command(program[0], args...)
	// The machine's own configuration must not reach the test.
	w.cmd.Env = append(os.Environ(), "ZRECFG="+os.DevNull, "ZRENAME=")
	w.cmd.Stderr = errorsOf{w}
	output, err := w.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if w.input, err = w.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := w.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		w.read(output)
		_ = w.cmd.Wait() // The status is in ProcessState.
		close(w.exited)
	}()
	t.Cleanup(func() {
		w.kill()
		if t.Failed() {
			t.Logf("%s (%s) said:\n%s", name, w.id, w.said())
		}
	})
	return w
}

// await waits until it runs.
func (w *witness) await() {
	w.t.Helper()
	select {
	case <-w.ready:
	case <-w.exited:
		w.t.Fatalf("%s ended: %s", w.name, w.said())
	case <-time.After(patience):
		w.t.Fatalf("%s does not start: %s", w.name, w.said())
	}
}

// kill ends it as the kernel does when memory runs out.
func (w *witness) kill() {
	_ = w.cmd.Process.Kill()
	<-w.exited
}

func (w *witness) signal(s syscall.Signal) {
	w.t.Helper()
	if err := w.cmd.Process.Signal(s); err != nil {
		w.t.Error(err)
	}
}

// say types a line.
func (w *witness) say(line string) error {
	_, err := io.WriteString(w.input, line+"\n")
	return err
}

// errorsOf is the standard error of a witness.
type errorsOf struct{ w *witness }

func (e errorsOf) Write(p []byte) (int, error) {
	e.w.mu.Lock()
	defer e.w.mu.Unlock()
	return e.w.stderr.Write(p)
}

// said is what it wrote on standard error.
func (w *witness) said() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.stderr.String()
}

// says counts the lines on standard error with all of these texts.
func (w *witness) says(texts ...string) (n int) {
	for line := range strings.Lines(w.said()) {
		if !slices.ContainsFunc(texts, func(text string) bool { return !strings.Contains(line, text) }) {
			n++
		}
	}
	return n
}

// read checks what it prints, until it ends.
func (w *witness) read(from io.Reader) {
	decoder := json.NewDecoder(from)
	for {
		var e event
		if err := decoder.Decode(&e); err != nil {
			_, _ = io.Copy(errorsOf{w}, io.MultiReader(decoder.Buffered(), from))
			return
		}
		e.at = time.Now()
		w.mu.Lock()
		w.events = append(w.events, e)
		if e.Event == "START" {
			w.id = e.UUID
			close(w.ready)
		} else if e.Peer != "" {
			w.check(e)
		}
		w.mu.Unlock()
	}
}

// check holds an event against what a user knows of the peer. It is called under mu.
func (w *witness) check(e event) {
	fault := func(format string, args ...any) {
		if len(w.faults) < 20 {
			w.faults = append(w.faults, fmt.Sprintf("%s: %s of %s: ", w.name, e.Event, e.Name)+fmt.Sprintf(format, args...))
		}
	}
	v := w.views[e.Peer]
	if v == nil {
		v = new(view)
		w.views[e.Peer] = v
	}
	if (e.Event == "ENTER") == v.here {
		fault("here before: %v", v.here)
	}
	switch e.Event {
	case "ENTER":
		v.name, v.here, v.began, v.groups = e.Name, true, false, make(map[string]bool)
	case "EXIT":
		v.here = false
	case "JOIN", "LEAVE":
		if v.groups[e.Group] == (e.Event == "JOIN") {
			fault("%s, in it before: %v", e.Group, v.groups[e.Group])
		}
		v.groups[e.Group] = e.Event == "JOIN"
	case "SHOUT", "WHISPER":
		v.got++
		number, err := strconv.Atoi(strings.Join(e.Content, "|"))
		switch {
		case err != nil:
			return // not one of crew's
		case v.began && number != v.last+1:
			fault("%d after %d", number, v.last)
		case number <= v.last:
			fault("%d after %d, of an earlier session", number, v.last)
		}
		v.last, v.began = number, true
	}
}

// all returns the events of a kind from a time on, about one peer, or about any ("").
func (w *witness) all(kind, peer string, since time.Time) (found []event) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, e := range w.events {
		if e.Event == kind && (peer == "" || e.Peer == peer) && !e.at.Before(since) {
			found = append(found, e)
		}
	}
	return found
}

// sees returns the names of those who are here, sorted, with their groups.
func (w *witness) sees() (names []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, v := range w.views {
		if v.here {
			groups := slices.Clone(slices.Sorted(maps.Keys(v.groups)))
			groups = slices.DeleteFunc(groups, func(g string) bool { return !v.groups[g] })
			names = append(names, v.name+strings.Join(append([]string{""}, groups...), " "))
		}
	}
	slices.Sort(names)
	return names
}

// last returns the number in the last message of a peer.
func (w *witness) last(peer string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	if v := w.views[peer]; v != nil {
		return v.last
	}
	return 0
}
