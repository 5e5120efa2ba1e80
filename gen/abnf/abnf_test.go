package abnf_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gozre/zre/gen/abnf"
	"github.com/gozre/zre/gen/model"
)

var models = []string{
	"../../specs/zre_msg.xml", "../../specs/zgossip_msg.xml", "../../specs/zre_beacon.yaml",
	"../testdata/everything.xml", "../testdata/everything.yaml", "../testdata/clash.yaml", "../testdata/pubsub.xml",
}

// TestSound checks that each grammar is ABNF, defines each rule once, refers
// to no rule that it does not define, and keeps to the width of a page.
func TestSound(t *testing.T) {
	t.Parallel()
	for _, path := range models {
		text := emit(t, path)
		if _, err := abnf.Check(text); err != nil {
			t.Errorf("%s: %v\n%s", path, err, text)
		}
		for line := range strings.Lines(text) {
			if len(line) > 80 {
				t.Errorf("%s: long line %q", path, line)
			}
		}
	}
}

func emit(t *testing.T, path string) string {
	t.Helper()
	p, err := model.Read(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(abnf.Emit(p))
}

// TestUpToDate checks that the grammars beside the specs are current.
func TestUpToDate(t *testing.T) {
	t.Parallel()
	for _, path := range models[:3] {
		file := strings.TrimSuffix(path, filepath.Ext(path)) + ".abnf"
		present, err := os.ReadFile(file)
		if err != nil || string(present) != emit(t, path) {
			t.Errorf("%s is not up to date: run go generate ./...", file)
		}
	}
}

// TestRules checks the rules of each type, of constants and of names that
// clash.
func TestRules(t *testing.T) {
	t.Parallel()
	for path, want := range map[string][]string{
		"../../specs/zre_beacon.yaml": {
			"beacon = plain / secure",
			"plain = signature %x01 uuid-field port",
			"signature = %x5A.52.45",
			"uuid-field = uuid ; Who sends the beacon.",
			"public-key = 32OCTET ; The CURVE public key of the sender.",
			"uuid = 16OCTET",
		},
		"../testdata/everything.xml": {
			"everything = hello *( numbers / octets / texts / lists-and-maps / frames )",
			"hello = signature %x01 protocol version sequence-number",
			"protocol = %x0A.45.56.45.52.59.54.48.49.4E.47 ; Constant",
			"version = %x00.03",
			"wide-constant = %x00.00.00.00.00.00.00.41",
			"fixed = %x15.66.69.78.65.64.20.26.20.71.75.6F.74.65.64.20 %x22.74.65.78.74.22",
			"author-home-planet = %x05.45.61.72.74.68",
			"lists-and-maps = signature %x05 protocol version sequence-number list map",
			"key = 5OCTET ; As many as a define says",
			"frames = signature %xFF protocol version sequence-number before first-frame between second-frame content",
			"content = msg",
			"msg = *frame",
			"hash = number-4 *( string longstr )",
		},
		"../testdata/clash.yaml": {
			"strings-message = signature %x10 id-field",
			"string-message = signature %x11 id-field",
			"message-3way-handshake = signature %x0D id-field",
			"field-2nd = number-2",
			"signature-field = 3OCTET",
			"number-1-field = number-1",
		},
		"../testdata/pubsub.xml": {
			"record = %x4D topic version address topic-field content",
			"topic = *%x01-FF %x00",
			"; PUBSUB = C:RECORD [ S:ACK ]",
			"PUBSUB = RECORD [ ACK ]",
		},
	} {
		text := strings.Join(strings.Fields(emit(t, path)), " ")
		for _, rule := range want {
			if !strings.Contains(text, rule) {
				t.Errorf("%s: no %q", path, rule)
			}
		}
	}
}

// TestGrammar checks when a model's own grammar is taken over, and what is said of it when it
// is not. It never becomes "any message at any time".
func TestGrammar(t *testing.T) {
	t.Parallel()
	const taken = ""
	for grammar, want := range map[string]string{
		"conversation = hello *world":    taken,
		"conversation = HELLO *WORLD":    taken,
		"    a = hello\n    b = a world": taken,
		"a = hello\n  / world":           taken,
		"a = hello\na =/ world":          taken,
		"a =/ world\na = hello":          "x.yaml:7: grammar: rule a is extended before it is defined",
		"a = hello | world":              taken,
		"a = C:hello S:world":            taken,
		"a = c:hello s:world":            taken,
		"a = C:hello S:wrold":            "x.yaml:7: grammar: rule a refers to wrold, which is not defined; did you mean world?",
		"a = hello unknown":              "x.yaml:7: grammar: rule a refers to unknown, which is not defined",
		"a = hello\n b\nb = helo":        "x.yaml:9: grammar: rule b refers to helo, which is not defined; did you mean hello?",
		"hello = a\na = world":           "x.yaml:7: grammar: rule hello has the name of a message",
		"string = hello":                 "x.yaml:7: grammar: rule string has the name of a rule that each grammar has",
		"a = hello\nA = world":           "x.yaml:8: grammar: rule A is defined already",
		"a_b = hello":                    taken,
		"a_b = hello\nb = a_b c_d":       "x.yaml:8: grammar: rule b refers to c-d, which is not defined",
		"a = (hello":                     "x.yaml:7: grammar: rule a: want ) at \"\"",
		"a = \"C:text|\" %x00-FF %d13.10 [ 1*2DIGIT ] <S:prose|> hello": taken,
		"a = %x0.1-2":   "x.yaml:7: grammar: rule a: unexpected \"-2\"",
		"a = %q1":       "x.yaml:7: grammar: rule a: want b, d or x at \"q1\"",
		"a = \"text":    "x.yaml:7: grammar: rule a: want \" at \"\"",
		"a = <prose":    "x.yaml:7: grammar: rule a: want > at \"\"",
		"a = hello)":    "x.yaml:7: grammar: rule a: unexpected \")\"",
		"a =":           "x.yaml:7: grammar: rule a: want an element at \"\"",
		"= hello":       "x.yaml:7: grammar: want the name of a rule at \"= hello\"",
		"a = hello ; c": taken,
		"a = %b":        "x.yaml:7: grammar: rule a: want a digit at \"\"",
		"a = " + strings.Repeat("(", 200) + "hello" + strings.Repeat(")", 200): "x.yaml:7: grammar: rule a: nested more than 100 deep",
	} {
		p := proto(t, model.Text{Text: grammar, File: "x.yaml", Line: 7})
		var got []string
		for _, fault := range abnf.Lint(p) {
			got = append(got, fault.Error())
		}
		if text := strings.Join(got, "\n"); text != want {
			t.Errorf("%q: %s\nwant %s", grammar, text, want)
		}
		text := string(abnf.Emit(p))
		if _, err := abnf.Check(text); err != nil {
			t.Errorf("%q: %v\n%s", grammar, err, text)
		}
		if strings.Contains(text, "any message at any time") {
			t.Errorf("%q became any message:\n%s", grammar, text)
		}
		if reason, _ := strings.CutPrefix(want, "x.yaml:"); want != taken && !strings.Contains(strings.ReplaceAll(text, "\n; ", " "), reason[len("7: "):]) {
			t.Errorf("%q: the grammar does not say why it is not sound:\n%s", grammar, text)
		}
	}
}

// TestNoGrammar checks what a model without rules gives.
func TestNoGrammar(t *testing.T) {
	t.Parallel()
	for _, grammar := range []string{"", "\n  \n", "; nothing but a comment"} {
		p := proto(t, model.Text{Text: grammar})
		if faults := abnf.Lint(p); len(faults) > 0 {
			t.Errorf("%q: %v", grammar, faults)
		}
		if text := string(abnf.Emit(p)); !strings.Contains(text, "proto           = *( hello / world )") {
			t.Errorf("%q:\n%s", grammar, text)
		}
	}
}

func proto(t *testing.T, grammar ...model.Text) *model.Protocol {
	t.Helper()
	p, err := model.Parse("x.yaml", []byte("name: proto\nmessages: [{name: HELLO}, {name: WORLD}]\n"), nil)
	if err != nil {
		t.Fatal(err)
	}
	p.Grammar = grammar
	return p
}

// TestGrammarLines checks that the line of a fault is that of the model, however the grammar is
// written there.
func TestGrammarLines(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"below.xml":    "<class name='c'>\n<message name='M'/>\n<grammar\n>\n\n  a = m\n  b = x\n</grammar></class>",
		"behind.xml":   "<class name='c'>\n<message name='M'/>\n\n\n\n<grammar>a = m\n     b = x</grammar></class>",
		"parts.xml":    "<class name='c'><grammar>a = m</grammar>\n<message name='M'/>\n\n\n\n<grammar>\nb = x\n</grammar></class>",
		"comment.xml":  "<class name='c'>\n<message name='M'/>\n<grammar><!--\n\n-->\n a = m\n b = x</grammar></class>",
		"block.yaml":   "name: c\nmessages: [{name: M}]\n\ngrammar: |\n\n  a = m\n  b = x\n",
		"include.yaml": "name: c\nmessages: [{name: M}]\nincludes: [below.xml]\n",
	} {
		faults := abnf.Lint(parse(t, name, text))
		file := name
		if name == "include.yaml" {
			file = "below.xml"
		}
		if want := file + ":7: grammar: rule b refers to x, which is not defined"; len(faults) != 1 || faults[0].Error() != want {
			t.Errorf("%s: %v; want %s", name, faults, want)
		}
	}
}

func parse(t *testing.T, path, text string) *model.Protocol {
	t.Helper()
	p, err := model.Parse(path, []byte(text), func(string) ([]byte, error) {
		return []byte("<grammar>\n\n\n\n\n\nb = x</grammar>"), nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestTwoSizes checks that fields of one name and two sizes have two rules.
func TestTwoSizes(t *testing.T) {
	t.Parallel()
	p := parse(t, "x.yaml", "name: c\nmessages:\n"+
		"  - {name: A, fields: [{name: n, type: number, size: 2}]}\n  - {name: B, fields: [{name: n, type: number, size: 4}]}\n")
	text := strings.Join(strings.Fields(string(abnf.Emit(p))), " ")
	for _, want := range []string{"n = number-2", "n-field = number-4", "b = signature %x02 n-field"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in %s", want, text)
		}
	}
}

func TestParse(t *testing.T) {
	t.Parallel()
	rules, err := abnf.Parse("a = b / c ; comment\r\n\r\n  \n; comment\nD-1 =/ *b\n  (c [e])\n")
	if err != nil {
		t.Fatal(err)
	}
	want := []abnf.Rule{
		{Name: "a", Refs: []abnf.Ref{{"b", 1}, {"c", 1}}, Line: 1},
		{Name: "D-1", Extends: true, Refs: []abnf.Ref{{"b", 5}, {"c", 6}, {"e", 6}}, Line: 5},
	}
	if diff := cmp.Diff(want, rules); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if _, err := abnf.Parse("a = b\nc = )"); err == nil || err.Error() != `line 2: rule c: want an element at ")"` {
		t.Errorf("error %v", err)
	}
}
