//go:build unix

package e2e

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/gozre/zre/internal/lab"
)

// mostNotRun is how many blocks of commands may say that they are not run.
const mostNotRun = 16

// TestDocs runs every command that the pages show, and compares what it prints.
//
//	$ COMMAND      is run to its end. What follows is all that it prints.
//	bob$ COMMAND   runs in a terminal of its own, called bob, while the block goes on. What
//	               follows is what it prints first; another "bob$" begins when it has ended.
//	[bob]          What follows is what bob's terminal prints then.
//	time> TEXT     is typed to the zre of the line "$ zre …" before, on a terminal. What follows
//	               comes up on its screen.
func TestDocs(t *testing.T) {
	parallel(t)
	if os.Getenv("ZRE_TRANSPORT") != "" {
		t.Skip("pages show the default transport, and were run with it")
	}
	notRun := 0
	for _, page := range pages(t) {
		for _, b := range blocks(t, page) {
			name := fmt.Sprintf("%s:%d", b.page, b.line)
			switch {
			case b.why != "":
				notRun++
			case b.kind == "console" && b.shows():
				t.Run(name, func(t *testing.T) {
					parallel(t)
					run(t, b)
				})
			case b.shows() || b.kind == "console":
				t.Errorf("%s: a block with commands is not run, and does not say why; or it has none", name)
			}
		}
	}
	if notRun > mostNotRun {
		t.Errorf("%d blocks are not run, and that is too many", notRun)
	}
}

// terminals is a block that runs.
type terminals struct {
	t    *testing.T
	host *lab.Host
	dir  string
	env  []string
	all  map[string]*session // that run, or have run, in a terminal with a name

	status map[string]int // of the last command in a terminal
}

// session is a command that runs.
type session struct {
	command string
	shown   []string // what the page says that it prints
	exited  chan struct{}
	wrote   chan struct{} // capacity 1
	pid     int
	status  int // after exited

	mu  sync.Mutex
	out strings.Builder
}

// Write records what the command prints.
func (s *session) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	select {
	case s.wrote <- struct{}{}:
	default:
	}
	return s.out.Write(p)
}

// printed is what it has printed, without a line that has no end yet unless it has ended.
func (s *session) printed(ended bool) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	text := s.out.String()
	if !ended {
		text = text[:strings.LastIndex(text, "\n")+1]
	}
	if text = strings.TrimSuffix(text, "\n"); text == "" {
		return nil
	}
	return strings.Split(text, "\n")
}

func run(t *testing.T, b block) {
	dir, err := programs()
	if err != nil {
		t.Fatal(err)
	}
	if b.needs != "" {
		if _, err := exec.LookPath(b.needs); err != nil {
			t.Skipf("this machine has no %s", b.needs)
		}
	}
	h := lab.Loopback(t)
	if !h.Alone() && strings.Contains(b.before+strings.Join(b.lines, "\n"), "zgossip_server") {
		t.Skip("it needs a network namespace: the port of the gossip server is for one")
	}
	home := t.TempDir()
	config := filepath.Join(home, "zre.cfg")
	if err := os.WriteFile(config, fmt.Appendf(nil, "[zre]\ninterface = %s\nbeacon-port = %d\n", loopback(t), blockPort(b)), 0o600); err != nil {
		t.Fatal(err)
	}
	w := &terminals{t: t, host: h, dir: home, all: make(map[string]*session), status: make(map[string]int), env: append(os.Environ(),
		"PATH="+dir+":"+os.Getenv("PATH"), "ZRECFG="+config, "ZRENAME=", "HOME="+home, "XDG_STATE_HOME="+home, "TERM=dumb")}
	if b.before != "" {
		w.wait(w.start(b.before))
	}
	for i := 0; i < len(b.lines); {
		m, on := prompt.FindStringSubmatch(b.lines[i]), goesOn.FindStringSubmatch(b.lines[i])
		end := i + 1
		for end < len(b.lines) && !prompt.MatchString(b.lines[end]) && !goesOn.MatchString(b.lines[end]) {
			end++
		}
		shown := b.lines[i+1 : end]
		switch {
		case on != nil && w.all[on[1]] != nil:
			s := w.all[on[1]]
			s.shown = append(s.shown, shown...)
			w.expect(s, false)
		case m == nil:
			t.Fatalf("line %d of the block follows no command: %q", i+1, b.lines[i])
		case strings.HasPrefix(m[2], "zre ") && isTyped(shown):
			w.talk(m[2], config, shown)
		default:
			w.command(m[1], m[2], shown)
		}
		i = end
	}
	for name, s := range w.all {
		w.expect(s, false)
		if name == "" {
			continue
		}
		select {
		case <-s.exited:
			w.expect(s, true)
		default:
		}
	}
}

// blockPort is the beacon port of a block, for machines where it is not alone.
func blockPort(b block) int { return beaconPort + 1 + (b.line+31*len(b.page))%5000 }

// command runs a command: to its end, or in a terminal with a name.
func (w *terminals) command(name, text string, shown []string) {
	w.t.Helper()
	if before := w.all[name]; before != nil {
		w.wait(before)
		w.status[name] = before.status
		w.expect(before, true)
	}
	// $? is that of the command before, as in a shell.
	s := w.start(fmt.Sprintf("(exit %d)\n%s", w.status[name], text))
	s.shown = slices.Clone(shown)
	w.all[name] = s
	if name == "" {
		w.wait(s)
		w.expect(s, true)
		w.status[name] = s.status
		delete(w.all, name)
		return
	}
	w.expect(s, false)
}

// start starts a script. It and all that it starts end with the block.
func (w *terminals) start(text string) *session {
	w.t.Helper()
	s := &session{command: text, exited: make(chan struct{}), wrote: make(chan struct{}, 1)}
	cmd := w.host.Command("sh", "-c", text)
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = w.dir, w.env, s, s
	cmd.WaitDelay = time.Second // for what it leaves running
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Setpgid = true
	if err := cmd.Start(); err != nil {
		w.t.Fatal(err)
	}
	s.pid = cmd.Process.Pid
	go func() {
		defer close(s.exited)
		_ = cmd.Wait() // The page shows the status, where it matters.
		s.status = cmd.ProcessState.ExitCode()
	}()
	w.t.Cleanup(func() {
		// The group: what it has started in the background as well.
		_ = syscall.Kill(-s.pid, syscall.SIGKILL)
		<-s.exited
	})
	return s
}

// wait waits for the end of a command.
func (w *terminals) wait(s *session) {
	w.t.Helper()
	select {
	case <-s.exited:
	case <-time.After(patience):
		w.t.Fatalf("$ %s\ndoes not end; it prints\n%s", s.command, strings.Join(s.printed(true), "\n"))
	}
}

// expect waits until a command has printed what the page shows. After its end that has to be
// all that it prints.
func (w *terminals) expect(s *session, ended bool) {
	w.t.Helper()
	timeout := time.After(patience)
	for !match(s.shown, s.printed(ended), !ended) {
		late := false
		if !ended {
			select {
			case <-s.wrote:
			case <-s.exited:
				late = !match(s.shown, s.printed(true), true)
			case <-timeout:
				late = true
			}
		}
		if ended || late {
			w.t.Fatalf("$ %s\nprints\n%s\nand the page shows\n%s", s.command,
				strings.Join(s.printed(true), "\n"), strings.Join(s.shown, "\n"))
		}
	}
}

// typed is a line at the prompt of the shell of zre.
var typed = regexp.MustCompile(`^([a-z]*)> (.*)$`)

func isTyped(shown []string) bool {
	for _, line := range shown {
		if typed.MatchString(line) {
			return true
		}
	}
	return false
}

// talk runs zre on a terminal, types what the page shows at its prompt, and waits for the rest.
func (w *terminals) talk(text, config string, shown []string) {
	w.t.Helper()
	args := strings.Fields(text)[1:]
	for line := range strings.SplitSeq(readFile(w.t, config), "\n") {
		if key, value, ok := strings.Cut(line, " = "); ok {
			args = append(args, "--"+key, value)
		}
	}
	screen := startTerminal(w.t, w.host, w.dir, args...)
	for _, line := range shown {
		if m := typed.FindStringSubmatch(line); m != nil {
			screen.until("the prompt of "+line, func() bool { return screen.prompt() == m[1]+"> |" })
			screen.press(m[2] + "\r")
			continue
		}
		screen.until(line, func() bool {
			for on := range strings.SplitSeq(screen.lines(), "\n") {
				if same(line, on) {
					return true
				}
			}
			return false
		})
	}
	if last := typed.FindStringSubmatch(shown[len(shown)-1]); last != nil && last[2] == "/quit" {
		screen.left()
	}
}

func readFile(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestDocsNameFlagsAndTargets finds flags that no program has, and targets that the Makefile
// does not have.
func TestDocsNameFlagsAndTargets(t *testing.T) {
	parallel(t)
	dir, err := programs()
	if err != nil {
		t.Fatal(err)
	}
	known := knownFlags(t, dir)
	targets := readFile(t, filepath.Join("..", "..", "Makefile"))
	flag := regexp.MustCompile("(?:^|[\\s`(|])(--[a-z][a-z-]+)")
	target := regexp.MustCompile("(?m)(?:`|^ {4}|\\$ )make ([a-z][a-z0-9-]*)")
	for _, page := range pages(t) {
		text := readFile(t, filepath.Join("..", "..", page))
		for _, m := range flag.FindAllStringSubmatch(text, -1) {
			if !known[m[1]] {
				t.Errorf("%s names the flag %s, which no program has", page, m[1])
			}
		}
		for _, m := range target.FindAllStringSubmatch(text, -1) {
			if !strings.Contains(targets, "\n"+m[1]+":") {
				t.Errorf("%s names make %s, which there is not", page, m[1])
			}
		}
	}
}

// knownFlags are the flags of all programs and commands, as their help lists them.
func knownFlags(t *testing.T, dir string) map[string]bool {
	t.Helper()
	known := map[string]bool{"--help": true, "--version": true, "--man": true}
	programs, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	flag := regexp.MustCompile(`(?:^|\s)(--[a-z][a-z-]+)`)
	command := regexp.MustCompile(`(?m)^  (?:zre )?([a-z]+) `)
	add := func(name string, args ...string) string {
		cmd := lab.Loopback(t).Command(filepath.Join(dir, name), append(args, "--help")...)
		cmd.Env = append(os.Environ(), "ZRECFG=/dev/null")
		out, err := cmd.CombinedOutput()
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return "" // It is none of the programs with such a help.
		}
		for _, m := range flag.FindAllStringSubmatch(string(out), -1) {
			known[m[1]] = true
		}
		return string(out)
	}
	for _, p := range programs {
		if !strings.HasPrefix(p.Name(), "z") {
			continue // the examples
		}
		for _, m := range command.FindAllStringSubmatch(add(p.Name()), -1) {
			if p.Name() == "zre" {
				add(p.Name(), m[1])
			}
		}
	}
	return known
}
