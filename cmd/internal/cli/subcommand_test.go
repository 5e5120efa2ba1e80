package cli

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// withCommands is a program with two subcommands that say what they were called with.
func withCommands(ran *[]string) Program {
	record := func(name string, value *string) func(context.Context, *Env, []string) error {
		return func(_ context.Context, _ *Env, args []string) error {
			*ran = append(*ran, strings.Join(append([]string{name, *value}, args...), " "))
			return nil
		}
	}
	var root, say, fail string
	flag := func(to *string) func(*pflag.FlagSet) {
		return func(fs *pflag.FlagSet) { fs.StringVar(to, "with", "", "a `VALUE`") }
	}
	return Program{
		Name: "zre", Short: "the program", Flags: flag(&root), Run: record("zre", &root),
		Node: NewNodeFlags(),
		Commands: []Program{
			{Name: "say", Args: "TEXT", Short: "say it", Group: "Messages", Flags: flag(&say),
				Node: NewNodeFlags(), Positional: func(*cobra.Command, []string) error { return nil },
				Run: record("say", &say)},
			{Name: "fail", Short: "fail", Group: "Others", Flags: flag(&fail), NoConfig: true,
				Run: func(context.Context, *Env, []string) error {
					return &ExitError{Status: 7, Err: os.ErrNotExist}
				}},
		},
	}
}

// run runs the program as a user would, with the text of a zre.conf.
func runCommands(t *testing.T, conf string, args ...string) (ran []string, status int, out, err string) {
	t.Helper()
	dir := t.TempDir()
	open := func(name string) *os.File {
		f, err := os.Create(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = f.Close() })
		return f
	}
	env := &Env{
		Stdin: os.Stdin, Stdout: open("out"), Stderr: open("err"),
		getenv: func(name string) string {
			if name == "ZRECFG" {
				return "zre.conf"
			}
			return ""
		},
		readFile: func(string) ([]byte, error) { return []byte(conf), nil },
	}
	status = execute(t.Context(), withCommands(&ran), env, args)
	read := func(name string) string {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		return string(bytes.TrimSpace(text))
	}
	return ran, status, read("out"), read("err")
}

func TestSubcommands(t *testing.T) {
	for name, c := range map[string]struct {
		conf   string
		args   []string
		ran    string
		status int
		err    string
	}{
		"none":                     {"", nil, "zre ", 0, ""},
		"flags of the program":     {"", []string{"--with", "x"}, "zre x", 0, ""},
		"a command":                {"", []string{"say", "hello"}, "say  hello", 0, ""},
		"its flags":                {"", []string{"say", "--with", "x", "hello"}, "say x hello", 0, ""},
		"flags before it":          {"", []string{"--with", "x", "say", "hello"}, "say x hello", 0, ""},
		"a node's flags before it": {"", []string{"-i", "lo", "say", "hello"}, "say  hello", 0, ""},
		"zre.conf":                 {"[zre]\njoin = x\ninterface = lo\n[zrecat]\nwait = 2\n", []string{"say", "hello"}, "say  hello", 0, ""},
		"an error":                 {"", []string{"fail"}, "", 7, "zre fail: file does not exist"},
		"wrong flag":               {"", []string{"say", "--wiht", "x"}, "", 2, "zre say: there is no flag --wiht; did you mean --with?\nzre say --help says more"},
		"no such command":          {"", []string{"sya"}, "", 2, "zre: there is no command \"sya\"; did you mean say?\nzre --help says more"},
		"completion alone":         {"", []string{"completion"}, "", 2, "zre: for which shell? (right: zre completion bash; there are bash, zsh, fish, powershell)"},
		"no such shell":            {"", []string{"completion", "tcsh"}, "", 2, "zre: for which shell? (right: zre completion bash;"},
		"wrong zre.conf":           {"[zre]\nnonsense = x\n", []string{"say", "x"}, "", 2, "zre say: zre.conf:2: [zre] nonsense: there is no such key; there are"},
	} {
		ran, status, _, err := runCommands(t, c.conf, c.args...)
		if got := strings.Join(ran, "; "); got != c.ran || status != c.status || !strings.HasPrefix(err, c.err) || c.err == "" && err != "" {
			t.Errorf("%s: ran %q, status %d, said %q; want %q, %d, %q", name, got, status, err, c.ran, c.status, c.err)
		}
	}
}

func TestHelpOfSubcommands(t *testing.T) {
	_, _, out, _ := runCommands(t, "", "--help")
	for _, want := range []string{"Messages:\n\n  zre say TEXT  say it\n", "Others:\n\n  zre fail      fail\n"} {
		if !strings.Contains(out, want) {
			t.Errorf("--help does not list %q:\n%s", want, out)
		}
	}
	_, _, out, _ = runCommands(t, "", "say", "--help")
	if !strings.Contains(out, "zre say [flags] TEXT") || strings.Contains(out, "completion bash") {
		t.Errorf("help of say:\n%s", out)
	}
	_, _, out, _ = runCommands(t, "", "say", "--man")
	if !strings.Contains(out, `.TH "ZRE-SAY" 1`) && !strings.Contains(out, `ZRE-SAY`) {
		t.Errorf("manual page of say:\n%s", out)
	}
}

// A program beside the host's node does not take what is for that node alone.
func TestBeside(t *testing.T) {
	conf := []byte("[zre]\nname = host\nid = 6ba7b810-9dad-11d1-80b4-00c04fd430c8\ngossip-bind = 127.0.0.1:1\n" +
		"advertise = 192.0.2.1:1\ncontest = g\nmetrics = 127.0.0.1:2\njoin = g\n")
	for _, beside := range []bool{false, true} {
		p := Program{Name: "say", Node: NewNodeFlags(), Beside: beside}
		flags := p.FlagSet()
		if err := p.LoadConfig(flags, "zre.conf", conf); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"id", "gossip-bind", "advertise", "contest", "metrics"} {
			if flags.Changed(name) == beside {
				t.Errorf("beside %v: --%s is set: %v", beside, name, !beside)
			}
		}
		if !flags.Changed("name") {
			t.Errorf("beside %v: the name is not set", beside)
		}
	}
}
