//go:build unix

package e2e

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
	"github.com/hinshun/vt10x"
	"golang.org/x/term"

	"github.com/gozre/zre/internal/lab"
)

// terminal is a zre that someone types to, and what its screen shows.
type terminal struct {
	t      *testing.T
	cmd    *exec.Cmd
	keys   *os.File // the user's end
	before *term.State
	exited chan struct{}
	drawn  chan struct{} // something was drawn, or zre has ended; capacity 1

	mu     sync.Mutex // guards what follows
	screen vt10x.Terminal
	raw    bytes.Buffer // all that was ever written to the terminal
}

const columns, rows = 80, 24

func startTerminal(t *testing.T, h *lab.Host, state string, args ...string) *terminal {
	t.Helper()
	return startOnTerminal(t, h, state, "zre", args...)
}

// startOnTerminal is startTerminal for any program.
func startOnTerminal(t *testing.T, h *lab.Host, state, name string, args ...string) *terminal {
	t.Helper()
	dir, err := programs()
	if err != nil {
		t.Fatal(err)
	}
	user, tty, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	if err := pty.Setsize(user, &pty.Winsize{Cols: columns, Rows: rows}); err != nil {
		t.Fatal(err)
	}
	w := &terminal{
		t: t, keys: user, exited: make(chan struct{}), drawn: make(chan struct{}, 1),
		screen: vt10x.New(vt10x.WithSize(columns, rows)),
	}
	if w.before, err = term.GetState(int(tty.Fd())); err != nil {
		t.Fatal(err)
	}
	w.cmd = h.Command(filepath.Join(dir, name), args...)
	w.cmd.Env = append(os.Environ(), "ZRECFG="+configuration(t, h, ""), "ZRENAME=", "TERM=xterm-256color", "XDG_STATE_HOME="+state)
	w.cmd.Dir, w.cmd.Stdin, w.cmd.Stdout, w.cmd.Stderr = state, tty, tty, tty
	if w.cmd.SysProcAttr == nil {
		w.cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	w.cmd.SysProcAttr.Setsid, w.cmd.SysProcAttr.Setctty = true, true
	if err := w.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	watched := make(chan struct{})
	go func() { defer close(watched); w.watch() }()
	go func() {
		// The status is asked for from ProcessState.
		_ = w.cmd.Wait()
		close(w.exited)
		w.poke()
	}()
	t.Cleanup(func() {
		_ = w.cmd.Process.Kill() // it has ended, unless the test failed
		<-w.exited
		if t.Failed() {
			t.Logf("the screen:\n%s", w.lines())
		}
		tty.Close()
		user.Close()
		<-watched
	})
	return w
}

// watch draws what zre writes.
func (w *terminal) watch() {
	buf := make([]byte, 4096)
	for {
		n, err := w.keys.Read(buf)
		w.mu.Lock()
		w.raw.Write(buf[:n])
		_, _ = w.screen.Write(buf[:n]) // it takes everything
		w.mu.Unlock()
		w.poke()
		if err != nil {
			return
		}
	}
}

func (w *terminal) poke() {
	select {
	case w.drawn <- struct{}{}:
	default:
	}
}

// lines is what the screen shows, without what is empty at the end.
func (w *terminal) lines() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var shown []string
	for line := range strings.SplitSeq(w.screen.String(), "\n") {
		shown = append(shown, strings.TrimRight(line, " "))
	}
	return strings.TrimRight(strings.Join(shown, "\n"), "\n")
}

// prompt is the last line, with a bar where the cursor is.
func (w *terminal) prompt() string {
	lines := strings.Split(w.lines(), "\n")
	w.mu.Lock()
	defer w.mu.Unlock()
	cursor := w.screen.Cursor()
	if cursor.Y != len(lines)-1 {
		return "the cursor is elsewhere"
	}
	last := []rune(lines[cursor.Y] + strings.Repeat(" ", columns))
	return string(last[:cursor.X]) + "|" + strings.TrimRight(string(last[cursor.X:]), " ")
}

// until waits until the screen is as the test wants it.
func (w *terminal) until(what string, is func() bool) {
	w.t.Helper()
	timeout := time.After(patience)
	for !is() {
		select {
		case <-w.drawn:
		case <-timeout:
			w.t.Fatalf("%s did not come; prompt %q, the screen:\n%s", what, w.prompt(), w.lines())
		}
	}
}

// shows waits for text, which may go on in the next row where one is full, or be broken
// between words.
func (w *terminal) shows(text string) {
	w.t.Helper()
	w.until(text, func() bool {
		lines := w.lines()
		return strings.Contains(lines, text) || strings.Contains(strings.ReplaceAll(lines, "\n", ""), text) ||
			strings.Contains(strings.Join(strings.Fields(lines), " "), text)
	})
}

func (w *terminal) prompts(text string) {
	w.t.Helper()
	w.until(text, func() bool { return w.prompt() == text })
}

func (w *terminal) press(keys string) {
	w.t.Helper()
	if _, err := w.keys.WriteString(keys); err != nil {
		w.t.Fatal(err)
	}
}

// left waits for the end: status 0, and the terminal restored.
func (w *terminal) left() {
	w.t.Helper()
	select {
	case <-w.exited:
	case <-time.After(patience):
		w.t.Fatal("zre does not end")
	}
	if code := w.cmd.ProcessState.ExitCode(); code != 0 {
		w.t.Errorf("status %v", w.cmd.ProcessState)
	}
	after, err := term.GetState(int(w.keys.Fd()))
	if err != nil || *after != *w.before {
		w.t.Errorf("the terminal is not as it was: %v, %+v, before %+v", err, after, w.before)
	}
}

const (
	ctrlA, ctrlC, ctrlD, tab = "\x01", "\x03", "\x04", "\t"
	up                       = "\x1b[A"
)

// TestTerminal types to zre as a user does, while a peer talks.
func TestTerminal(t *testing.T) {
	parallel(t)
	h := lab.Loopback(t)
	bob := startShell(t, h, "--name", "bob", "--join", "test")
	alice := startTerminal(t, h, t.TempDir(), "--name", "alice")
	alice.shows(" START   alice ")
	alice.shows(" ENTER   bob ")
	alice.shows(" JOIN    bob test")
	alice.prompts("> |")

	// Tab completes the command and the group.
	alice.press("/jo" + tab + "te" + tab)
	alice.prompts("> /join test |")
	alice.press("\r")
	alice.shows("joined test; with you: bob")
	alice.prompts("test> |")
	join := bob.expect("JOIN", func(e event) bool { return e.Name == "alice" })

	// What comes is printed above a line that is being typed, and leaves it alone.
	alice.press("half a thought" + ctrlA + "X")
	alice.prompts("test> X|half a thought")
	for _, text := range []string{"one", "two", strings.Repeat("long ", 40) + "end"} {
		bob.say("/shout test " + text)
	}
	alice.shows("[test] bob: one\n")
	alice.shows("[test] bob: two\n")
	alice.shows("end\ntest> Xhalf a thought")
	alice.prompts("test> X|half a thought")

	// Text without a slash goes to the group; what is whispered, to one.
	alice.press("\r")
	if e := bob.expect("SHOUT", nil); e.text() != "Xhalf a thought" || e.Group != "test" {
		t.Errorf("bob heard %+v", e)
	}
	alice.shows("[test] alice: Xhalf a thought\n")
	alice.press("/whi" + tab + "b" + tab + "psst žluť\r")
	alice.shows("WHISPER to bob: psst žluť\n")
	if e := bob.expect("WHISPER", nil); e.text() != "psst žluť" {
		t.Errorf("bob was whispered %+v", e)
	}

	// Mistakes are explained, and earlier lines come back.
	alice.press("/shuot test hello\r")
	alice.shows("there is no command /shuot; did you mean /shout?")
	alice.press("/leave\r")
	alice.prompts("> |")
	alice.press("hello?\r")
	alice.shows("you are in no group")
	alice.press("/j" + up)
	alice.prompts("> /join test|")
	alice.press(ctrlC)
	alice.prompts("> |")
	alice.press(ctrlC)
	alice.left()
	if e := bob.expect("EXIT", func(e event) bool { return e.Peer == join.Peer }); e.Reason != "goodbye" {
		t.Errorf("alice left by %q", e.Reason)
	}
}

// TestTerminalIsSafe holds that a peer cannot control the terminal.
func TestTerminalIsSafe(t *testing.T) {
	parallel(t)
	h := lab.Loopback(t)
	alice := startTerminal(t, h, t.TempDir(), "--join", "test")
	alice.prompts("test> |")
	mallory := start(t, h, nil, "zrecat", "--name", "mal\x1b]0;name\x07lory", "--header", "k=\x1b]0;header\x07", "test")
	if _, err := mallory.input.Write([]byte("\x1b]0;content\x07\u009b2J\u202etxt\rback\nnext\xff")); err != nil {
		t.Fatal(err)
	}
	mallory.input.Close()
	alice.shows(`[test] "mal\x1b]0;name\x07lory":`)
	alice.shows(`\x1b]0;content\x07\u009b2J\u202etxt\rback`)
	alice.shows(`next\xff`)
	mallory.wait(0)
	alice.shows("goodbye")
	alice.press(ctrlD)
	alice.left()
	for _, sequence := range []string{"\x1b]0;", "\u009b", "\u202e", "\xff"} {
		if bytes.Contains(alice.raw.Bytes(), []byte(sequence)) {
			t.Errorf("%q reached the terminal", sequence)
		}
	}
}

// TestTerminalEnds: in whatever way zre ends, the terminal is restored.
func TestTerminalEnds(t *testing.T) {
	parallel(t)
	h := lab.Loopback(t)
	for name, end := range map[string]func(*terminal){
		"Ctrl-C":           func(w *terminal) { w.press(ctrlC) },
		"Ctrl-C on a line": func(w *terminal) { w.press("typed" + ctrlC + ctrlC) },
		"Ctrl-D":           func(w *terminal) { w.press(ctrlD) },
		"quit":             func(w *terminal) { w.press("/quit\r") },
		"SIGTERM":          func(w *terminal) { _ = w.cmd.Process.Signal(syscall.SIGTERM) },
		"SIGHUP":           func(w *terminal) { _ = w.cmd.Process.Signal(syscall.SIGHUP) },
	} {
		t.Run(name, func(t *testing.T) {
			w := startTerminal(t, h, t.TempDir())
			w.prompts("> |")
			end(w)
			w.left()
		})
	}
}

// TestTerminalWindow makes the window narrower while a line is typed.
func TestTerminalWindow(t *testing.T) {
	parallel(t)
	w := startTerminal(t, lab.Loopback(t), t.TempDir())
	w.prompts("> |")
	line := strings.Repeat("0123456789", 9)
	w.press(line)
	w.prompts("> …" + line[len(line)-76:] + "|")
	w.mu.Lock()
	w.screen.Resize(40, rows)
	w.mu.Unlock()
	if err := pty.Setsize(w.keys, &pty.Winsize{Cols: 40, Rows: rows}); err != nil {
		t.Fatal(err)
	}
	w.prompts("> …" + line[len(line)-36:] + "|")
	w.press(ctrlA + "x")
	w.until("the beginning of the line", func() bool { return strings.HasPrefix(w.prompt(), "> x|0123456789") })
	w.press(ctrlC + ctrlC)
	w.left()
}

// TestTerminalHistory holds that lines come back after a restart.
func TestTerminalHistory(t *testing.T) {
	parallel(t)
	h, state := lab.Loopback(t), t.TempDir()
	first := startTerminal(t, h, state)
	first.prompts("> |")
	first.press("/join remembered\r")
	first.prompts("remembered> |")
	first.press(ctrlD)
	first.left()
	second := startTerminal(t, h, state)
	second.prompts("> |")
	second.press(up)
	second.prompts("> /join remembered|")
	second.press(ctrlC + ctrlC)
	second.left()
}
