package fuzz

import (
	"errors"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"path/filepath"
	"testing"

	"github.com/gozre/zre/gen/abnf"
	"github.com/gozre/zre/gen/golang"
	"github.com/gozre/zre/gen/model"
)

func FuzzModelXML(f *testing.F) {
	seedModels(f, "*.xml")
	for _, text := range []string{
		`<class name="x"><message name="A"/><message name="a-b"/></class>`,
		`<class name="x" signature="%x00.FF" pubsub="1"><include filename="part.xml"/><message name="M"/></class>`,
		"<class name='x'><type name='t'><field name='f' type='t'/></type><message name='M'><field name='g' type='t'/></message></class>",
		"<class name='x'><grammar>a = m</grammar><message name='M' id=\"'x'\">&amp;&broken <![CDATA[<]]></message></class>",
	} {
		f.Add([]byte(text))
	}
	fuzzModel(f, "specs/x.xml")
}

func FuzzModelYAML(f *testing.F) {
	seedModels(f, "*.yaml")
	for _, text := range []string{
		"name: x\nmessages: [{name: A}, {name: a-b}]\n",
		"name: x\nmessages: &a\n  - {name: A, fields: *a}\n",
		"a: &a [x]\nb: &b [*a,*a,*a]\nc: &c [*b,*b,*b]\nname: x\nmessages: *c\n",
		"{name: x, signature: \"%x00\", pubsub: 1, header: {field: {name: f, type: msg}}, message: {name: M}}",
	} {
		f.Add([]byte(text))
	}
	fuzzModel(f, "specs/x.yaml")
}

func seedModels(f *testing.F, pattern string) {
	f.Helper()
	for _, dir := range []string{"../specs", "../gen/testdata"} {
		paths, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil {
			f.Fatal(err)
		}
		for _, path := range paths {
			text, err := os.ReadFile(path)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(text)
		}
	}
}

// large is where the emitted code is not checked any more: that takes long.
const large = 8 << 10

// fuzzModel reads a model. If it is refused, each fault names file and line; if
// it is taken, its code has no fault that the Go compiler would find, and its
// grammar is sound.
func fuzzModel(f *testing.F, path string) {
	fset := token.NewFileSet()
	// The importer keeps package wire, so it is read once.
	check := types.Config{Importer: importer.ForCompiler(fset, "source", nil)}
	f.Fuzz(func(t *testing.T, text []byte) {
		p, err := model.Parse(path, text, include)
		if err != nil {
			located(t, err)
			return
		}
		if len(text) > large {
			return
		}
		grammar := string(abnf.Emit(p))
		if _, err := abnf.Check(grammar); err != nil {
			t.Errorf("%v in the grammar:\n%s", err, grammar)
		}
		emitted, err := golang.Emit(p, golang.Options{})
		if err != nil {
			t.Fatal(err)
		}
		var files []*ast.File
		names := map[string]bool{}
		local := token.NewFileSet()
		for _, file := range emitted {
			if names[file.Name] || filepath.Base(file.Name) != file.Name {
				t.Errorf("file name %q", file.Name)
			}
			names[file.Name] = true
			parsed, err := parser.ParseFile(local, file.Name, file.Content, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			files = append(files, parsed)
		}
		if _, err := check.Check("p", local, files, nil); err != nil {
			t.Error(err)
		}
	})
}

// include is what a model of the fuzzer may include.
func include(path string) ([]byte, error) {
	if filepath.Base(path) == "part.xml" {
		return []byte("<header><field name='part' type='string'/></header>"), nil
	}
	return nil, os.ErrNotExist
}

// located checks that each of the errors names a file, a line and a reason.
func located(t *testing.T, err error) {
	t.Helper()
	if list, ok := err.(interface{ Unwrap() []error }); ok {
		for i, err := range list.Unwrap() {
			if i < 10 { // the last one may say how many more there are
				located(t, err)
			}
		}
		return
	}
	var fault *model.Error
	if !errors.As(err, &fault) || fault.File == "" || fault.Line < 1 || fault.Reason == "" {
		t.Errorf("error %#v has no file, line and reason", err)
	}
}

func FuzzABNF(f *testing.F) {
	for _, path := range []string{"../specs/zre_msg.abnf", "../specs/zgossip_msg.abnf", "../specs/zre_beacon.abnf"} {
		text, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
	f.Add("a = 1*2(b / [ \"c\" ]) %x00-FF\r\n ; comment\n <prose> %d1.2 %b01\nb =/ a\n")
	f.Fuzz(func(t *testing.T, text string) {
		rules, err := abnf.Parse(text)
		if err != nil {
			return
		}
		for _, r := range rules {
			if r.Name == "" || r.Line < 1 {
				t.Errorf("rule %+v", r)
			}
		}
		// A grammar that is read is read again with a comment at its end.
		if _, err := abnf.Parse(text + "\n; end"); err != nil {
			t.Errorf("with a comment: %v", err)
		}
	})
}
