package cli

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// world is the surroundings of one run of a program.
type world struct {
	files map[string]string
	vars  map[string]string
}

// result is what a run left behind.
type result struct {
	status         int
	stdout, stderr string
	node           *NodeFlags
	env            *Env
	bufsize        Size
	lines          bool
	args           []string
	ran            bool
}

// run runs a program like zrecat, called name, with arguments.
func (w world) run(t *testing.T, name string, args ...string) result {
	t.Helper()
	var r result
	r.bufsize = 64 << 10
	node := NewNodeFlags()
	p := Program{
		Name: name, Args: "GROUP", Short: "does things", Long: "Does things, at length.",
		Node: node,
		Flags: func(flags *pflag.FlagSet) {
			flags.Var(&r.bufsize, "bufsize", "octets to read at once")
			flags.BoolVar(&r.lines, "bufbyline", false, "by line")
		},
		Positional: cobra.MaximumNArgs(1),
		Run: func(_ context.Context, env *Env, args []string) error {
			r.ran, r.node, r.env, r.args = true, node, env, args
			return nil
		},
	}
	w.execute(t, p, &r, args)
	return r
}

func (w world) execute(t *testing.T, p Program, r *result, args []string) {
	t.Helper()
	out, err := os.Create(filepath.Join(t.TempDir(), "stdout"))
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	var stderr strings.Builder
	env := &Env{
		Stdin: nil, Stdout: out, Stderr: &stderr,
		getenv: func(name string) string { return w.vars[name] },
		readFile: func(name string) ([]byte, error) {
			text, ok := w.files[name]
			switch {
			case !ok:
				return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
			case text == "SECRET":
				return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrPermission}
			}
			return []byte(text), nil
		},
	}
	r.status = execute(t.Context(), p, env, args)
	printed, err := os.ReadFile(out.Name())
	if err != nil {
		t.Fatal(err)
	}
	r.stdout, r.stderr = string(printed), stderr.String()
}

func TestPrecedence(t *testing.T) {
	const file = "[zre]\nname = common\nquiet-period = 7\ninterface = eth0\n[zrecat]\nname = cat\nbufsize = 1K\n"
	tests := map[string]struct {
		world world
		args  []string
		name  string
	}{
		"nothing said":              {name: ""},
		"the program's own section": {world: world{files: map[string]string{"/etc/zre.conf": file}}, name: "cat"},
		"the home directory": {
			world: world{files: map[string]string{"/home/u/.zre.conf": file}, vars: map[string]string{"HOME": "/home/u"}},
			name:  "cat"},
		"the system's file comes before the user's": {
			world: world{files: map[string]string{"/etc/zre.conf": "[zre]\nname=system\n", "/home/u/.zre.conf": file}, vars: map[string]string{"HOME": "/home/u"}},
			name:  "system"},
		"ZRECFG comes before both": {
			world: world{files: map[string]string{"/etc/zre.conf": file, "mine": "[zre]\nname=mine\n"}, vars: map[string]string{"ZRECFG": "mine"}},
			name:  "mine"},
		"ZRENAME beats the file": {
			world: world{files: map[string]string{"/etc/zre.conf": file}, vars: map[string]string{"ZRENAME": "zrenode1"}},
			name:  "zrenode1"},
		"ZRENAME without a file": {world: world{vars: map[string]string{"ZRENAME": "zrenode1"}}, name: "zrenode1"},
		"an empty ZRENAME says nothing": {
			world: world{files: map[string]string{"/etc/zre.conf": file}, vars: map[string]string{"ZRENAME": ""}},
			name:  "cat"},
		"the flag beats all": {
			world: world{files: map[string]string{"/etc/zre.conf": file}, vars: map[string]string{"ZRENAME": "zrenode1"}},
			args:  []string{"-n", "typed"}, name: "typed"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			r := test.world.run(t, "zrecat", test.args...)
			if r.status != 0 {
				t.Fatalf("status %d: %s", r.status, r.stderr)
			}
			if r.node.name != test.name {
				t.Errorf("name %q, want %q", r.node.name, test.name)
			}
		})
	}
}

func TestConfigLists(t *testing.T) {
	w := world{files: map[string]string{"/etc/zre.conf": "[zre]\ninterface = eth0\ninterface=eth1\nheader = a=1\nheader = b=x=y ; a comment\n"}}
	if got := w.run(t, "zrecat").node; strings.Join(got.interfaces, " ") != "eth0 eth1" || got.headers["a"] != "1" || got.headers["b"] != "x=y" {
		t.Errorf("from the file: interfaces %q, headers %q", got.interfaces, got.headers)
	}
	if got := w.run(t, "zrecat", "-i", "lo").node.interfaces; len(got) != 1 || got[0] != "lo" {
		t.Errorf("a flag replaces the list of the file, got %q", got)
	}
	w.files["/etc/zre.conf"] += "[zrecat]\ninterface = wlan0\n"
	if got := w.run(t, "zrecat").node.interfaces; len(got) != 1 || got[0] != "wlan0" {
		t.Errorf("the program's section replaces the list of [zre], got %q", got)
	}
	if got := w.run(t, "zre").node.interfaces; len(got) != 2 {
		t.Errorf("another program does not see it, got %q", got)
	}
}

func TestConfigSyntax(t *testing.T) {
	const text = "\ufeff# first line\n; second\n\n  [zre]  # behind a section\n\tname = `a # b`\t# with a tab before it\n" +
		"debug ; alone\n no-beacon=yes\r\n[zrecat]\nbufsize=4096#not a comment\n"
	w := world{files: map[string]string{"/etc/zre.conf": strings.Replace(text, "#not a comment", " #a comment", 1)}}
	r := w.run(t, "zrecat")
	if r.status != 0 {
		t.Fatalf("status %d: %s", r.status, r.stderr)
	}
	if r.node.name != "a # b" || !r.node.noBeacon || r.bufsize != 4096 {
		t.Errorf("name %q, no-beacon %v, bufsize %d", r.node.name, r.node.noBeacon, r.bufsize)
	}
	if !r.env.Log.Enabled(t.Context(), -4) {
		t.Error("debug alone on its line is not on")
	}
}

func TestConfigErrors(t *testing.T) {
	tests := map[string]struct {
		text string
		want []string // in the message
	}{
		"unknown key":              {"[zre]\n\nquiet-perod = 5\n", []string{"/etc/zre.conf:3: [zre] quiet-perod:", "did you mean quiet-period?"}},
		"key of another program":   {"[zrecat]\njson = true\n", []string{":2: [zrecat] json:", "no such key"}},
		"unknown, nothing near":    {"[zre]\nxyzzy = 5\n", []string{":2: [zre] xyzzy:", "there are advertise, all, beacon-period"}},
		"unknown section":          {"[zre]\n[zrecatt]\n", []string{":2: [zrecatt]", "did you mean zrecat?"}},
		"bad seconds":              {"[zre]\nname=x\nquiet-period = soon\n", []string{":3: [zre] quiet-period:", `"soon"`, "right: 5, 0.5"}},
		"no value":                 {"[zre]\nquiet-period =\n", []string{":2: [zre] quiet-period:", "not a number of seconds"}},
		"negative":                 {"[zre]\nquiet-period = -1\n", []string{":2:", "above 0"}},
		"bad switch":               {"[zre]\ndebug = perhaps\n", []string{":2: [zre] debug:", "true or false"}},
		"bad number":               {"[zre]\nmulticast-ttl = ten\n", []string{":2: [zre] multicast-ttl:", "whole number from 1"}},
		"twice":                    {"[zre]\nname = a\n# b\nname = b\n", []string{":4: [zre] name:", "first in line 2"}},
		"above the first section":  {"name = a\n[zre]\n", []string{":1: name:", "[zre]"}},
		"broken section":           {"[zre\nname = a\n", []string{"/etc/zre.conf:", "unclosed section"}},
		"bad size":                 {"[zrecat]\nbufsize = 64KB\n", []string{":2: [zrecat] bufsize:", "64K"}},
		"bad port range":           {"[zre]\nport-range = 5-4\n", []string{":2:", "41000-41100"}},
		"bad multicast":            {"[zre]\nmulticast-group = 10.0.0.1:5670\n", []string{":2:", "225.25.25.25:5670"}},
		"bad header":               {"[zre]\nheader = nothing\n", []string{":2:", "NAME=VALUE"}},
		"bad gossip":               {"[zre]\ngossip = udp://a:1\n", []string{":2:", "only tcp://"}},
		"quote without end":        {"[zre]\nname = \"a # b\"\n", []string{":2: [zre] name:", "backquotes"}},
		"no key of a config file":  {"[zre]\nhelp = true\n", []string{":2: [zre] help:", "no such key"}},
		"first mistake first":      {"[zre]\nzzzz=1\nname=a\nyyyy=2\n", []string{":2: [zre] zzzz:"}},
		"unreadable":               {"SECRET", []string{"/etc/zre.conf: cannot be read: permission denied"}},
		"misspelt in both, common": {"[zrecat]\nbufsiz=1\n[zre]\nnam=1\n", []string{":4: [zre] nam:", "did you mean name?"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			r := world{files: map[string]string{"/etc/zre.conf": test.text}}.run(t, "zrecat")
			if r.status != ExitUsage || r.ran {
				t.Errorf("status %d, ran %v, want status %d and no run", r.status, r.ran, ExitUsage)
			}
			for _, want := range test.want {
				if !strings.Contains(r.stderr, want) {
					t.Errorf("stderr %q does not say %q", r.stderr, want)
				}
			}
		})
	}
}

func TestConfigOfOthers(t *testing.T) {
	w := world{files: map[string]string{"/etc/zre.conf": "[zre]\njson = true\nname = a\n[zgossip_server]\nhttp = :8080\n"}}
	if r := w.run(t, "zrecat"); r.status != 0 || r.node.name != "a" {
		t.Errorf("status %d, name %q: %s", r.status, r.node.name, r.stderr)
	}

	// A program without a node has flags of its own only, but for --debug.
	var r result
	var http string
	w.files["/etc/zre.conf"] += "[zre]\ndebug = on\n"
	w.execute(t, Program{
		Name: "zgossip_server", Flags: func(fs *pflag.FlagSet) { fs.StringVar(&http, "http", "", "address") },
		LogFormat: true,
		Run:       func(_ context.Context, env *Env, _ []string) error { r.env = env; return nil },
	}, &r, nil)
	if r.status != 0 || http != ":8080" || !r.env.Log.Enabled(t.Context(), -4) {
		t.Errorf("status %d, http %q: %s", r.status, http, r.stderr)
	}
}

func TestZRECFGMustBeReadable(t *testing.T) {
	w := world{files: map[string]string{"/etc/zre.conf": "[zre]\nname = a\n"}, vars: map[string]string{"ZRECFG": "./nowhere.conf"}}
	r := w.run(t, "zrecat")
	if r.status != ExitUsage || !strings.Contains(r.stderr, "./nowhere.conf: cannot be read") || !strings.Contains(r.stderr, "ZRECFG") {
		t.Errorf("status %d: %s", r.status, r.stderr)
	}
}

// A program without configuration does not mind what is in the file, and says nothing of files.
func TestNoConfig(t *testing.T) {
	w := world{files: map[string]string{"/c": "[nonsense]\n"}, vars: map[string]string{"ZRECFG": "/c"}}
	for _, args := range [][]string{nil, {"--help"}} {
		var r result
		w.execute(t, Program{Name: "measure", Short: "measures", Statuses: "0  fine", NoConfig: true, Run: func(context.Context, *Env, []string) error {
			r.ran = true
			return nil
		}}, &r, args)
		if r.status != ExitOK || r.ran != (args == nil) || strings.Contains(r.stdout, "zre.conf") {
			t.Errorf("%q: status %d, ran: %v, printed:\n%s%s", args, r.status, r.ran, r.stdout, r.stderr)
		}
	}
}

func TestWrongUsage(t *testing.T) {
	tests := map[string]struct {
		args []string
		want string
	}{
		"misspelt flag":    {[]string{"--quiet-perod=1"}, "did you mean --quiet-period?"},
		"unknown flag":     {[]string{"--xyzzy"}, "there is no flag --xyzzy"},
		"unknown letter":   {[]string{"-Z"}, "'Z'"},
		"no value":         {[]string{"--name"}, "needs an argument"},
		"bad value":        {[]string{"--quiet-period", "never"}, `--quiet-period "never": not a number of seconds`},
		"too many":         {[]string{"a", "b"}, "at most 1 arg"},
		"completion alone": {[]string{"completion", "klingon", "x"}, "at most 1 arg"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			r := world{}.run(t, "zrecat", test.args...)
			if r.status != ExitUsage || !strings.Contains(r.stderr, test.want) || !strings.HasPrefix(r.stderr, "zrecat: ") {
				t.Errorf("status %d, stderr %q; want status 2 and %q", r.status, r.stderr, test.want)
			}
			if r.stdout != "" {
				t.Errorf("stdout %q", r.stdout)
			}
		})
	}
}

func TestPrinted(t *testing.T) {
	tests := map[string]struct {
		args []string
		want []string
	}{
		"help":       {[]string{"--help"}, []string{"Does things, at length.", "--quiet-period SECONDS", "Exit status:", "ZRENAME", "/etc/zre.conf"}},
		"version":    {[]string{"--version"}, []string{"zrecat ", "go1."}},
		"manual":     {[]string{"--man"}, []string{".TH", ".SH EXIT STATUS", ".SH ENVIRONMENT", "\\fB--quiet-period\\fP \\fISECONDS\\fP", "(default: 5)"}},
		"completion": {[]string{"completion", "bash"}, []string{"bash completion", "zrecat"}},
		"zsh":        {[]string{"completion", "zsh"}, []string{"#compdef zrecat"}},
		"fish":       {[]string{"completion", "fish"}, []string{"complete -c zrecat"}},
		"completing": {[]string{"__complete", "--quiet-p"}, []string{"--quiet-period", "--quiet-ping-rate"}},
		"interface":  {[]string{"__complete", "-i", "l"}, []string{"lo\n"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			r := world{}.run(t, "zrecat", test.args...)
			if r.status != 0 || r.ran {
				t.Fatalf("status %d, ran %v: %s", r.status, r.ran, r.stderr)
			}
			for _, want := range test.want {
				if !strings.Contains(r.stdout, want) {
					t.Errorf("stdout does not say %q:\n%s", want, r.stdout)
				}
			}
		})
	}
}

// A group may have any name, those of cobra's own commands too.
func TestGroupsNamedLikeCommands(t *testing.T) {
	for _, group := range []string{"help", "completion", "man"} {
		if r := (world{}).run(t, "zrecat", group); !r.ran || len(r.args) != 1 || r.args[0] != group {
			t.Errorf("%s: ran %v with %q: %s", group, r.ran, r.args, r.stderr)
		}
	}
}

func TestStatus(t *testing.T) {
	tests := map[string]struct {
		err  error
		want int
	}{
		"nothing":       {nil, 0},
		"any":           {errors.New("x"), 1},
		"usage":         {Usagef("x"), 2},
		"configuration": {&ConfigError{Err: errors.New("x")}, 2},
		"own":           {&ExitError{Status: ExitNoPeer}, 3},
		"wrapped":       {errors.Join(Usagef("x")), 2},
	}
	for name, test := range tests {
		if got := Status(test.err); got != test.want {
			t.Errorf("%s: status %d, want %d", name, got, test.want)
		}
	}
}
