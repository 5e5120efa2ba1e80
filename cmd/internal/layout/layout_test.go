package layout

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/gozre/zre/zre"
)

var alice = uuid.MustParse("aaaaaaaa-0000-4000-8000-000000000001")

func shout(frames ...string) zre.Event {
	ev := zre.Event{Type: zre.EventShout, Peer: alice, Name: "al\nice\x1b[2J", Group: "g\t"}
	for _, f := range frames {
		ev.Content = append(ev.Content, []byte(f))
	}
	return ev
}

func TestLayouts(t *testing.T) {
	at := time.Date(2026, 2, 3, 4, 5, 6, 789e6, time.FixedZone("", 3600))
	format := func(text string, l Layout) Layout {
		if err := l.Format.Set(text); err != nil {
			t.Fatal(err)
		}
		return l
	}
	terminal, null := Layout{Terminal: true}, Layout{Null: true}
	for name, c := range map[string]struct {
		layout Layout
		ev     zre.Event
		want   string
	}{
		"as it is":              {Layout{}, shout("a", "", "b\x1b"), "ab\x1b"},
		"terminal":              {Layout{Lines: true, Terminal: true}, shout("hello"), "hello\n"},
		"terminal, has its end": {Layout{Lines: true, Terminal: true}, shout("hello\n"), "hello\n"},
		"terminal, empty":       {Layout{Lines: true, Terminal: true}, shout(), "\n"},
		"lines":                 {Layout{Lines: true}, shout("a", "b"), "ab\n"},
		"lines, has its end":    {Layout{Lines: true}, shout("a\n"), "a\n"},
		"NUL":                   {null, shout("a\n"), "a\n\x00"},
		"format": {
			format("{time} {name} {uuid} {id} {group} {type} {octets} {{{payload}}}", Layout{}), shout("a\x1b", "b"),
			"2026-02-03T04:05:06.789+01:00 al\\nice\\x1b[2J " + alice.String() + " aaaaaa g\\t SHOUT 3 {a\x1bb}\n",
		},
		"format, terminal":       {format("{payload}", terminal), shout("a\x1b\n"), "a\\x1b\n"},
		"format, payload's end":  {format("{name}: {payload}", Layout{}), shout("a\n"), "al\\nice\\x1b[2J: a\n"},
		"format with NUL":        {format("{payload}", null), shout("a"), "a\x00"},
		"format, escapes":        {format(`\t\\{octets}\n`, Layout{}), shout("a"), "\t\\1\n"},
		"format without a verb":  {format("x", Layout{}), shout("a"), "x\n"},
		"format of nothing":      {format("", Layout{}), shout("a"), "\n"},
		"format, a verb as text": {format("{{name}}", Layout{}), shout("a"), "{name}\n"},
	} {
		if got := string(c.layout.Append([]byte("before"), c.ev, at)); got != "before"+c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
		if bare := name == "as it is"; c.layout.Bare() != bare {
			t.Errorf("%s: bare %v", name, c.layout.Bare())
		}
	}
	l := Layout{JSON: true}
	got := string(l.Append(nil, shout("a", "\xff"), at))
	if !json.Valid([]byte(got)) || strings.Count(got, "\n") != 1 || !strings.Contains(got, `"content":["a",{"base64":"/w=="}]`) {
		t.Errorf("JSON: %q", got)
	}
}

func TestWrongFormats(t *testing.T) {
	for text, want := range map[string]string{
		"{nam}":   "there is no {nam} (right: {name}, {uuid}",
		"{}":      "there is no {}",
		"{name":   "a { without a }",
		"a}":      "a } without a {",
		`\x`:      `a \ that begins nothing`,
		`a\`:      `a \ that begins nothing`,
		"{a{name": "a { without a }",
	} {
		var f Format
		if err := f.Set(text); err == nil || !strings.Contains(err.Error(), want) || f.Given() {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

// Every verb is one that a format knows what to do with, and that the help explains.
func TestVerbsAreExplained(t *testing.T) {
	ev := zre.Event{Type: zre.EventShout, Peer: alice, Name: "alice", Group: "g", Content: [][]byte{[]byte("not the others")}}
	for _, verb := range verbs {
		if !strings.Contains(Manual, "\n  {"+verb+"} ") {
			t.Errorf("--help says nothing of {%s}", verb)
		}
		got := string(field{verb: verb}.append(nil, ev, time.Now(), false))
		if (got == "not the others") != (verb == "payload") {
			t.Errorf("{%s} is %q", verb, got)
		}
	}
}
