package golang_test

import (
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gozre/zre/gen/golang"
	"github.com/gozre/zre/gen/model"
)

func emit(t *testing.T, path string) map[string]string {
	t.Helper()
	p, err := model.Read(path)
	if err != nil {
		t.Fatal(err)
	}
	// The first line of each file names the model. Leave the format out of it.
	files, err := golang.Emit(p, golang.Options{Source: strings.TrimSuffix(path, filepath.Ext(path))})
	if err != nil {
		t.Fatal(err)
	}
	byName := map[string]string{}
	for _, f := range files {
		if byName[f.Name] != "" {
			t.Errorf("%s: two files %s", path, f.Name)
		}
		byName[f.Name] = string(f.Content)
	}
	return byName
}

// TestXMLAndYAML checks that both forms of one model give the same code.
func TestXMLAndYAML(t *testing.T) {
	t.Parallel()
	x, y := emit(t, "../testdata/everything.xml"), emit(t, "../testdata/everything.yaml")
	if diff := cmp.Diff(x, y); diff != "" {
		t.Errorf("(-xml +yaml)\n%s", diff)
	}
	if len(x) != 4+7+1 {
		t.Errorf("%d files for 7 messages and a test", len(x))
	}
}

// TestTwice checks that one model gives the same code each time.
func TestTwice(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"../testdata/everything.xml", "../testdata/clash.yaml", "../testdata/pubsub.xml"} {
		first := emit(t, path)
		for range 5 {
			if diff := cmp.Diff(first, emit(t, path)); diff != "" {
				t.Fatalf("%s: (-first +later)\n%s", path, diff)
			}
		}
	}
}

// TestSource checks what Go tools and readers ask of each file.
func TestSource(t *testing.T) {
	t.Parallel()
	// One importer for all: it keeps what it has read.
	fset := token.NewFileSet()
	conf := types.Config{Importer: newImports(fset)}
	for _, path := range []string{"../testdata/everything.xml", "../testdata/clash.yaml", "../testdata/pubsub.xml"} {
		var files []*ast.File
		for name, text := range emit(t, path) {
			f, err := parser.ParseFile(fset, name, text, parser.ParseComments|parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			if !ast.IsGenerated(f) {
				t.Errorf("%s does not say that it is generated", name)
			}
			if name == "doc.go" && f.Doc == nil {
				t.Errorf("%s: no package comment", path)
			}
			for _, decl := range f.Decls {
				undocumented(t, decl)
			}
			files = append(files, f)
		}
		if _, err := conf.Check("p", fset, files, nil); err != nil {
			t.Errorf("%s: %v", path, err)
		}
	}
}

// imports reads package wire from its source, and the standard library, which is large, from what
// the compiler has made of it.
type imports struct{ source, compiled types.Importer }

func newImports(fset *token.FileSet) imports {
	return imports{importer.ForCompiler(fset, "source", nil), importer.ForCompiler(fset, "gc", nil)}
}

// Import returns a package.
func (i imports) Import(path string) (*types.Package, error) {
	if path == golang.DefaultWire {
		return i.source.Import(path)
	}
	return i.compiled.Import(path)
}

// undocumented complains of a function or a type without a comment.
func undocumented(t *testing.T, decl ast.Decl) {
	t.Helper()
	switch decl := decl.(type) {
	case *ast.FuncDecl:
		if decl.Doc == nil {
			t.Errorf("func %s has no comment", decl.Name)
		}
	case *ast.GenDecl:
		if decl.Doc == nil && decl.Tok != token.IMPORT {
			t.Errorf("a %s has no comment", decl.Tok)
		}
	}
}

// TestNames checks the names that come from names of the model.
func TestNames(t *testing.T) {
	t.Parallel()
	p, err := model.Read("../testdata/clash.yaml")
	if err != nil {
		t.Fatal(err)
	}
	files, err := golang.Emit(p, golang.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, f := range files {
		all.Write(f.Content)
	}
	text := all.String()
	for _, want := range []string{
		"package typemsg\n",
		"MessageMsg is message MESSAGE, id 1.",
		"HeaderMsg is message HEADER, id 2.",
		"DecoderMsg is message DECODER, id 3.",
		"IDMsg is message ID, id 8.",
		"IDHello is message ID HELLO, id 10.",
		"IDHelloMsg is message id-hello-msg, id 11.",
		"HelloMsg is message HELLO MSG, id 12.",
		"Msg3wayHandshake is message 3WAY HANDSHAKE, id 13.",
		"Func is message func, id 14.",
		"PingOK is message PING-OK, id 22.",
		"PingOkay is message PING OKAY, id 23.",
		"Größe is message größe, id 24.",
		"Msg挨拶 is message 挨拶, id 25.",
		"CamelCase is message camelCase, id 26.",
		"IDField string", "DecodeField string", "AppendToField string", "AppendToField2 uint8", "Field2nd uint16", "Field挨拶 string", "Number1 uint8",
		"Const3d = 3", "IDConst = 1", "HelloConst = 2", "Break = \"text\"", "MessageConst = \"99999999999999999999\"",
	} {
		squeezed := strings.Join(strings.Fields(text), " ")
		if !strings.Contains(squeezed, strings.TrimSpace(want)) {
			t.Errorf("no %q", want)
		}
	}
}

func TestPackageName(t *testing.T) {
	t.Parallel()
	for class, want := range map[string]string{
		"zre_msg": "zremsg", "NetworkMessage": "networkmessage", "my proto-2": "myproto2", "type": "typemsg", "string": "stringmsg",
		"main": "mainmsg", "wire": "wiremsg", "3com": "proto3com", "größe": "gre", "挨拶": "proto", "a/../b": "ab",
	} {
		if got := golang.PackageName(class); got != want {
			t.Errorf("class %q gives package %q; want %q", class, got, want)
		}
	}
}

// TestOptions checks that the package, the path of wire and the name of the model can be chosen, and
// that the test can be left out.
func TestOptions(t *testing.T) {
	t.Parallel()
	p, err := model.Read("../testdata/pubsub.xml")
	if err != nil {
		t.Fatal(err)
	}
	files, err := golang.Emit(p, golang.Options{
		Package: "other", Wire: "example.com/their/wire", Source: "a/model.xml", NoTest: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if !strings.Contains(string(f.Content), "package other\n") {
			t.Errorf("%s is not of package other", f.Name)
		}
		if strings.Contains(string(f.Content), golang.DefaultWire) {
			t.Errorf("%s imports the default", f.Name)
		}
		if !strings.HasPrefix(string(f.Content), "// Code generated by zregen from a/model.xml. DO NOT EDIT.\n") {
			t.Errorf("%s does not name the model", f.Name)
		}
		if strings.HasSuffix(f.Name, "_test.go") {
			t.Errorf("%s is written", f.Name)
		}
	}
}

// TestDirectives checks that no prose of a model becomes an order to Go tools.
func TestDirectives(t *testing.T) {
	t.Parallel()
	for name, text := range emit(t, "../testdata/clash.yaml") {
		for line := range strings.Lines(text) {
			line = strings.TrimSpace(line)
			if strings.HasPrefix(line, "//go:") || strings.HasPrefix(line, "// +build") || strings.HasPrefix(line, "//line") {
				t.Errorf("%s: %s", name, line)
			}
		}
	}
}

// TestUpToDate checks that what is checked in is what the models give. Files
// that no model gives any more are found by the test of the command.
func TestUpToDate(t *testing.T) {
	t.Parallel()
	for path, dir := range map[string]string{
		"../../specs/zre_msg.xml":     "../../internal/codec",
		"../../specs/zgossip_msg.xml": "../../internal/codec",
		"../../specs/zre_beacon.yaml": "../../internal/codec",
		"../testdata/everything.xml":  "../testdata/codec",
		"../testdata/pubsub.xml":      "../testdata/codec",
		"../testdata/clash.yaml":      "../testdata/codec",
	} {
		p, err := model.Read(path)
		if err != nil {
			t.Fatal(err)
		}
		// The path of a model within the module.
		source := strings.TrimPrefix(strings.Replace(path, "../testdata", "gen/testdata", 1), "../../")
		files, err := golang.Emit(p, golang.Options{Source: source})
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			file := filepath.Join(dir, golang.PackageName(p.Name), f.Name)
			present, err := os.ReadFile(file)
			if err != nil || string(present) != string(f.Content) {
				t.Errorf("%s is not up to date with %s: run go generate ./...", file, path)
			}
		}
	}
}
