package fuzz

import (
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gozre/zre/gen/abnf"
	"github.com/gozre/zre/gen/golang"
	"github.com/gozre/zre/gen/model"
)

func FuzzModelXML(f *testing.F) {
	seedModels(f, "*.xml")
	for _, text := range []string{
		`<class name="x"><message name="A"/><message name="a-b"/></class>`,
		"<class name='x'><message name='M'/><grammar>a = c:M | b_c\n b_c = \"|\" <:></grammar>\n<grammar\n\n>  d =/ e</grammar></class>",
		"<class name='x'\n signatur='1' pubsub='1'\n><include filename='license.xml'/><message name='M' ID='1'/></class>",
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

// small is the size up to which what is emitted is checked too: that takes long,
// and FuzzNames looks for faults there in another way.
const small = 400

// fuzzModel reads a model. If it is refused, each fault names file and line; if
// it is taken, its grammar is sound and its code type-checks.
func fuzzModel(f *testing.F, path string) {
	check := newChecker()
	f.Fuzz(func(t *testing.T, text []byte) {
		p, err := model.Parse(path, text, include)
		if err != nil {
			located(t, err)
			return
		}
		for _, w := range append(p.Warnings, abnf.Lint(p)...) {
			located(t, w)
		}
		if len(text) <= small {
			check.emitted(t, p)
		}
	})
}

// FuzzNames makes a model of names: any names are refused with a reason, or give code that
// type-checks.
func FuzzNames(f *testing.F) {
	for _, names := range []string{
		"zre_msg|HELLO|PING-OK|endpoint|challenger id|VERSION|sequence", "type|MESSAGE|ID|id|decode|ID|append to",
		"3com|3WAY|Header|m|r|Decode|frame", "größe|挨拶|ǅ|ß|ñ|π|ª", "main|func|nil|err|out|string|len",
		"a b|x-y|x_y|X Y Z|x.y|x/y|x", "strings|strings|Strings|hash|msg|HASH|number-1",
		"x|A|ID A|A msg|ID A msg|A|ID", "wire|Encode|Decoder|Message|topic|Topic|signature",
	} {
		f.Add(names, uint16(0))
		f.Add(names, uint16(0x4321))
	}
	check := newChecker()
	kinds := []string{"number", "octets", "string", "longstr", "strings", "hash", "chunk", "uuid", "frame", "part"}
	f.Fuzz(func(t *testing.T, text string, choice uint16) {
		names := append(strings.Split(text, "|"), "a", "b", "c", "d", "e", "f", "g")
		kind := func(shift int) string { return kinds[int(choice>>shift)%len(kinds)] }
		type object = map[string]any
		source, err := json.Marshal(object{
			"name": names[0], "title": text, "text": text, "pubsub": choice & 1, "grammar": names[1] + " = " + names[2],
			"define": []object{{"name": names[5], "value": names[6], "text": text}, {"name": names[6], "value": 7}},
			"type":   object{"name": "part", "field": []object{{"name": names[6], "type": "string"}, {"name": names[5], "type": "number"}}},
			"header": object{"field": object{"name": names[6], "type": kind(0), "size": 2, "text": text}},
			"message": []object{
				{"name": names[1], "text": text, "field": []object{{"name": names[3], "type": kind(4), "size": 4, "text": text}, {"name": names[4], "type": "msg"}}},
				{"name": names[2], "field": []object{{"name": names[5], "type": "string", "value": names[5]}, {"name": names[0], "type": kind(8), "size": 8}}},
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		p, err := model.Parse("specs/names.yaml", source, include)
		if err != nil {
			located(t, err)
			return
		}
		check.emitted(t, p)
	})
}

// checker type-checks emitted code. It knows package wire and what the emitted test imports, and
// no other package. The rest of the standard library, which wire imports, is left out: reading
// it would take most of a fuzzer's time.
type checker struct {
	wire *types.Package
	std  types.Importer
}

func newChecker() *checker {
	fset := token.NewFileSet()
	paths, err := filepath.Glob("../internal/codec/wire/*.go")
	if err != nil {
		panic(err) // the pattern is wrong
	}
	var files []*ast.File
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(fset, path, nil, parser.SkipObjectResolution)
		if err != nil {
			panic(err)
		}
		files = append(files, file)
	}
	// The signatures come out right though the bodies do not.
	conf := types.Config{Importer: &checker{}, Error: func(error) {}, IgnoreFuncBodies: true}
	pkg, _ := conf.Check(golang.DefaultWire, fset, files, nil)
	return &checker{wire: pkg, std: importer.ForCompiler(fset, "gc", nil)}
}

// Import returns a package that emitted code may import.
func (c *checker) Import(path string) (*types.Package, error) {
	switch path {
	case golang.DefaultWire:
		if c.wire != nil {
			return c.wire, nil
		}
	case "errors", "fmt", "testing":
		if c.std != nil {
			return c.std.Import(path)
		}
	}
	return nil, fmt.Errorf("no package %s here", path)
}

// emitted checks what is emitted for a sound model.
func (c *checker) emitted(t *testing.T, p *model.Protocol) {
	t.Helper()
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
	fset := token.NewFileSet()
	for _, file := range emitted {
		if lower := strings.ToLower(file.Name); names[lower] || filepath.Base(file.Name) != file.Name {
			t.Errorf("file name %q", file.Name)
		} else {
			names[lower] = true
		}
		parsed, err := parser.ParseFile(fset, file.Name, file.Content, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, parsed)
	}
	conf := types.Config{Importer: c}
	if _, err := conf.Check("p", fset, files, nil); err != nil {
		t.Error(err)
	}
}

// include is what a model of the fuzzer may include.
func include(path string) ([]byte, error) {
	switch filepath.Base(path) {
	case "part.xml":
		return []byte("<header><field name='part' type='string'/></header>"), nil
	case "license.xml":
		return []byte("<grammar>\na = M\nb = x</grammar>"), nil
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
