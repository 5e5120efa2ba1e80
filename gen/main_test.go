package main

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// gen runs the command.
func gen(args ...string) (status int, stdout, stderr string) {
	var out, errs bytes.Buffer
	status = run(args, &out, &errs)
	return status, out.String(), errs.String()
}

// tree returns all files under dir, by path.
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		rel, _ := filepath.Rel(dir, path)
		files[filepath.ToSlash(rel)] = string(content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

const (
	good = "<class name='good_msg'><message name='HELLO'/><message name='WORLD'/></class>"
	evil = "<class name='evil_msg'>\n<message name='HELLO'>\n<field name='foo' type='strng'/></message></class>"
)

func TestWrite(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	spec, out := filepath.Join(dir, "good.xml"), filepath.Join(dir, "a", "b")
	write(t, spec, good)
	if status, stdout, stderr := gen("-out", out, spec); status != 0 || stdout+stderr != "" {
		t.Fatalf("status %d, said %q", status, stdout+stderr)
	}
	first := tree(t, dir)
	for _, name := range []string{
		"good.abnf", "a/b/goodmsg/doc.go", "a/b/goodmsg/message_gen.go", "a/b/goodmsg/decoder_gen.go",
		"a/b/goodmsg/frames_gen.go", "a/b/goodmsg/hello_gen.go", "a/b/goodmsg/world_gen.go",
	} {
		if first[name] == "" {
			t.Errorf("no %s", name)
		}
	}
	if len(first) != 8 {
		t.Errorf("%d files: more than the codec, the grammar and the model", len(first))
	}

	// A second run changes nothing, and touches nothing.
	before, err := os.Stat(filepath.Join(out, "goodmsg", "doc.go"))
	if err != nil {
		t.Fatal(err)
	}
	if status, _, stderr := gen("-out", out, spec); status != 0 {
		t.Fatal(stderr)
	}
	if diff := cmp.Diff(first, tree(t, dir)); diff != "" {
		t.Errorf("second run: (-first +second)\n%s", diff)
	}
	after, err := os.Stat(filepath.Join(out, "goodmsg", "doc.go"))
	if err != nil || !os.SameFile(before, after) {
		t.Errorf("a file that was up to date was written: %v", err)
	}
	if status, _, stderr := gen("-check", "-out", out, spec); status != 0 {
		t.Errorf("-check: status %d, %s", status, stderr)
	}
}

// TestStale checks that a file of a message that is gone goes too, and that
// what a hand wrote stays.
func TestStale(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	spec := filepath.Join(dir, "good.xml")
	write(t, spec, good)
	if status, _, stderr := gen("-out", dir, spec); status != 0 {
		t.Fatal(stderr)
	}
	own := filepath.Join(dir, "goodmsg", "own.go")
	write(t, own, "package goodmsg\n")
	write(t, spec, strings.Replace(good, "WORLD", "EARTH", 1))
	before := tree(t, dir)
	status, _, stderr := gen("-check", "-out", dir, spec)
	if status != 1 || !strings.Contains(stderr, "world_gen.go: no longer generated") ||
		!strings.Contains(stderr, "earth_gen.go: not up to date") || !strings.Contains(stderr, "good.abnf: not up to date") {
		t.Errorf("-check: status %d, %s", status, stderr)
	}
	if diff := cmp.Diff(before, tree(t, dir)); diff != "" {
		t.Errorf("-check wrote: %s", diff)
	}
	if status, _, stderr := gen("-out", dir, spec); status != 0 {
		t.Fatal(stderr)
	}
	after := tree(t, dir)
	if after["goodmsg/world_gen.go"] != "" || after["goodmsg/earth_gen.go"] == "" || after["goodmsg/own.go"] == "" {
		t.Error("a stale file stayed, or a hand-written one went")
	}
}

// TestBadModel checks that nothing is written when one of the models is bad.
func TestBadModel(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first, second := filepath.Join(dir, "good.xml"), filepath.Join(dir, "evil.xml")
	write(t, first, good)
	write(t, second, evil)
	before := tree(t, dir)
	status, stdout, stderr := gen("-out", filepath.Join(dir, "out"), first, second)
	want := second + `:3: message HELLO: field "foo": unknown type "strng"; want one of `
	if status != 1 || stdout != "" || !strings.HasPrefix(stderr, want) {
		t.Errorf("status %d, said %q; want status 1 and %q", status, stdout+stderr, want)
	}
	if diff := cmp.Diff(before, tree(t, dir)); diff != "" {
		t.Errorf("wrote: %s", diff)
	}
	if _, err := os.Stat(filepath.Join(dir, "out")); !os.IsNotExist(err) {
		t.Errorf("made the directory: %v", err)
	}
}

// TestFaults checks what is said of files that cannot be read or written.
func TestFaults(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	spec, twin := filepath.Join(dir, "good.xml"), filepath.Join(dir, "good.yaml")
	write(t, spec, good)
	write(t, twin, "name: other\nmessages: [{name: A}]\n")
	same := filepath.Join(dir, "same.xml")
	write(t, same, good)
	write(t, filepath.Join(dir, "file"), "")
	for _, test := range []struct {
		args []string
		want string
	}{
		{[]string{filepath.Join(dir, "gone.xml")}, "gone.xml: no such file or directory"},
		{[]string{"-out", filepath.Join(dir, "file"), spec}, "not a directory"},
		{[]string{"-out", filepath.Join(dir, "new"), spec, same}, "is written for " + spec + " already"},
		{[]string{"-out", filepath.Join(dir, "new"), spec, twin}, "good.abnf is written for " + spec + " already"},
	} {
		before := tree(t, dir)
		if status, _, stderr := gen(test.args...); status != 1 || !strings.Contains(stderr, test.want) {
			t.Errorf("%q: status %d, said %q; want %q", test.args, status, stderr, test.want)
		}
		if diff := cmp.Diff(before, tree(t, dir)); diff != "" {
			t.Errorf("%q wrote: %s", test.args, diff)
		}
	}
}

// TestLongNames checks that names are no longer in file names than file systems
// take, and stay apart.
func TestLongNames(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	spec := filepath.Join(dir, "long.yaml")
	long := strings.Repeat("long ", 100)
	write(t, spec, "name: x\nmessages: [{name: "+long+"a}, {name: "+long+"b}]\n")
	if status, _, stderr := gen("-out", dir, spec); status != 0 {
		t.Fatal(stderr)
	}
	if n := len(tree(t, filepath.Join(dir, "x"))); n != 4+2 {
		t.Errorf("%d files for 2 messages", n)
	}
}

func TestUsage(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		args []string
		want string
	}{
		{nil, "no model given"},
		{[]string{"-nonsense", "x.xml"}, "flag provided but not defined: -nonsense"},
		{[]string{"-package", "p", "x.xml", "y.xml"}, "-package is for a single model"},
		{[]string{"-package", "My-Package", "x.xml"}, "not a name for a package"},
		{[]string{"-package", "func", "x.xml"}, "not a name for a package"},
	} {
		status, stdout, stderr := gen(test.args...)
		if status != 2 || stdout != "" || !strings.Contains(stderr, test.want) || !strings.Contains(stderr, "Try gen -h") {
			t.Errorf("%q: status %d, said %q; want %q", test.args, status, stdout+stderr, test.want)
		}
	}
	status, stdout, stderr := gen("-h")
	if status != 0 || stderr != "" {
		t.Errorf("-h: status %d, stderr %q", status, stderr)
	}
	for _, want := range []string{"usage: gen", "-out DIR", "-package NAME", "-wire PATH", "-no-abnf", "-check", "Exit status:"} {
		if !strings.Contains(stdout, want) {
			t.Errorf("-h does not tell of %s", want)
		}
	}
}

// TestWarnings checks that what has no effect is told, and is no failure.
func TestWarnings(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	spec := filepath.Join(dir, "good.xml")
	write(t, spec, strings.Replace(good, "<message", "<mesage/><message", 1))
	status, _, stderr := gen("-out", dir, "-no-abnf", "-package", "other", spec)
	if want := spec + ":1: element <mesage> has no effect on the codec (warning)\n"; status != 0 || stderr != want {
		t.Errorf("status %d, said %q; want %q", status, stderr, want)
	}
	files := tree(t, dir)
	if files["good.abnf"] != "" || !strings.Contains(files["other/doc.go"], "package other\n") {
		t.Errorf("-no-abnf or -package has no effect")
	}
}

// TestChecked checks that what is checked in is what the models give, with no
// file more. It is go generate without writing.
func TestChecked(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{
		{"-out", "../internal/codec", "../specs/zre_msg.xml", "../specs/zgossip_msg.xml", "../specs/zre_beacon.yaml"},
		{"-no-abnf", "-out", "testdata/codec", "testdata/everything.xml", "testdata/pubsub.xml", "testdata/clash.yaml"},
	} {
		if status, _, stderr := gen(append([]string{"-check"}, args...)...); status != 0 {
			t.Errorf("%s", stderr)
		}
	}
}
