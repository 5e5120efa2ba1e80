package main

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/gozre/zre/zre"
)

func TestLayouts(t *testing.T) {
	at := time.Date(2026, 2, 3, 4, 5, 6, 789e6, time.FixedZone("", 3600))
	shout := func(frames ...string) zre.Event {
		ev := zre.Event{Type: zre.EventShout, Peer: alice.ID, Name: "al\nice\x1b[2J", Group: "g\t"}
		for _, f := range frames {
			ev.Content = append(ev.Content, []byte(f))
		}
		return ev
	}
	format := func(text string, more ...func(*options)) *options {
		o := newOptions()
		if err := o.format.Set(text); err != nil {
			t.Fatal(err)
		}
		for _, f := range more {
			f(o)
		}
		return o
	}
	null := func(o *options) { o.null = true }
	for name, c := range map[string]struct {
		options  *options
		terminal bool
		ev       zre.Event
		want     string
	}{
		"as it is":              {with(nil), false, shout("a", "", "b\x1b"), "ab\x1b"},
		"terminal":              {with(nil), true, shout("hello"), "hello\n"},
		"terminal, has its end": {with(nil), true, shout("hello\n"), "hello\n"},
		"terminal, empty":       {with(nil), true, shout(), "\n"},
		"terminal, octets":      {with(nil), true, shout("\x1b[2J"), "\x1b[2J\n"},
		"lines":                 {with(func(o *options) { o.lines = true }), false, shout("a", "b"), "ab\n"},
		"lines, has its end":    {with(func(o *options) { o.lines = true }), false, shout("a\n"), "a\n"},
		"NUL":                   {with(null), false, shout("a\n"), "a\n\x00"},
		"NUL, terminal":         {with(null), true, shout("a"), "a\x00"},
		"format": {
			format("{time} {name} {uuid} {id} {group} {type} {octets} {{{payload}}}"), false, shout("a\x1b", "b"),
			"2026-02-03T04:05:06.789+01:00 al\\nice\\x1b[2J " + alice.ID.String() + " aaaaaa g\\t SHOUT 3 {a\x1bb}\n",
		},
		"format, terminal":       {format("{payload}"), true, shout("a\x1b\n"), "a\\x1b\n"},
		"format, payload's end":  {format("{name}: {payload}"), false, shout("a\n"), "al\\nice\\x1b[2J: a\n"},
		"format with NUL":        {format("{payload}", null), false, shout("a"), "a\x00"},
		"format, escapes":        {format(`\t\\{octets}\n`), false, shout("a"), "\t\\1\n"},
		"format without a verb":  {format("x"), false, shout("a"), "x\n"},
		"format of nothing":      {format(""), false, shout("a"), "\n"},
		"format, a verb as text": {format("{{name}}"), false, shout("a"), "{name}\n"},
	} {
		l := c.options.layout(c.terminal)
		if got := string(l.append([]byte("before"), c.ev, at)); got != "before"+c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
		if bare := name == "as it is"; l.bare() != bare {
			t.Errorf("%s: bare %v", name, l.bare())
		}
	}
	l := with(func(o *options) { o.json = true }).layout(true)
	got := string(l.append(nil, shout("a", "\xff"), at))
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
		var f messageFormat
		if err := f.Set(text); err == nil || !strings.Contains(err.Error(), want) || f.fields != nil {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

// Every verb is one that a format knows what to do with, and that the help explains.
func TestVerbsAreExplained(t *testing.T) {
	help := ""
	for _, s := range program().Manual {
		help += s.Body
	}
	ev := zre.Event{Type: zre.EventShout, Peer: alice.ID, Name: "alice", Group: "g", Content: [][]byte{[]byte("not the others")}}
	for _, verb := range verbs {
		if !strings.Contains(help, "\n  {"+verb+"} ") {
			t.Errorf("--help says nothing of {%s}", verb)
		}
		got := string(field{verb: verb}.append(nil, ev, time.Now(), false))
		if (got == "not the others") != (verb == "payload") {
			t.Errorf("{%s} is %q", verb, got)
		}
	}
}
