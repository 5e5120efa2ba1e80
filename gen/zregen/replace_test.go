package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func itoa(n int) string { return strconv.Itoa(n) }

// changed makes a directory with output that is out of date: files to replace, to add and to
// remove, in two packages, and a grammar. It returns the directory and the arguments.
func changed(t *testing.T) (string, []string) {
	t.Helper()
	dir := ownDir(t)
	first, second := filepath.Join(dir, "first.xml"), filepath.Join(dir, "second.xml")
	args := []string{"-out", filepath.Join(dir, "out"), first, second}
	write(t, first, good)
	write(t, second, strings.Replace(good, "good_msg", "second", 1))
	if status, _, stderr := gen(args...); status != exitOK {
		t.Fatal(stderr)
	}
	write(t, first, strings.Replace(good, "WORLD", "EARTH", 1))
	write(t, second, "<class name='second'><message name='OTHER'>Other</message></class>")
	return dir, args
}

// planOf returns what the arguments would change.
func planOf(t *testing.T, args []string) plan {
	t.Helper()
	o, err := parseFlags(args, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	outputs, _, err := produce(o)
	if err != nil {
		t.Fatal(err)
	}
	m, _, err := findModule(o.out)
	if err != nil {
		t.Fatal(err)
	}
	p, err := planAll(outputs, m)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// failAt returns a rename that fails the nth time, once, and counts.
func failAt(nth int, calls *int, fail func(from, to string) error) func(from, to string) error {
	return func(from, to string) error {
		if *calls++; *calls == nth {
			return fail(from, to)
		}
		return os.Rename(from, to)
	}
}

// TestTogether lets each of the renames fail in turn: all files stay as they were, no temporary
// one is left, and the error names the file that it is about.
func TestTogether(t *testing.T) {
	t.Parallel()
	dir, args := changed(t)
	p := planOf(t, args)
	before := tree(t, dir)
	for nth := 1; ; nth++ {
		var calls int
		err := replaceAll(context.Background(), p, failAt(nth, &calls, func(from, to string) error {
			return &os.LinkError{Op: "rename", Old: from, New: to, Err: errors.New("no space left")}
		}))
		if calls < nth {
			if err != nil {
				t.Fatal(err)
			}
			if nth < 10 {
				t.Errorf("only %d renames: the test shows too little", calls)
			}
			break
		}
		if err == nil || !strings.HasSuffix(err.Error(), ": no space left") || strings.Contains(err.Error(), tempPrefix) {
			t.Fatalf("rename %d fails: %v", nth, err)
		}
		if diff := cmp.Diff(before, tree(t, dir)); diff != "" {
			t.Fatalf("after rename %d failed (-before +after):\n%s", nth, diff)
		}
	}
	if status, _, stderr := gen(append([]string{"-check"}, args...)...); status != exitOK {
		t.Errorf("in the end: %s", stderr)
	}
	if after := tree(t, dir); after["out/goodmsg/world_gen.go"] != "" || after["out/goodmsg/earth_gen.go"] == "" {
		t.Error("a file that is wanted no more is there, or a new one is not")
	}
}

// TestTogetherNew does the same where nothing was: nothing is there after it, no directory either.
func TestTogetherNew(t *testing.T) {
	t.Parallel()
	dir := ownDir(t)
	spec := filepath.Join(dir, "good.xml")
	write(t, spec, good)
	p := planOf(t, []string{"-out", filepath.Join(dir, "a", "b"), spec})
	before := tree(t, dir)
	for nth := 1; ; nth++ {
		var calls int
		err := replaceAll(context.Background(), p, failAt(nth, &calls, func(string, string) error { return os.ErrPermission }))
		if calls < nth {
			if err != nil {
				t.Fatal(err)
			}
			break
		}
		if !errors.Is(err, os.ErrPermission) {
			t.Fatalf("rename %d fails: %v", nth, err)
		}
		if diff := cmp.Diff(before, tree(t, dir)); diff != "" {
			t.Fatalf("after rename %d failed (-before +after):\n%s", nth, diff)
		}
		if _, err := os.Stat(filepath.Join(dir, "a")); !errors.Is(err, os.ErrNotExist) {
			t.Fatalf("after rename %d failed a directory is left: %v", nth, err)
		}
	}
}

// TestInterrupted ends a run before it replaces anything.
func TestInterrupted(t *testing.T) {
	t.Parallel()
	dir, args := changed(t)
	before := tree(t, dir)
	ctx, stop := context.WithCancel(context.Background())
	stop()
	var stderr strings.Builder
	if status := run(ctx, args, &stderr, &stderr); status != exitFault || !strings.Contains(stderr.String(), context.Canceled.Error()) {
		t.Errorf("status %d, said %s", status, stderr.String())
	}
	if diff := cmp.Diff(before, tree(t, dir)); diff != "" {
		t.Errorf("wrote (-before +after):\n%s", diff)
	}
}

// killedAt is the variable that tells the process of TestKilled at which rename it dies.
const killedAt = "ZREGEN_TEST_KILLED_AT"

// TestKilled kills the process in the middle of its work, at each rename. The next run
// repairs it: the files are those of a run that was not killed, and no temporary file is left.
func TestKilled(t *testing.T) {
	t.Parallel()
	if nth := os.Getenv(killedAt); nth != "" {
		n, err := strconv.Atoi(nth)
		if err != nil {
			t.Fatal(err)
		}
		var calls int
		args := strings.Split(os.Getenv(killedAt+"_ARGS"), "\n")
		err = replaceAll(context.Background(), planOf(t, args), failAt(n, &calls, func(string, string) error {
			os.Exit(9)
			return nil
		}))
		fmt.Println(err, calls)
		return
	}
	dir, args := changed(t)
	stale := tree(t, dir)
	p := planOf(t, args)
	if status, _, stderr := gen(args...); status != exitOK {
		t.Fatal(stderr)
	}
	want := tree(t, dir)
	left := 0
	for nth := 1; nth <= len(p.changes)+1; nth += 3 {
		restore(t, dir, stale)
		cmd := exec.Command(os.Args[0], "-test.run=^TestKilled$")
		cmd.Env = append(os.Environ(), killedAt+"="+itoa(nth), killedAt+"_ARGS="+strings.Join(args, "\n"))
		out, err := cmd.CombinedOutput()
		var exit *exec.ExitError
		if errors.As(err, &exit) && exit.ExitCode() == 9 {
			for name := range tree(t, dir) {
				if strings.Contains(name, tempPrefix) {
					left++
					break
				}
			}
		} else if err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		if status, _, stderr := gen(args...); status != exitOK {
			t.Fatal(stderr)
		}
		if diff := cmp.Diff(want, tree(t, dir)); diff != "" {
			t.Fatalf("killed at rename %d (-want +got):\n%s", nth, diff)
		}
	}
	if left == 0 {
		t.Error("no run left a temporary file: the test shows nothing")
	}
}

// restore makes a directory hold these files and no others.
func restore(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name := range tree(t, dir) {
		if err := os.Remove(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	for name, text := range files {
		write(t, filepath.Join(dir, name), text)
	}
}

// TestLeftovers checks whose temporary files a run removes.
func TestLeftovers(t *testing.T) {
	t.Parallel()
	dir, args := changed(t)
	if status, _, stderr := gen(args...); status != exitOK {
		t.Fatal(stderr)
	}
	gone := []string{"out/goodmsg/.zregen-world_gen.go-123", "out/goodmsg/.zregen-any-old", ".zregen-first.abnf-1", "out/wire/.zregen-append.go-old"}
	kept := []string{".zregen-other.abnf-1", "out/wire/.zregen-other.go-1", "out/.zregen-x-1", "out/goodmsg/.other"}
	for _, name := range append(gone, kept...) {
		write(t, filepath.Join(dir, name), "")
	}
	// The run has nothing else to do.
	if status, _, stderr := gen(args...); status != exitOK {
		t.Fatal(stderr)
	}
	files := tree(t, dir)
	for _, name := range gone {
		if _, there := files[name]; there {
			t.Errorf("%s is still there", name)
		}
	}
	for _, name := range kept {
		if _, there := files[name]; !there {
			t.Errorf("%s is gone, and may be that of another run", name)
		}
	}
}

// TestMode checks that a file keeps its permissions.
func TestMode(t *testing.T) {
	t.Parallel()
	dir, args := changed(t)
	file := filepath.Join(dir, "out", "goodmsg", "message_gen.go")
	if err := os.Chmod(file, 0o600); err != nil {
		t.Fatal(err)
	}
	if status, _, stderr := gen(args...); status != exitOK {
		t.Fatal(stderr)
	}
	info, err := os.Stat(file)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v; want 0600", info.Mode(), err)
	}
}

func TestModulePath(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"module example.com/a\n":                   "example.com/a",
		"// c\n\nmodule  \"example.com/a\" // c\n": "example.com/a",
		"go 1.22\nmodule example.com/a":            "example.com/a",
		"// module example.com/a\n":                "",
		"":                                         "",
	} {
		if got, ok := modulePath(text); got != want || ok != (want != "") {
			t.Errorf("%q: %q, %v; want %q", text, got, ok, want)
		}
	}
}
