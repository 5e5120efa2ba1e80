package model_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/gozre/zre/gen/model"
)

func read(t *testing.T, path string) *model.Protocol {
	t.Helper()
	p, err := model.Read(path)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestXMLAndYAML checks that a model is the same in both formats, but for the
// lines that things stand in.
func TestXMLAndYAML(t *testing.T) {
	t.Parallel()
	x, y := read(t, "../testdata/everything.xml"), read(t, "../testdata/everything.yaml")
	ignore := cmp.Options{
		cmpopts.IgnoreUnexported(model.Message{}, model.Field{}, model.Test{}),
		cmp.FilterPath(func(p cmp.Path) bool {
			field, ok := p.Last().(cmp.StructField)
			return ok && (field.Name() == "Line" || field.Name() == "Source" || field.Name() == "Grammar")
		}, cmp.Ignore()),
	}
	if diff := cmp.Diff(x, y, ignore); diff != "" {
		t.Errorf("(-xml +yaml)\n%s", diff)
	}
	if words := strings.Fields; cmp.Diff(words(x.Grammar[0].Text), words(y.Grammar[0].Text)) != "" {
		t.Error("the grammars differ")
	}
}

// TestEverything checks what the model says, line by line, of fields that are
// not plain.
func TestEverything(t *testing.T) {
	t.Parallel()
	p := read(t, "../testdata/everything.xml")
	if string(p.Signature) != "\xaa\xad" {
		t.Errorf("signature %x", p.Signature)
	}
	var got []string
	for _, m := range p.Messages {
		var b strings.Builder
		b.WriteString(m.Name + " ")
		b.WriteString(string(rune('0' + m.ID%10)))
		for _, f := range m.Fields {
			b.WriteString(" | " + f.Name + ":" + f.Kind.String())
			if f.Constant != nil {
				b.WriteString("=" + strings.ToUpper(hexOf(f.ConstantOctets())))
			}
		}
		got = append(got, b.String())
	}
	head := " | protocol:string=0A45564552595448494E47 | version:number=0003 | sequence number:number"
	want := []string{
		"HELLO 1" + head,
		"NUMBERS 6" + head + " | one:number | two:number | four:number | eight:number | flag:number | magic:number=CAFE | wide constant:number=0000000000000041 | octal:number=00000008",
		"OCTETS 3" + head + " | key:octets | single:octets | identity:uuid | blob:chunk",
		"TEXTS 4" + head + ` | short:string | long:longstr | fixed:string=` + "15" + strings.ToUpper(hexOf([]byte(`fixed & quoted "text"`))) +
			" | fixed long:longstr=000000056669786564 | none:string=00" +
			" | author full name:string | author born:number | author home city:string | author home planet:string=054561727468" +
			" | editor full name:string | editor born:number | editor home city:string | editor home planet:string=054561727468",
		"lists-and maps 5" + head + " | list:strings | map:hash",
		"FRAMES 5" + head + " | before:string | first frame:frame | between:number | second frame:frame | content:msg",
		"ONE FRAME 0" + head + " | first frame:frame",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	author := p.Messages[3].Fields[8]
	if diff := cmp.Diff([]model.Test{{Value: "Ada Lovelace"}}, author.Tests, cmpopts.IgnoreUnexported(model.Test{})); diff != "" {
		t.Errorf("tests of a part: (-want +got)\n%s", diff)
	}
	if len(p.Warnings) != 0 {
		t.Errorf("warnings %v", p.Warnings)
	}
}

func hexOf(b []byte) string {
	const digits = "0123456789abcdef"
	var s strings.Builder
	for _, c := range b {
		s.WriteByte(digits[c>>4])
		s.WriteByte(digits[c&15])
	}
	return s.String()
}

func TestSignatures(t *testing.T) {
	t.Parallel()
	for attribute, want := range map[string]string{
		"":                           "\xaa\xa0",
		`signature="0"`:              "\xaa\xa0",
		`signature=" 15 "`:           "\xaa\xaf",
		`signature="0xA"`:            "\xaa\xaa",
		`signature="19317"`:          "\xeb\xf5",
		`signature="ZRE"`:            "ZRE",
		`signature="%x5A.52.45"`:     "ZRE",
		`signature="%x00"`:           "\x00",
		`signature="3" pubsub="1"`:   "",
		`signature="ZRE" pubsub="0"`: "ZRE",
	} {
		p, err := model.Parse("x.xml", []byte("<class name='X' "+attribute+"><message name='M'/></class>"), include)
		if err != nil {
			t.Errorf("%s: %v", attribute, err)
			continue
		}
		if string(p.Signature) != want {
			t.Errorf("%s: signature %x; want %x", attribute, p.Signature, want)
		}
	}
}

// TestIDs checks that an id that is not given is the place of the message
// among all messages.
func TestIDs(t *testing.T) {
	t.Parallel()
	p, err := model.Parse("x.xml", []byte(`<class name='X'><message name='A'/><message name='B' id="'M'"/>
		<message name='C'/><message name='D' id='0x10'/><message name='E' id=' 0 '/><message name='F'/></class>`), include)
	if err != nil {
		t.Fatal(err)
	}
	var got []uint8
	for _, m := range p.Messages {
		got = append(got, m.ID)
	}
	if diff := cmp.Diff([]uint8{1, 'M', 3, 16, 0, 6}, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// TestProse checks what becomes of the text between elements.
func TestProse(t *testing.T) {
	t.Parallel()
	p, err := model.Parse("x.xml", []byte("\uFEFF"+`<?xml version="1.0" encoding="iso-8859-1"?>
<class name='X' title=' a
	title '>
	First para&shy;graph,
	<![CDATA[two <lines>]]>.

	Second.
	<message name='M'> Some <!-- comment --> text
		<field name="f" type="string"> of the field	</field>
	and more. </message>
	Not told.
</class>`), include)
	if err != nil {
		t.Fatal(err)
	}
	got := []string{p.Title, p.Doc, p.Messages[0].Doc, p.Messages[0].Fields[0].Doc}
	want := []string{"a title", "First para&shy;graph, two <lines>.\n\nSecond.", "Some text and more.", "of the field"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// TestInclude checks that the root of an included file stands where the
// include stood, in either format, and relative to the model.
func TestInclude(t *testing.T) {
	t.Parallel()
	files := map[string]string{
		"specs/parts/define.xml":   `<define name="VERSION" value="7"/>`,
		"specs/parts/header.xml":   `<header><field name="version" type="number" value="VERSION"/></header>`,
		"specs/parts/indirect.xml": `<include filename="define.xml"/>`,
	}
	load := func(path string) ([]byte, error) { return []byte(files[path]), nil }
	for _, m := range []struct{ path, text string }{
		{"specs/x.xml", `<class name="X"><include filename="parts/header.xml"/><include filename="parts/indirect.xml"/><message name="M"/></class>`},
		{"specs/x.yaml", "name: X\nincludes: [parts/header.xml, parts/indirect.xml]\nmessages: [{name: M}]"},
	} {
		p, err := model.Parse(m.path, []byte(m.text), load)
		if err != nil {
			t.Fatal(err)
		}
		f := p.Messages[0].Fields
		if len(f) != 1 || f[0].Constant == nil || f[0].Constant.Number != 7 || !f[0].Header {
			t.Errorf("%s: fields %+v", m.path, f)
		}
	}
}

// TestTwoSizes checks that fields of one name may differ in size, as in zproto.
func TestTwoSizes(t *testing.T) {
	t.Parallel()
	p, err := model.Parse("x.xml", []byte(`<class name="X">
		<message name="A"><field name="n" type="number" size="2"/><field name="o" type="octets" size="2"/></message>
		<message name="B"><field name="n" type="number" size="4"/><field name="o" type="octets" size="3"/></message></class>`), include)
	if err != nil {
		t.Fatal(err)
	}
	var sizes []int
	for _, m := range p.Messages {
		for _, f := range m.Fields {
			sizes = append(sizes, f.Size)
		}
	}
	if diff := cmp.Diff([]int{2, 2, 4, 3}, sizes); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// TestConstants checks that a number follows a define and a text does not, in a header as in a
// message: so it is in zproto, where a text stands between quotes.
func TestConstants(t *testing.T) {
	t.Parallel()
	p, err := model.Parse("x.xml", []byte(`<class name="my msg">
		<define name="VERSION" value="7"/>
		<header><field name="a" type="string" value="VERSION"/><field name="b" type="number" value="VERSION"/></header>
		<message name="M">
			<field name="c" type="string" value="MY_MSG_VERSION"/><field name="d" type="number" value="MY_MSG_VERSION"/>
			<field name="e" type="longstr" value="VERSION"/><field name="f" type="string" value="version"/>
		</message></class>`), include)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range p.Messages[0].Fields {
		got = append(got, string(f.ConstantOctets()))
	}
	if diff := cmp.Diff([]string{"\aVERSION", "\a", "\x0eMY_MSG_VERSION", "\a", "\x00\x00\x00\aVERSION", "\aversion"}, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if len(p.Warnings) != 3 {
		t.Errorf("%d warnings for 3 texts that are the names of defines: %v", len(p.Warnings), p.Warnings)
	}
}

// TestComments checks that a comment may hold dashes and anything else, that
// lines after it keep their numbers, and that what only looks like one stays.
func TestComments(t *testing.T) {
	t.Parallel()
	p, err := model.Parse("x.xml", []byte(`<!-- ---- top ----
--><class name='X'><!------>
	<!-- <message name="NOT THIS"> "' -- -->
	<message name='A'>it's <![CDATA[<!-- told -->]]><!-- not --> told</message>
	<define name="C" value="&lt;!-- kept -->"/>
</class>`), include)
	if err != nil {
		t.Fatal(err)
	}
	if m := p.Messages; len(m) != 1 || m[0].Line != 4 || m[0].Doc != "it's <!-- told --> told" {
		t.Errorf("messages %+v", m)
	}
	if d := p.Defines; len(d) != 1 || d[0].Str != "<!-- kept -->" {
		t.Errorf("defines %+v", d)
	}
}
