package house

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// source is one Go file of the module.
type source struct {
	name string // relative to the module, with slashes
	dir  string
	test bool
	file *ast.File
	set  *token.FileSet
}

// sources parses every Go file, also those that this system does not build. It walks the tree
// itself instead of asking `go list`, so that the test cache sees what the test depends on.
func sources(t *testing.T) []source {
	t.Helper()
	root := filepath.Join("..", "..")
	if _, err := os.Stat(filepath.Join(root, "go.mod")); err != nil {
		t.Fatalf("the module's root is not where this test looks for it: %v", err)
	}
	var found []source
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := entry.Name()
		if entry.IsDir() {
			if path != root && (name == "testdata" || name == "vendor" || strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_")) {
				return filepath.SkipDir
			}
			return nil
		}
		if filepath.Ext(name) != ".go" || strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_") {
			return nil
		}
		set := token.NewFileSet()
		file, err := parser.ParseFile(set, path, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		dir, _ := strings.CutSuffix(rel, "/"+name)
		if dir == name {
			dir = "."
		}
		found = append(found, source{name: rel, dir: dir, test: strings.HasSuffix(name, "_test.go"), file: file, set: set})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(found) < 3 {
		t.Fatalf("found only %d Go files: the walk is broken", len(found))
	}
	return found
}

// imported is the path that an import names.
func imported(t *testing.T, spec *ast.ImportSpec) string {
	t.Helper()
	path, err := strconv.Unquote(spec.Path.Value)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func TestEveryImportIsAllowed(t *testing.T) {
	for _, src := range sources(t) {
		r, ok := roomOf(src.dir)
		if !ok {
			t.Errorf("%s: %s is in no room: give it a row in internal/house/rooms.go", src.name, src.dir)
			continue
		}
		for _, spec := range src.file.Imports {
			if path := imported(t, spec); !r.allows(path, src.test) {
				t.Errorf("%s: room %s may not import %s", src.set.Position(spec.Pos()), r.dir, path)
			}
		}
	}
}

// TestNoRowIsIdle: a room without files, or a permission that no file uses, would later allow
// something by accident.
func TestNoRowIsIdle(t *testing.T) {
	lived, used := map[string]bool{}, map[string]bool{}
	for _, src := range sources(t) {
		r, ok := roomOf(src.dir)
		if !ok {
			continue
		}
		lived[r.dir] = true
		for _, spec := range src.file.Imports {
			path := imported(t, spec)
			for _, p := range slices.Concat(r.may, r.tests) {
				if matches(p, strings.TrimPrefix(path, module+"/")) {
					used[p] = true
				}
			}
		}
	}
	for _, r := range rooms {
		if !lived[r.dir] {
			t.Errorf("no file is in room %s: take its row away", r.dir)
		}
		for _, p := range slices.Concat(r.may, r.tests) {
			if !used[p] {
				t.Errorf("room %s: no file imports %s: take the permission away", r.dir, p)
			}
		}
	}
}

// TestPureRoomsArePure looks for what needs no import to break purity.
func TestPureRoomsArePure(t *testing.T) {
	clock := []string{"Now", "Sleep", "After", "AfterFunc", "NewTimer", "NewTicker", "Tick", "Since", "Until"}
	for _, src := range sources(t) {
		if r, ok := roomOf(src.dir); !ok || !r.pure || src.test {
			continue
		}
		ast.Inspect(src.file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.GoStmt:
				t.Errorf("%s: a goroutine in a pure room", src.set.Position(n.Pos()))
			case *ast.SelectorExpr:
				if x, ok := n.X.(*ast.Ident); ok && x.Name == "time" && slices.Contains(clock, n.Sel.Name) {
					t.Errorf("%s: a pure room asks the clock: time.%s", src.set.Position(n.Pos()), n.Sel.Name)
				}
			}
			return true
		})
	}
}

// TestEveryPackageSaysWhatItIs demands a doc.go with the package's comment in it.
func TestEveryPackageSaysWhatItIs(t *testing.T) {
	documented, seen := map[string]bool{}, map[string]bool{}
	for _, src := range sources(t) {
		if src.test && strings.HasSuffix(src.file.Name.Name, "_test") {
			continue
		}
		seen[src.dir] = true
		if src.file.Doc == nil || src.test {
			continue
		}
		text := src.file.Doc.Text()
		want := "Package " + src.file.Name.Name + " "
		if src.file.Name.Name == "main" {
			want = "" // a program's comment says "Zrecat copies …", "The generator …"
		}
		if strings.HasPrefix(text, want) && len(text) > 40 {
			documented[src.dir] = true
		} else {
			t.Errorf("%s: the package comment should start with %q and say what the package is for", src.name, want)
		}
	}
	for dir := range seen {
		if !documented[dir] {
			t.Errorf("%s: no file has a package comment: write its doc.go", dir)
		}
	}
}

// TestGeneratedFilesSaySo holds both directions: what the generator writes carries the header
// that tools look for, and no file outside the generator's rooms does.
func TestGeneratedFilesSaySo(t *testing.T) {
	for _, src := range sources(t) {
		room := strings.HasPrefix(src.dir, "internal/codec/") && src.dir != "internal/codec/wire"
		switch generated := ast.IsGenerated(src.file); {
		case room && !generated && !src.test:
			t.Errorf("%s: a file written by hand among the generated ones, or a header that is missing", src.name)
		case generated && !room:
			t.Errorf("%s: a generated file outside internal/codec", src.name)
		}
	}
}

func TestRoomRules(t *testing.T) {
	for _, c := range []struct {
		dir, path string
		test      bool
		want      bool
	}{
		{"zre", "fmt", false, true},
		{"zre", module + "/internal/transport/libzmq", false, false},
		{"zre", module + "/cmd/internal/cli", false, false},
		{"zre", module + "/gen/model", false, false},
		{"zre", "github.com/pebbe/zmq4", false, false},
		{"zre", "github.com/pebbe/zmq4", true, false},
		{"zre", "C", true, false},
		{"internal/transport/libzmq", "github.com/pebbe/zmq4", false, true},
		{"internal/transport/zmtp", "github.com/pebbe/zmq4", false, false},
		{"internal/transport/zmtp", "github.com/pebbe/zmq4", true, true},
		{"internal/transport/libzmq", "C", false, false},
		{"cmd/zrebench/internal/rawzmq", "C", false, true},
		{"cmd/zrebench/internal/worker", "C", false, false},
		{"internal/codec/wire", "time", false, true},
		{"internal/codec/wire", "net", false, false},
		{"internal/codec/wire", "net/netip", false, true},
		{"internal/codec/wire", "net", true, true},
		{"internal/codec/zremsg", module + "/internal/codec/wire", false, true},
		{"internal/codec/zremsg", module + "/internal/transport", false, false},
		{"internal/codec/zremsg", "pgregory.net/rapid", false, false},
		{"internal/codec/zremsg", "pgregory.net/rapid", true, true},
		{"cmd/zre", module + "/zre", false, true},
		{"cmd/zre", module + "/internal/beacon", false, false},
		{"cmd/zgossip_server", "github.com/prometheus/client_golang/prometheus", false, true},
		{"cmd/zre", "github.com/prometheus/client_golang/prometheus", false, false},
	} {
		r, ok := roomOf(c.dir)
		if !ok {
			t.Errorf("%s is in no room", c.dir)
		} else if got := r.allows(c.path, c.test); got != c.want {
			t.Errorf("%s (room %s) importing %s, in a test: %v: allowed %v, want %v", c.dir, r.dir, c.path, c.test, got, c.want)
		}
	}
}
