//go:build unix

package e2e

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"

	"github.com/gozre/zre/internal/lab"
)

// completions are lines, and what they are after one Tab. In the directory there is one file,
// called afile. The history of zre knows the group timetable, and at its last use of zre the user
// has met the peer robot in the group workshop.
var completions = []struct{ typed, want string }{
	{"zre --quiet-pe", "zre --quiet-period "},
	{"zre --no-b", "zre --no-beacon "},
	{"zre --name ", "zre --name "},
	{"zre --gossip ", "zre --gossip "},
	{"zre --id ", "zre --id "},
	{"zre --key ", "zre --key afile "},
	{"zre --trust af", "zre --trust afile "},
	{"zre --join timet", "zre --join timetable "},
	{"zre compl", "zre completion "},
	{"zre completion fi", "zre completion fish "},
	{"zre --color al", "zre --color always "},
	{"zre pee", "zre peers "},
	{"zre peers ", "zre peers "},
	{"zre info rob", "zre info robot "},
	{"zre send rob", "zre send robot "},
	{"zre send robot ", "zre send robot "},
	{"zre send --group works", "zre send --group workshop "},
	{"zre send robot --file ", "zre send robot --file afile "},
	{"zre sub timet", "zre sub timetable "},
	{"zre sub timetable works", "zre sub timetable workshop "},
	{"zre on --event LEAD", "zre on --event LEADER "},
	{"zre on workshop -- slee", "zre on workshop -- sleep "},
	{"zre put af", "zre put afile "},
	{"zre put afile rob", "zre put afile robot "},
	{"zre put afile works", "zre put afile workshop "},
	{"zre put --group works", "zre put --group workshop "},
	{"zre put --group workshop af", "zre put --group workshop afile "},
	{"zre get works", "zre get workshop "},
	{"zre keygen ", "zre keygen afile "},
	{"zrecat timet", "zrecat timetable "},
	{"zrecat timetable ", "zrecat timetable "},
	{"zgossip_server --listen ", "zgossip_server --listen "},
	{"zgossip_server --key ", "zgossip_server --key afile "},
	{"zgossip_server --log-format js", "zgossip_server --log-format json "},
}

// completionHome makes a directory with what the table above speaks of, and the scripts of all
// programs for a shell. It returns the environment for the shell.
func completionHome(t *testing.T, shell string) (dir string, env []string) {
	t.Helper()
	programs, err := programs()
	if err != nil {
		t.Fatal(err)
	}
	dir = t.TempDir()
	env = append(os.Environ(), "HOME="+dir, "XDG_STATE_HOME="+filepath.Join(dir, ".state"), "ZRECFG=/dev/null",
		"PATH="+programs+":"+os.Getenv("PATH"), "TERM=dumb", "PS1=$ ", "INPUTRC=/dev/null")
	for _, made := range []string{".state/zre", ".scripts", "work"} {
		if err := os.MkdirAll(filepath.Join(dir, made), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	write := func(name string, text []byte) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("work/afile", nil)
	write(".state/zre/history", []byte("/join timetable\n"))
	write(".state/zre/seen", []byte("peer robot\ngroup workshop\n"))
	for _, program := range []string{"zre", "zrecat", "zgossip_server"} {
		cmd := exec.Command(filepath.Join(programs, program), "completion", shell)
		cmd.Env = env
		script, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		write(".scripts/_"+program, script)
	}
	return dir, env
}

// shellOrSkip finds a shell.
func shellOrSkip(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("there is no %s on this machine", name)
	}
	return path
}

// TestCompletionInBash types in a bash with bash-completion.
func TestCompletionInBash(t *testing.T) {
	parallel(t)
	shell := shellOrSkip(t, "bash")
	const library = "/usr/share/bash-completion/bash_completion"
	if _, err := os.Stat(library); err != nil {
		t.Skip("there is no bash-completion on this machine, which the completions for bash use")
	}
	dir, env := completionHome(t, "bash")
	s := startShellProgram(t, filepath.Join(dir, "work"), env, shell, "--norc", "--noprofile", "-i")
	s.run("bind 'set enable-bracketed-paste off'; bind 'set show-all-if-ambiguous on'")
	s.run(". " + library + "; for f in " + dir + "/.scripts/_*; do . $f; done")
	s.completes()
}

// TestCompletionInZsh types in a zsh.
func TestCompletionInZsh(t *testing.T) {
	parallel(t)
	shell := shellOrSkip(t, "zsh")
	dir, env := completionHome(t, "zsh")
	s := startShellProgram(t, filepath.Join(dir, "work"), env, shell, "-f", "-i")
	s.run("unsetopt zle_bracketed_paste; bindkey -e; PROMPT='$ '; unsetopt prompt_sp auto_remove_slash; unset zle_bracketed_paste")
	s.run("fpath=(" + dir + "/.scripts $fpath); autoload -U compinit && compinit -u -D")
	s.completes()
}

// TestCompletionInFish asks a fish for its completions.
func TestCompletionInFish(t *testing.T) {
	parallel(t)
	shell := shellOrSkip(t, "fish")
	dir, env := completionHome(t, "fish")
	for _, c := range completions {
		script := "for f in " + dir + "/.scripts/_*; source $f; end; complete -C '" + c.typed + "'"
		cmd := exec.Command(shell, "--no-config", "-c", script)
		cmd.Dir, cmd.Env = filepath.Join(dir, "work"), env
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%q: %v\n%s", c.typed, err, out)
		}
		var words []string
		for line := range strings.Lines(string(out)) {
			word, _, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
			words = append(words, word)
		}
		word := strings.TrimSpace(strings.TrimPrefix(c.want, c.typed[:strings.LastIndex(c.typed, " ")+1]))
		if c.typed == c.want && slices.Contains(words, "afile") {
			t.Errorf("%q: files are offered: %q", c.typed, words)
		}
		if c.typed != c.want && !slices.Contains(words, word) {
			t.Errorf("%q: %q is not offered, but %q", c.typed, word, words)
		}
	}
}

// shellProgram is an interactive shell on a terminal of its own.
type shellProgram struct {
	t    *testing.T
	keys *os.File
	said log
	seen int // how much of said was read
	mark int // numbers what is waited for
}

func startShellProgram(t *testing.T, dir string, env []string, name string, args ...string) *shellProgram {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir, cmd.Env = dir, env
	keys, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 24, Cols: 400})
	if err != nil {
		t.Skipf("no terminal can be had: %v", err)
	}
	s := &shellProgram{t: t, keys: keys}
	read := make(chan struct{})
	go func() {
		defer close(read)
		_, _ = io.Copy(&s.said, keys) // The end of the shell ends it.
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		_ = keys.Close()
		<-read
	})
	return s
}

// run runs a line, and waits for its end.
func (s *shellProgram) run(line string) {
	s.t.Helper()
	s.mark++
	s.press(fmt.Sprintf("%s; echo done''%d\r", line, s.mark))
	s.until(fmt.Sprintf("done%d", s.mark))
}

func (s *shellProgram) press(keys string) {
	s.t.Helper()
	if _, err := s.keys.WriteString(keys); err != nil {
		s.t.Fatal(err)
	}
}

// until returns what the shell says up to and with a text.
func (s *shellProgram) until(text string) string {
	s.t.Helper()
	for end := time.Now().Add(patience); ; <-time.After(time.Millisecond) {
		said := s.said.String()[s.seen:]
		if i := strings.Index(said, text); i >= 0 {
			s.seen += i + len(text)
			return said[:i+len(text)]
		}
		if time.Now().After(end) {
			s.t.Fatalf("the shell does not say %q, but\n%q", text, said)
		}
	}
}

// completes types the lines of the table with a Tab behind, and has the shell say what they are
// then: the line becomes an argument of printf.
func (s *shellProgram) completes() {
	s.t.Helper()
	const begin, end = "\x01", "\x05" // to the beginning of the line, and to its end
	for _, c := range completions {
		s.mark++
		s.press(c.typed + "\t" + end + "'" + begin + fmt.Sprintf("printf '<%%s>%d''%d\\n' '", s.mark, s.mark) + end + "\r")
		mark := fmt.Sprintf(">%d%d", s.mark, s.mark)
		said := s.until(mark)
		got := strings.TrimSuffix(said[strings.LastIndex(said, "<")+1:], mark)
		// Whether a blank follows is the shell's matter.
		if strings.TrimSpace(got) != strings.TrimSpace(c.want) {
			s.t.Errorf("%q and Tab: %q, want %q", c.typed, got, c.want)
		}
	}
}

// TestCompletionKnowsWhoWasThere: what a person has seen is offered, and a script leaves nothing
// behind.
func TestCompletionKnowsWhoWasThere(t *testing.T) {
	h := lab.Loopback(t)
	startShell(t, h, "-n", "robot", "--join", "workshop")
	offered := func(state, words string) string {
		got, _ := script(t, h, "XDG_STATE_HOME="+state+" zre __complete "+words+" 2>/dev/null")
		return got
	}
	for _, command := range []string{"peers", ""} { // Without a command it is the shell.
		state := t.TempDir()
		if script(t, h, "XDG_STATE_HOME="+state+" zre peers"); offered(state, "send rob") != ":4\n" {
			t.Errorf("a script has left behind %q", offered(state, "send rob"))
		}
		w := startTerminal(t, h, state, strings.Fields(command)...)
		if command == "" {
			w.shows("robot")
			w.shows("workshop")
			w.press("/quit\r")
		}
		w.left()
		if got := offered(state, "send rob") + offered(state, "sub ''"); got != "robot\n:4\nworkshop\n:4\n" {
			t.Errorf("after zre %s on a terminal: %q", command, got)
		}
	}
}
