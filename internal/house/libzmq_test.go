package house

import (
	"go/build/constraint"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// zmq4 is Go's binding of libzmq. It needs C.
const zmq4 = "github.com/pebbe/zmq4"

// cSuffixes are the names of files that the go command hands to a C compiler or a linker.
var cSuffixes = []string{
	".c", ".cc", ".cpp", ".cxx", ".m", ".f", ".F", ".for", ".f90", ".swig", ".swigcxx", ".syso",
}

// needsLibzmq says whether only builds with the tag libzmq take a file with this constraint,
// with any other tags.
func needsLibzmq(expr constraint.Expr) bool {
	var tags []string
	expr.Eval(func(tag string) bool {
		if tag != "libzmq" && !slices.Contains(tags, tag) {
			tags = append(tags, tag)
		}
		return true
	})
	for set := range 1 << len(tags) {
		if expr.Eval(func(tag string) bool {
			i := slices.Index(tags, tag)
			return i >= 0 && set>>i&1 == 1
		}) {
			return false
		}
	}
	return true
}

// fileNeedsLibzmq looks for such a constraint above the code of a file, in Go or in C.
func fileNeedsLibzmq(text string) bool {
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if constraint.IsGoBuild(line) {
			expr, err := constraint.Parse(line)
			return err == nil && needsLibzmq(expr)
		}
		if line != "" && !strings.HasPrefix(line, "//") {
			return false
		}
	}
	return false
}

// TestCNeedsTheTag holds that what a C compiler is needed for is built with the tag libzmq only.
func TestCNeedsTheTag(t *testing.T) {
	root := filepath.Join("..", "..")
	check := func(name, what string) {
		text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name)))
		if err != nil {
			t.Fatal(err)
		}
		if !fileNeedsLibzmq(string(text)) {
			t.Errorf("%s: %s outside the build tag libzmq", name, what)
		}
	}
	for _, src := range sources(t) {
		for _, spec := range src.file.Imports {
			if named := imported(t, spec); named == "C" || named == zmq4 {
				check(src.name, "import of "+named)
			}
		}
	}
	err := filepath.WalkDir(root, func(file string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && (entry.Name() == "testdata" || entry.Name() == ".git") {
			return filepath.SkipDir
		}
		if !entry.IsDir() && slices.Contains(cSuffixes, filepath.Ext(file)) {
			rel, err := filepath.Rel(root, file)
			if err != nil {
				return err
			}
			check(filepath.ToSlash(rel), "C source")
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestDefaultBuildNeedsNoC asks the go command itself, about the packages, their tests, and all
// that they import. The standard library is not counted: it does without C where there is none.
func TestDefaultBuildNeedsNoC(t *testing.T) {
	sources(t) // the test cache has to see the files that `go list` reads
	cmd := exec.Command("go", "list", "-tags=", "-deps", "-test",
		"-f", "{{if and .CgoFiles (not .Standard)}}{{.ImportPath}}{{end}}", "./...")
	cmd.Dir = filepath.Join("..", "..")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=1")
	var complaint strings.Builder
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, &complaint)
	}
	for line := range strings.Lines(string(out)) {
		path, _, _ := strings.Cut(strings.TrimSpace(line), " ") // "PATH [PATH.test]" in a test
		t.Errorf("%s is part of the default build, and needs C", path)
	}
}

func TestFileNeedsLibzmq(t *testing.T) {
	for text, want := range map[string]bool{
		"package a\n":                      false,
		"//go:build libzmq\n\npackage a\n": true,
		"// What it is for.\n\n//go:build libzmq\npackage a\n":   true,
		"package a\n\n//go:build libzmq\n":                       false,
		"//go:build !libzmq\npackage a\n":                        false,
		"//go:build libzmq && linux\npackage a\n":                true,
		"//go:build libzmq || linux\npackage a\n":                false,
		"//go:build libzmq && !windows\npackage a\n":             true,
		"//go:build (libzmq || !linux) && linux\npackage a\n":    true,
		"//go:build !(libzmq && linux) && cgo\npackage a\n":      false,
		"//go:build libzmq\n\n#include <zmq.h>\nint zero(void);": true,
		"#include <zmq.h>\n":                                     false,
	} {
		if got := fileNeedsLibzmq(text); got != want {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
}
