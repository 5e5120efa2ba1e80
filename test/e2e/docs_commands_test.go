//go:build unix

package e2e

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestDocsCommands finds commands that no program accepts in what TestDocs does not run: in the
// text of the pages, in their indented blocks, in blocks that are not run, and in the examples of
// --help. Each line is run by sh, where stand-ins of the programs record their arguments; then
// the programs are asked whether they know them.
func TestDocsCommands(t *testing.T) {
	t.Parallel()
	dir, err := programs()
	if err != nil {
		t.Fatal(err)
	}
	sources := map[string][]string{}
	for _, page := range pages(t) {
		sources[page] = commandsOf(t, page)
	}
	for _, words := range helpTexts(t, dir) {
		sources[strings.Join(words, " ")+" --help"] = examplesOf(ask(t, dir, words, "--help"))
	}
	calls := standIns(t)
	known := map[string]*flags{}
	asked := 0
	for _, source := range sortedKeys(sources) {
		for _, line := range sources[source] {
			called := calls(line)
			if len(called) == 0 {
				t.Errorf("%s: no program is called by %q", source, line)
			}
			for _, args := range called {
				asked++
				if known[args[0]] == nil {
					known[args[0]] = flagsOf(ask(t, dir, args[:1], "--help"))
				}
				if fault := known[args[0]].refuse(t, dir, args); fault != "" {
					t.Errorf("%s: %q: %s", source, line, fault)
				}
			}
		}
	}
	if asked < 80 {
		t.Errorf("only %d commands were found", asked)
	}
	for _, wrong := range []string{"zre -n alice nosuch", "zre peers --nosuch", "zrecat -W soon test", "zre send bob x --nosuch -- y"} {
		if args := strings.Fields(wrong); known[args[0]].refuse(t, dir, args) == "" {
			t.Errorf("%q is not refused", wrong)
		}
	}
}

func sortedKeys(m map[string][]string) (keys []string) {
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// aProgram is one of the programs where it is called.
var aProgram = regexp.MustCompile(`(?:^|[\s"(=])(?:bin/)?(?:zre|zrecat|zgossip_server|zrebench) `)

// placeholder is a line that shows a form instead of a command.
var placeholder = regexp.MustCompile(`[{\[…]|\bCOMMAND\b|\.\.\.`)

// commandsOf lists the lines of a page with commands that TestDocs does not run.
func commandsOf(t *testing.T, page string) (lines []string) {
	t.Helper()
	text := readFile(t, filepath.Join("..", "..", page))
	for _, b := range blocks(t, page) {
		for _, line := range b.lines {
			if m := prompt.FindStringSubmatch(line); b.why != "" && m != nil {
				// What stands far behind a command is said of it, or is another column.
				lines = append(lines, cutComment(m[2]))
			}
		}
	}
	fenced, indented := regexp.MustCompile("(?s)\n```.*?\n```"), regexp.MustCompile(`(?m)^ {4}(\S.*)$`)
	text = fenced.ReplaceAllString(text, "")
	for _, m := range indented.FindAllStringSubmatch(text, -1) {
		lines = append(lines, cutComment(m[1]))
	}
	for _, m := range regexp.MustCompile("`([^`\n]+)`").FindAllStringSubmatch(text, -1) {
		lines = append(lines, m[1])
	}
	return slices.DeleteFunc(lines, func(line string) bool {
		return !aProgram.MatchString(line) || placeholder.MatchString(line) || strings.HasPrefix(line, "<!--")
	})
}

func cutComment(line string) string {
	line, _, _ = strings.Cut(line, "  ")
	return line
}

// examplesOf lists the commands of a help text's examples.
func examplesOf(help string) (lines []string) {
	_, text, _ := strings.Cut(help, "\nExamples:\n")
	text, _, _ = strings.Cut(text, "\n\n")
	for line := range strings.Lines(text) {
		if line = cutComment(strings.TrimSpace(line)); aProgram.MatchString(line + " ") {
			lines = append(lines, line)
		}
	}
	return lines
}

// helpTexts lists the programs and commands that have a help text.
func helpTexts(t *testing.T, dir string) (list [][]string) {
	t.Helper()
	command := regexp.MustCompile(`(?m)^  zre ([a-z]+) `)
	for _, m := range command.FindAllStringSubmatch(strings.Split(ask(t, dir, []string{"zre"}, "--help"), "\nExamples:")[0], -1) {
		list = append(list, []string{"zre", m[1]})
	}
	if len(list) < 15 {
		t.Fatalf("only %d commands of zre: %q", len(list), list)
	}
	return append(list, []string{"zre"}, []string{"zrecat"}, []string{"zgossip_server"}, []string{"zrebench"})
}

// ask runs a program, and returns what it prints.
func ask(t *testing.T, dir string, words []string, more ...string) string {
	t.Helper()
	out, err := output(dir, words, more...)
	if err != nil {
		t.Fatalf("%q %q: %v\n%s", words, more, err, out)
	}
	return out
}

// output runs a program, and returns what it prints.
func output(dir string, words []string, more ...string) (string, error) {
	cmd := exec.Command(filepath.Join(dir, words[0]), slices.Concat(words[1:], more)...)
	cmd.Env = append(os.Environ(), "ZRECFG=/dev/null")
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// standIns makes a directory with programs that record how they are called, and do nothing. It
// returns what runs a line with them only, and gives the calls of our programs.
func standIns(t *testing.T) func(line string) [][]string {
	t.Helper()
	dir := t.TempDir()
	record := "#!/bin/sh\n{ printf '%s\\0' \"${0##*/}\" \"$@\"; printf '\\n'; } >>\"$RECORD\"\n"
	others := "#!/bin/sh\necho x\n"
	for name, text := range map[string]string{
		"zre": record, "zrecat": record, "zgossip_server": record, "zrebench": record, "uptime": others, "date": others, "sleep": others,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("there is no sh on this machine")
	}
	return func(line string) (calls [][]string) {
		t.Helper()
		file := filepath.Join(t.TempDir(), "calls")
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		work := t.TempDir()
		if err := os.WriteFile(filepath.Join(work, "picture.png"), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		// A loop without an end is not gone through.
		text := strings.NewReplacer("bin/z", "z", "while true", "while false").Replace(line)
		cmd := exec.CommandContext(ctx, sh, "-c", text)
		cmd.Dir, cmd.Env, cmd.WaitDelay = work, []string{"PATH=" + dir, "RECORD=" + file}, time.Second
		if out, err := cmd.CombinedOutput(); ctx.Err() != nil {
			t.Fatalf("%q does not end: %v\n%s", line, err, out)
		}
		recorded, err := os.ReadFile(file)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
		for call := range strings.SplitSeq(strings.TrimSuffix(string(recorded), "\x00\n"), "\x00\n") {
			if call != "" {
				calls = append(calls, strings.Split(call, "\x00"))
			}
		}
		return calls
	}
}

// flags are those of a program that take a value.
type flags struct{ value map[string]bool }

func flagsOf(help string) *flags {
	f := &flags{value: map[string]bool{}}
	flag := regexp.MustCompile(`(?m)^ {2}(?: {4}|(-\S), )(--[a-z-]+) [A-Z]`)
	for _, m := range flag.FindAllStringSubmatch(help, -1) {
		f.value[m[1]], f.value[m[2]] = true, true
	}
	return f
}

// refuse says why a program does not know how it is called, "" if it does.
func (f *flags) refuse(t *testing.T, dir string, args []string) string {
	t.Helper()
	end := len(args)
	if f.value[args[end-1]] {
		end-- // A flag is spoken of, without its value.
		args = args[:end]
	}
	if i := slices.Index(args, "--"); i >= 0 {
		end = i
	}
	out, err := output(dir, slices.Insert(slices.Clone(args), end, "--help"))
	if err != nil {
		return fmt.Sprintf("%v: %s", err, out)
	}
	// Cobra shows the help of zre for a command that there is not.
	if args[0] == "zre" && strings.Contains(out, "\nUsage:\n  zre [flags]\n") {
		for i := 1; i < end; i++ {
			switch {
			case f.value[args[i]]:
				i++
			case !strings.HasPrefix(args[i], "-"):
				return "there is no command " + args[i]
			}
		}
	}
	return ""
}
