package model_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gozre/zre/gen/model"
)

// TestSamples checks what test values come to, and what is said of those that come to nothing.
func TestSamples(t *testing.T) {
	t.Parallel()
	const text = "Life is short but Now lasts for ever"
	for _, test := range []struct {
		field, tests string
		want         model.Sample
		warning      string
	}{
		{`type="number" size="2"`, ``, model.Sample{Number: 123}, ""},
		{`type="number" size="2"`, `<test>0x1FF</test>`, model.Sample{Number: 511}, ""},
		{`type="number" size="1"`, `<test>256</test>`, model.Sample{Number: 123}, `test value "256" does not fit the field`},
		{`type="number"`, `<test>one</test>`, model.Sample{Number: 123}, `test value "one" is not a number`},
		{`type="octets" size="2"`, ``, model.Sample{Octets: []byte{123, 123}}, ""},
		{`type="octets" size="2"`, `<test>cafe</test>`, model.Sample{Octets: []byte{0xca, 0xfe}}, ""},
		{`type="octets" size="4"`, `<test>b3</test>`, model.Sample{Octets: []byte("b3\x00\x00")}, ""},
		{`type="octets" size="2"`, `<test>text</test>`, model.Sample{Octets: []byte{123, 123}}, `test value "text" has neither the octets nor the digits that the field has`},
		{`type="uuid"`, `<test>00010203-0405-0607-0809-0a0b0c0d0e0f</test>`, model.Sample{Octets: []byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}}, ""},
		{`type="uuid"`, `<test>00</test>`, model.Sample{Octets: bytes.Repeat([]byte{123}, 16)}, `test value "00" has neither the octets nor the digits that the field has`},
		{`type="string"`, `<test>` + strings.Repeat("x", 256) + `</test>`, model.Sample{Text: text}, `test value "` + strings.Repeat("x", 256) + `" is longer than 255 octets`},
		{`type="longstr"`, `<test>` + strings.Repeat("x", 256) + `</test>`, model.Sample{Text: strings.Repeat("x", 256)}, ""},
		{`type="strings"`, ``, model.Sample{Texts: []string{text, "f"}}, ""},
		{`type="strings"`, `<test>a</test><test>b</test>`, model.Sample{Texts: []string{"a", "b"}}, ""},
		{`type="hash"`, ``, model.Sample{Pairs: []model.Pair{{Key: "Name", Value: text}}}, ""},
		{`type="hash"`, `<test name="b">1</test><test name="a">2</test>`, model.Sample{Pairs: []model.Pair{{Key: "a", Value: "2"}, {Key: "b", Value: "1"}}}, ""},
		{`type="hash"`, `<test>v</test>`, model.Sample{}, `test value "v" has no name, which is the key`},
		{`type="hash"`, `<test name="k">v</test><test name="k">w</test>`, model.Sample{Pairs: []model.Pair{{Key: "k", Value: "v"}}}, `test value "w" has the key of another one`},
		{`type="chunk"`, `<test>cafe</test>`, model.Sample{Octets: []byte{0xca, 0xfe}}, ""},
		{`type="frame"`, `<test>text</test>`, model.Sample{Octets: []byte("text")}, ""},
		{`type="msg"`, `<test>psst</test><test>00</test>`, model.Sample{Frames: [][]byte{[]byte("psst"), {0}}}, ""},
	} {
		p, err := model.Parse("x.xml", []byte("<class name='X'><message name='M'><field name='f' "+test.field+">"+test.tests+"</field></message></class>"), include)
		if err != nil {
			t.Fatal(err)
		}
		f := p.Messages[0].Fields[0]
		got := f.Sample
		switch f.Kind { // only the part for the kind counts
		case model.Number:
			got = model.Sample{Number: got.Number}
		case model.String, model.LongStr:
			got = model.Sample{Text: got.Text}
		case model.Strings:
			got = model.Sample{Texts: got.Texts}
		case model.Hash:
			got = model.Sample{Pairs: got.Pairs}
		case model.Msg:
			got = model.Sample{Frames: got.Frames}
		default:
			got = model.Sample{Octets: got.Octets}
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s %s: (-want +got)\n%s", test.field, test.tests, diff)
		}
		var warnings []string
		for _, w := range p.Warnings {
			warnings = append(warnings, w.Reason)
		}
		want := test.warning
		if want != "" {
			want = `message M: field "f": ` + want
		}
		if strings.Join(warnings, "; ") != want {
			t.Errorf("%s %s: warnings %q; want %q", test.field, test.tests, warnings, want)
		}
	}
}
