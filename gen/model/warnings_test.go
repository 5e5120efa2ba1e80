package model_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gozre/zre/gen/model"
)

// TestWarnings checks that what has no effect is reported, and does no harm.
func TestWarnings(t *testing.T) {
	t.Parallel()
	p, err := model.Parse("x.xml", []byte(`<class name='X' signatur='16' signature='16' script='any.gsl' xmlns='any'>
	<license>any</license>
	<mesage name="A"/>
	<message name="A" ID="2">
		<feild name="f" type="string"/>
		<field name="g" type="octets" size="2" value="AB"/>
		<field name="h" type="number" vaule="2" z:size="2"/>
		<field name="i" type="dictionary"/>
		<field name="j" type="string" size="4">
			<test>a</test>
			<test>b</test>
		</field>
		<field name="k" type="pair" size="2" signed="1">
			<test name="left">-1</test>
			<test name="lft">1</test>
		</field>
		<field name="l" type="pair"><test name="left">1</test></field>
		<field name="m" type="string" value="LIMIT"><test>x</test></field>
	</message>
	<!-- told of here --> <header/>
	<define name="LIMIT" value="1O" vlaue="10"/>
	<type name="pair" size="2"><field name="left" type="number"/><field name="right" type="number" maxx="3"/></type>
	<grammar name="g">a = a<b/></grammar>
	<include filename="license.xml" as="x"/>
	<wholly-other/>
</class>`), include)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, w := range p.Warnings {
		got = append(got, w.Error())
	}
	want := []string{
		`x.xml:1: signature "16" is larger than 15 and changes the octets AA A0`,
		`x.xml:1: attribute "signatur" of <class> has no effect on the codec; did you mean "signature"?`,
		`x.xml:24: attribute "as" of <include> has no effect on the codec`,
		`x.xml:3: element <mesage> has no effect on the codec; did you mean <message>?`,
		`x.xml:22: attribute "size" of <type> has no effect on the codec`,
		`x.xml:23: element <b> in <grammar> has no effect on the codec`,
		`x.xml:23: attribute "name" of <grammar> has no effect on the codec`,
		`x.xml:25: element <wholly-other> has no effect on the codec`,
		`x.xml:21: define "LIMIT": value "1O" starts like a number and is none; it is taken for a text`,
		`x.xml:21: attribute "vlaue" of <define> has no effect on the codec; did you mean "value"?`,
		`x.xml:5: element <feild> in <message> has no effect on the codec; did you mean <field>?`,
		`x.xml:4: attribute "ID" of <message> has no effect on the codec; did you mean "id"?`,
		`x.xml:6: message A: field "g": the value of a field of type octets has no effect`,
		`x.xml:7: attribute "vaule" of <field> has no effect on the codec; did you mean "value"?`,
		`x.xml:7: attribute "z:size" of <field> has no effect on the codec; did you mean "size"?`,
		`x.xml:8: message A: field "i": type "dictionary" is read as hash, which is its name since 2014`,
		`x.xml:9: message A: field "j": the size of a field of type string has no effect`,
		`x.xml:13: attribute "signed" of <field> has no effect on the codec`,
		`x.xml:13: message A: field "k": the size of a field of type pair has no effect`,
		`x.xml:15: message A: field "k": no part of its type is called "lft", so the test value has no effect`,
		`x.xml:22: attribute "maxx" of <field> has no effect on the codec`,
		`x.xml:18: message A: field "m": the text "LIMIT" is sent as it stands, as zproto does, though there is a define of that name`,
		`x.xml:11: message A: field "j": the first test value is taken, this one has no effect`,
		`x.xml:14: message A: field "k left": test value "-1" is not a number`,
		`x.xml:18: message A: field "m" is constant: its test value has no effect`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if f := p.Messages[0].Fields; len(f) != 9 || f[0].Constant != nil || f[2].Kind != model.Hash || f[8].Constant.Text != "LIMIT" {
		t.Errorf("fields %+v", f)
	}
}

// TestAttributeLines checks that the line of an attribute is its own, in a tag of many lines.
func TestAttributeLines(t *testing.T) {
	t.Parallel()
	p, err := model.Parse("x.xml", []byte("<class\n\tname = 'signatur = 1'\n\ttitle='a\n b = \"c\"'\n\tsignatur\n=\n'2'>\n"+
		"<message name='A'\n  ID = '1'/></class>"), include)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, w := range p.Warnings {
		got = append(got, w.Error())
	}
	want := []string{
		`x.xml:5: attribute "signatur" of <class> has no effect on the codec; did you mean "signature"?`,
		`x.xml:9: attribute "ID" of <message> has no effect on the codec; did you mean "id"?`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	for text, want := range map[string]string{
		"<class name='X'\n signature='1O'><message name='M'/></class>":                                                    "x.xml:2: signature",
		"<class name='X'\n\n pubsub='on'><message name='M'/></class>":                                                     "x.xml:3: pubsub",
		"<class name='X'><message name='M'\n id='x'/></class>":                                                            "x.xml:2: message M: id",
		"<class name='X'><message name='M'><field name='f'\n type='x'/></message></class>":                                "x.xml:2: message M: field",
		"<class name='X'><message name='M'><field name='f' type='number'\n size='x'/></message></class>":                  "x.xml:2: message M: field",
		"<class name='X'><message name='M'><field name='f' type='number'\n value='x'/></message></class>":                 "x.xml:2: message M: field",
		"<?xml version='1.0' encoding='latin1'?><!-- \xe4\xf6\xfc --><class name='X' title='\xe4'\n pubsub='on'></class>": "x.xml:2: pubsub",
	} {
		if _, err := model.Parse("x.xml", []byte(text), include); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: error %v; want %s…", text, err, want)
		}
	}
}

// TestLicences checks that a file is not left out for its name if there is a message in it, and
// that a licence may be missing, plain text, or broken.
func TestLicences(t *testing.T) {
	t.Parallel()
	p, err := model.Parse("specs/x.xml", []byte(`<class name="X"><include filename="copyright.xml"/>
		<include filename="COPYING"/><include filename="license.txt"/><include filename="license.xml"/>
		<include filename="no_licence_here.xml"/>
		<include filename="broken_license.xml"/></class>`), include)
	if err != nil {
		t.Fatal(err)
	}
	if m := p.Messages; len(m) != 2 || m[0].Name != "M" || m[0].ID != 7 || m[1].Name != "COPY" || m[1].ID != 2 {
		t.Errorf("messages %+v", m)
	}
	want := `specs/x.xml:4: include "broken_license.xml" is left out: specs/broken_license.xml:1: ` +
		`broken XML: </licence> where </license> is due, for the element of line 1`
	if w := p.Warnings; len(w) != 1 || w[0].Error() != want {
		t.Errorf("warnings %v; want %s", w, want)
	}
}

// TestClosest checks which slips are seen.
func TestClosest(t *testing.T) {
	t.Parallel()
	names := []string{"signature", "pubsub", "name", "id", "size"}
	for name, want := range map[string]string{
		"signatur": "signature", "singature": "signature", "Signature": "signature", "signeture": "signature", "pub_sub": "pubsub",
		"nmae": "name", "nam": "name", "ID": "id", "is": "", "seize": "size", "value": "", "sig": "", "": "",
	} {
		if got := model.Closest(name, names); got != want {
			t.Errorf("%q is close to %q; want %q", name, got, want)
		}
	}
}
