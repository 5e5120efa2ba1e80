package model_test

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/gozre/zre/gen/model"
)

const allTypes = "number, octets, string, longstr, strings, hash, chunk, uuid, frame, msg"

// bad are models with a fault each, and what is said of it. The text of a model
// starts with the line that opens the class, as line 1.
var bad = []struct {
	name, body, want string
}{
	{"unknown type", `<message name="HELLO">
		<field name="foo" type="strng"/>
	</message>`, `3: message HELLO: field "foo": unknown type "strng"; want one of ` + allTypes},
	{"unknown type beside a custom one", `<type name="person"><field name="n" type="string"/></type>
	<message name="HELLO"><field name="foo" type="persn"/></message>`,
		`3: message HELLO: field "foo": unknown type "persn"; want one of ` + allTypes + `, person`},
	{"no type", `<message name="A"><field name="f"/></message>`, `2: message A: field "f": no type; want one of ` + allTypes},
	{"no name of a field", `<message name="A"><field type="string"/></message>`, `2: message A: field without a name`},
	{"name of a field without a letter", `<message name="A"><field name=" - " type="string"/></message>`,
		`2: message A: field name "-" has neither letter nor digit`},
	{"name with a line feed", `<message name="A&#10;B"/>`, `2: message name "A\nB" has a control character`},
	{"no name of a message", `<message id="1"/>`, `2: message without a name`},
	{"duplicate id", `<message name="A" id="7"/>

	<message name="B" id="7"/>`, `4: message B: id 7 is taken by message A of line 2`},
	{"duplicate id, implied", `<message name="A" id="2"/>
	<message name="B"/>`, `3: message B: id 2 is taken by message A of line 2`},
	{"duplicate name", `<message name="PING OK"/>
	<message name="ping-ok"/>`, `3: message ping-ok has the name of message PING OK of line 2`},
	{"id too large", `<message name="A" id="256"/>`, `2: message A: id 256 does not fit one octet`},
	{"id negative", `<message name="A" id="-1"/>`, `2: message A: id "-1" is not a number`},
	{"id not a number", `<message name="A" id="one"/>`, `2: message A: id "one" is not a number`},
	{"id octal that is none", `<message name="A" id="08"/>`, `2: message A: id "08" is not a number`},
	{"256 messages, ids implied", manyMessages(256),
		`2: message m256: id 256 does not fit one octet`},
	{"msg not last", `<message name="A">
	<field name="content" type="msg"/>
	<field name="after" type="string"/></message>`, `3: message A: field "content" of type msg must come last`},
	{"msg in a header", `<header><field name="content" type="msg"/></header>
	<message name="A"><field name="after" type="string"/></message>`, `2: message A: field "content" of type msg must come last`},
	{"two msg", `<message name="A"><field name="a" type="msg"/><field name="b" type="msg"/></message>`,
		`2: message A: field "a" of type msg must come last`},
	{"string constant over 255", `<message name="A"><field name="f" type="string" value="` + strings.Repeat("x", 256) + `"/></message>`,
		`2: message A: field "f": a string constant of 256 octets; it has at most 255`},
	{"two types for one name", `<message name="A"><field name="the n" type="string"/></message>
	<message name="B"><field name="The-N" type="longstr"/></message>`,
		`3: message B: field "The-N" is longstr here and string in line 2; a name has one type in all messages`},
	{"field twice", `<message name="A"><field name="n" type="string"/>
	<field name="N" type="string"/></message>`, `3: message A: field "N" comes twice, first in line 2`},
	{"field of the header again", `<header><field name="n" type="string"/></header>
	<message name="A"><field name="n" type="string"/></message>`, `3: message A: field "n" comes twice, first in line 2`},
	{"size of a number", `<message name="A"><field name="n" type="number" size="3"/></message>`,
		`2: message A: field "n": size "3" of a number is not one of 1, 2, 4, 8`},
	{"size of a number as a word", `<message name="A"><field name="n" type="number" size="two"/></message>`,
		`2: message A: field "n": size "two" of a number is not one of 1, 2, 4, 8`},
	{"octets without a size", `<message name="A"><field name="n" type="octets"/></message>`,
		`2: message A: field "n": size "" of octets is not a number from 1 to 65536`},
	{"octets of size 0", `<message name="A"><field name="n" type="octets" size="0"/></message>`,
		`2: message A: field "n": size "0" of octets is not a number from 1 to 65536`},
	{"octets too large", `<message name="A"><field name="n" type="octets" size="65537"/></message>`,
		`2: message A: field "n": size "65537" of octets is not a number from 1 to 65536`},
	{"constant too large", `<message name="A"><field name="n" type="number" size="1" value="256"/></message>`,
		`2: message A: field "n": value "256" does not fit 1 octets`},
	{"constant of 65 bits", `<message name="A"><field name="n" type="number" size="8" value="18446744073709551616"/></message>`,
		`2: message A: field "n": value "18446744073709551616" is neither a number nor the name of a define that is one`},
	{"constant that is no define", `<define name="VERSION" value="1"/>
	<message name="A"><field name="n" type="number" value="VERSIO"/></message>`,
		`3: message A: field "n": value "VERSIO" is neither a number nor the name of a define that is one`},
	{"constant of another class", `<define name="VERSION" value="1"/>
	<message name="A"><field name="n" type="number" value="OTHER_VERSION"/></message>`,
		`3: message A: field "n": value "OTHER_VERSION" is neither a number nor the name of a define that is one`},
	{"constant by a define that is text", `<define name="VERSION" value="one"/>
	<message name="A"><field name="n" type="number" value="VERSION"/></message>`,
		`3: message A: field "n": value "VERSION" is neither a number nor the name of a define that is one`},
	{"defines in a circle", `<define name="A" value="B"/><define name="B" value="A"/>
	<message name="A"><field name="n" type="number" value="A"/></message>`,
		`3: message A: field "n": value "A" is neither a number nor the name of a define that is one`},
	{"define twice", `<define name="A" value="1"/>
	<define name="a" value="2"/><message name="M"/>`, `3: define "a" comes twice, first in line 2`},
	{"define without a value", `<define name="A"/><message name="M"/>`, `2: define "A" has no value`},
	{"define without a name", `<define value="1"/><message name="M"/>`, `2: define without a name`},
	{"type twice", `<type name="p"><field name="a" type="string"/></type>
	<type name="p"><field name="a" type="string"/></type><message name="M"/>`, `3: type "p" is defined twice, first in line 2`},
	{"type that is built in", `<type name="string"><field name="a" type="hash"/></type><message name="M"/>`, `2: type "string" is built in`},
	{"type without a field", `<type name="p"/><message name="M"/>`, `2: type "p" has no field`},
	{"type that contains itself", `<type name="p"><field name="a" type="q"/></type>
	<type name="q"><field name="b" type="p"/></type>
	<message name="M"><field name="f" type="p"/></message>`, `3: message M: field "b": type "p" contains itself`},
	{"types that explode", explode(), `2: message M: the model comes to more than 20000 fields`},
	{"no message", `<header><field name="n" type="string"/></header>`, `1: class X has no message`},
	{"include without a filename", `<include/><message name="M"/>`, `2: include without a filename`},
	{"include that is not there", `<include filename="gone.xml"/><message name="M"/>`, `2: include "gone.xml": file does not exist`},
	{"include of itself", `<include filename="loop.xml"/><message name="M"/>`, `7: more than 100 includes`},
	{"include that is broken", `<include filename="broken.xml"/><message name="M"/>`,
		`2: broken XML: </b> where </a> is due, for the element of line 1`},
	{"licence that is a broken model", `<include filename="LICENSE.xml"/><message name="M"/>`,
		`1: broken XML: element <message> does not end`},
	{"names in two files", `<include filename="copyright.xml"/>
	<message name="M"/>`, `3: message M has the name of message M of specs/copyright.xml:2`},
	{"end of another element", `<message name="A"></mesage>`, `2: broken XML: </mesage> where </message> is due, for the element of line 2`},
	{"second root", `<message name="A"/></class><class name="Y">`, `2: broken XML: a second root element <class>`},
	{"text after the class", `<message name="A"/></class> text <x>`, `2: broken XML: text outside of the root element`},
	{"element without an end", `<message name="A">
	<field name="f" type="string">`, `-`},
	{"attribute twice", `<message name="A" id="1" id="2"/>`, `2: broken XML: element <message> has attribute "id" twice`},
	{"bare less-than", `a < b <message name="A"/>`, `2: broken XML: expected element name after <`},
	{"unclosed comment", `<!-- <message name="A"/>`, `-`},
	{"nested too deep", strings.Repeat("<a>", 100), `2: broken XML: elements nested more than 32 deep`},
}

func manyMessages(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `<message name="m%d"/>`, i+1)
	}
	return b.String()
}

// explode makes types that double in each step.
func explode() string {
	var b strings.Builder
	for i := range 30 {
		fmt.Fprintf(&b, `<type name="t%d"><field name="a" type="t%d"/><field name="b" type="t%d"/></type>`, i, i+1, i+1)
	}
	return b.String() + `<type name="t30"><field name="x" type="string"/></type><message name="M"><field name="f" type="t0"/></message>`
}

// include is the file system of the tests.
func include(path string) ([]byte, error) {
	switch path {
	case "specs/loop.xml":
		return []byte("\n\n\n\n\n\n<include filename='loop.xml'/>"), nil
	case "specs/broken.xml":
		return []byte("<a>\n</b>"), nil
	case "specs/LICENSE.xml":
		return []byte("<message name='OF THE LICENCE'>"), nil
	case "specs/copyright.xml":
		return []byte("<!-- held by all -->\n<message name='M' id='7'/>"), nil
	case "specs/COPYING":
		return []byte("<message name='COPY'/>"), nil
	case "specs/license.txt":
		return []byte("Do what you like. Mail me <me@example.com>.\n"), nil
	case "specs/license.xml":
		return []byte("<license>Do what you like.</license>"), nil
	case "specs/broken_license.xml":
		return []byte("<license>Do what you like.</licence>"), nil
	}
	return nil, os.ErrNotExist
}

func TestBadModels(t *testing.T) {
	t.Parallel()
	for _, test := range bad {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			text := "<class name='X'>\n" + test.body + "</class>\n"
			_, err := model.Parse("specs/x.xml", []byte(text), include)
			if err == nil {
				t.Fatal("was taken")
			}
			first, _, _ := strings.Cut(err.Error(), "\n")
			var fault *model.Error
			if !errors.As(err, &fault) || fault.File == "" || fault.Line < 1 {
				t.Errorf("error %v has no file and line", err)
			}
			if test.want == "-" { // the decoder's own words
				return
			}
			if _, rest, _ := strings.Cut(first, ".xml:"); rest != test.want {
				t.Errorf("error %q\n want …%q", first, test.want)
			}
		})
	}
}

func TestBadClass(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, path, text, want string }{
		{"nothing", "x.xml", "", "x.xml:1: broken XML: no element found"},
		{"text", "x.xml", "hello", "x.xml:1: broken XML: text outside of the root element"},
		{"another root", "x.xml", "<!-- c -->\n<project name='x'/>", "x.xml:2: the root element is <project>; want <class>"},
		{"no name", "x.xml", "<class><message name='M'/></class>", "x.xml:1: class without a name"},
		{"name without a letter", "x.xml", "<class name='_'><message name='M'/></class>", `x.xml:1: class name "_" has neither letter nor digit`},
		{"signature empty", "x.xml", "<class name='X' signature=''><message name='M'/></class>", "x.xml:1: signature is empty"},
		{"signature with a letter for a digit", "x.xml", "<class name='X' signature='1O'><message name='M'/></class>", `x.xml:1: signature "1O" is neither a number from 0 to 15 nor octets, such as %x5A.52.45, ZRE or "3" in double quotes`},
		{"signature of one letter", "x.xml", "<class name='X' signature='O'><message name='M'/></class>", `x.xml:1: signature "O" is neither a number from 0 to 15 nor octets, such as %x5A.52.45, ZRE or "3" in double quotes`},
		{"signature by a define", "x.xml", "<class name='X' signature='SIG'><define name='SIG' value='3'/><message name='M'/></class>", `x.xml:1: signature "SIG" is neither a number from 0 to 15 nor octets, such as %x5A.52.45, ZRE or "3" in double quotes`},
		{"pubsub in words", "x.xml", "<class name='X'\npubsub='true'><message name='M'/></class>", `x.xml:2: pubsub "true" is neither 0 nor 1`},
		{"signature too large", "x.xml", "<class name='X' signature='65536'><message name='M'/></class>", `x.xml:1: signature "65536" is larger than 15`},
		{"signature not hexadecimal", "x.xml", "<class name='X' signature='%x5A.5'><message name='M'/></class>", `x.xml:1: signature "%x5A.5" is not of the form %x5A.52.45`},
		{"signature too long", "x.xml", "<class name='X' signature='" + strings.Repeat("s", 256) + "'><message name='M'/></class>", "x.xml:1: signature is longer than 255 octets"},
		{"encoding", "x.xml", "<?xml version='1.0' encoding='EBCDIC'?><class/>", `x.xml:1: broken XML: xml: opening charset "EBCDIC": encoding "EBCDIC" is not known; use UTF-8`},
		{"not UTF-8", "x.xml", "<class name='X'>\n\xff</class>", "x.xml:2: broken XML: invalid UTF-8"},
		{"extension", "x.json", "{}", `x.json:1: extension ".json" is not one of .xml, .yaml, .yml`},

		{"yaml: nothing", "x.yaml", "", "x.yaml:1: broken YAML: no document found"},
		{"yaml: a list", "x.yml", "# c\n- a\n", "x.yml:2: class is not a mapping"},
		{"yaml: a text", "x.yml", "text", "x.yml:1: class is a plain value where a mapping is due"},
		{"yaml: two documents", "x.yaml", "name: x\n---\nname: y\n", "x.yaml:2: a second document"},
		{"yaml: a tab", "x.yaml", "name: x\nmessages:\n\t- name: A\n", "x.yaml:3: broken YAML: found character that cannot start any token"},
		{"yaml: key twice", "x.yaml", "name: x\nname: y\n", `x.yaml:2: class has key "name" twice`},
		{"yaml: key that is a list", "x.yaml", "? [a]\n: b\n", "x.yaml:1: a key of class is not a plain text"},
		{"yaml: message that is a text", "x.yaml", "name: x\nmessages:\n  - A\n", "x.yaml:3: message is a plain value where a mapping is due"},
		{"yaml: message that is a list", "x.yaml", "name: x\nmessages:\n  - [A]\n", "x.yaml:3: message is not a mapping"},
		{"yaml: unknown type", "x.yaml", "name: x\nmessages:\n  - name: A\n    fields:\n      - {name: f, type: strng}\n",
			`x.yaml:5: message A: field "f": unknown type "strng"; want one of ` + allTypes},
		{"yaml: duplicate id", "x.yaml", "name: x\nmessages:\n  - name: A\n    id: 3\n  - name: B\n    id: 3\n",
			`x.yaml:5: message B: id 3 is taken by message A of line 3`},
		{"yaml: pubsub in words", "x.yaml", "name: x\npubsub: yes\nmessages: [{name: A}]\n", `x.yaml:2: pubsub "yes" is neither 0 nor 1`},
		{"yaml: attribute without a value", "x.yaml", "name: x\nsignature:\nmessages: [{name: A}]\n", `x.yaml:2: key "signature" of class has no value`},
		{"yaml: constant without a value", "x.yaml", "name: x\nmessages:\n  - name: A\n    fields:\n      - {name: f, type: string, value: ~}\n", `x.yaml:5: key "value" of field has no value`},
		{"yaml: messages that are a text", "x.yaml", "name: x\nmessages: A\n", "x.yaml:2: messages is a plain value where a mapping or a list is due"},
		{"yaml: alias of itself", "x.yaml", "name: x\nmessages: &a\n  - name: A\n    fields: *a\n",
			"x.yaml:3: elements nested more than 32 deep"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, err := model.Parse(test.path, []byte(test.text), include)
			if err == nil {
				t.Fatal("was taken")
			}
			if first, _, _ := strings.Cut(err.Error(), "\n"); first != test.want {
				t.Errorf("error %q\n  want %q", first, test.want)
			}
		})
	}
}

// TestAllFaults checks that a model's faults are reported at once, and that there
// is an end to it.
func TestAllFaults(t *testing.T) {
	t.Parallel()
	text := "<class name='X'>\n" + strings.Repeat("<message name='M'/>\n", 50) + "</class>"
	_, err := model.Parse("x.xml", []byte(text), include)
	lines := strings.Split(err.Error(), "\n")
	if len(lines) != 11 || !strings.HasPrefix(lines[9], "x.xml:") || !strings.HasPrefix(lines[10], "x.xml: and ") {
		t.Errorf("%d lines:\n%v", len(lines), err)
	}
}

func TestRead(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for path, want := range map[string]string{
		dir + "/gone.xml": dir + "/gone.xml: no such file or directory",
		dir:               dir + ": not a regular file",
	} {
		_, err := model.Read(path)
		if err == nil || err.Error() != want {
			t.Errorf("%s: error %v; want %s", path, err, want)
		}
	}
	large := dir + "/large.xml"
	if err := os.WriteFile(large, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(large, 17<<20); err != nil {
		t.Fatal(err)
	}
	if _, err := model.Read(large); err == nil || !strings.Contains(err.Error(), "larger than") {
		t.Errorf("a model of 17 MiB: %v", err)
	}
}
