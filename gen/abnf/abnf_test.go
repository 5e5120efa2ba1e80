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
			"everything = hello *( numbers / octets / texts / lists / frames )",
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
			"pubsub-proto = *( record / ack )",
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

// TestGrammar checks when a model's own grammar is taken over.
func TestGrammar(t *testing.T) {
	t.Parallel()
	for grammar, taken := range map[string]bool{
		"":                               false,
		"; nothing but a comment":        false,
		"conversation = hello *world":    true,
		"conversation = HELLO *WORLD":    true,
		"    a = hello\n    b = a world": true,
		"a = hello\n  / world":           true,
		"a = hello\na =/ world":          true,
		"a =/ world\na = hello":          false,
		"a = hello | world":              false,
		"a = C:hello S:world":            false,
		"a = hello unknown":              false,
		"hello = a\na = world":           false,
		"string = hello":                 false,
		"a = hello\nA = world":           false,
		"a_b = hello":                    false,
		"a = (hello":                     false,
		"a = \"text\" %x00-FF %d13.10 [ 1*2DIGIT ] <prose> hello": true,
		"a = %x0.1-2":   false,
		"a = %q1":       false,
		"a = \"text":    false,
		"a = hello)":    false,
		"a =":           false,
		"= hello":       false,
		"a = hello ; c": true,
		"a = %b":        false,
		"a = <prose":    false,
		"a = " + strings.Repeat("(", 200) + "hello" + strings.Repeat(")", 200): false,
	} {
		p, err := model.Parse("x.yaml", []byte("name: proto\nmessages: [{name: HELLO}, {name: WORLD}]\n"), nil)
		if err != nil {
			t.Fatal(err)
		}
		p.Grammar.Text = grammar
		text := string(abnf.Emit(p))
		if _, err := abnf.Check(text); err != nil {
			t.Errorf("%q: %v\n%s", grammar, err, text)
		}
		if got := !strings.Contains(text, "proto           = *( hello / world )"); got != taken {
			t.Errorf("%q: taken over: %v; want %v", grammar, got, taken)
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
		{Name: "a", Refs: []string{"b", "c"}, Line: 1},
		{Name: "D-1", Extends: true, Refs: []string{"b", "c", "e"}, Line: 5},
	}
	if diff := cmp.Diff(want, rules); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if _, err := abnf.Parse("a = b\nc = )"); err == nil || err.Error() != `line 2: rule c: want an element at ")"` {
		t.Errorf("error %v", err)
	}
}
