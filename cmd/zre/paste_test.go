package main

import (
	"slices"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"
)

// ran is what was handed over to be run: for text that goes to a group as it is, with it.
func ran(s *screen) []string {
	var got []string
	for _, l := range s.typed.lines {
		if l.to != "" {
			got = append(got, l.to+"<-"+l.text)
		} else {
			got = append(got, l.text)
		}
	}
	return got
}

func TestPaste(t *testing.T) {
	const nbsp, bom = "\u00a0", "\ufeff"
	tests := map[string]struct {
		typed, pasted string
		asks          string   // a part of the question; "" if there is none
		then          []string // keys
		runs          []string
	}{
		"a line is not run by itself":      {pasted: "one line\n"},
		"a line":                           {typed: "a ", pasted: "line\r\n", then: []string{"enter"}, runs: []string{"a line"}},
		"a block":                          {pasted: "one\r\ntwo\rthree\n\n", asks: "say 3 lines (13 octets) to [chat]", then: []string{"y"}, runs: []string{"chat<-one\ntwo\nthree"}},
		"a block that is refused":          {pasted: "one\ntwo", asks: "say 2 lines", then: []string{"n", "enter"}},
		"Enter is no answer":               {pasted: "one\ntwo", asks: "say 2 lines", then: []string{"enter", "x", " "}},
		"a block with a command":           {pasted: "/whisper alice a\ntext", asks: "whisper 2 lines (21 octets) to alice", then: []string{"y"}, runs: []string{"/whisper alice a\ntext"}},
		"commands":                         {pasted: "/join x\n\n  /whisper alice psst\nhi", asks: "run 4 lines, 2 of them commands", then: []string{"y"}, runs: []string{"/join x", "  /whisper alice psst", "hi"}},
		"a command behind what hides it":   {pasted: "text\n\t" + nbsp + bom + "/whisper alice psst", asks: "run 2 lines, 1 of them", then: []string{"y"}, runs: []string{"text", "/whisper alice psst"}},
		"a hidden command in one line":     {pasted: nbsp + bom + "/whisper alice psst", then: []string{"enter"}, runs: []string{"/whisper alice psst"}},
		"a block behind a whisper":         {typed: "/whisper alice ", pasted: "/whisper bob a\nb", asks: "whisper 2 lines", then: []string{"y"}, runs: []string{"/whisper alice /whisper bob a\nb"}},
		"a block to nobody":                {pasted: "/whisper carol a\nb"},
		"a whisper within a line":          {typed: "x", pasted: "/whisper alice psst", then: []string{"enter"}, runs: []string{"x/whisper alice psst"}},
		"a whisper copied with its prompt": {pasted: "chat> /whisper alice psst", then: []string{"enter"}},
		"the same in a block":              {pasted: "one\nchat> /whisper alice psst"},
		"the same for another group":       {pasted: "/shout time chat> /whisper alice psst", then: []string{"enter"}},
		"the same, in a block":             {pasted: "/shout time\n/whisper alice psst\n"},
		"two slashes":                      {pasted: "// as it is /whisper alice", then: []string{"enter"}, runs: []string{"// as it is /whisper alice"}},
		"too much":                         {pasted: strings.Repeat("much\n", maxPasted/4)},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			e, screen := newTestEditor(t, newFakeNode(alice, bob))
			if err := e.shell.execute(t.Context(), "/join chat"); err != nil {
				t.Fatal(err)
			}
			press(e, test.typed)
			e.Update(tea.PasteMsg{Content: test.pasted})
			if got := ran(screen); len(got) > 0 {
				t.Fatalf("ran by itself: %q", got)
			}
			switch {
			case (e.question != nil) != (test.asks != ""):
				t.Fatalf("the question is %+v, want %q", e.question, test.asks)
			case e.question != nil && !strings.Contains(e.question.text, test.asks):
				t.Errorf("asks %q, want %q", e.question.text, test.asks)
			}
			press(e, test.then...)
			if got := ran(screen); !slices.Equal(got, test.runs) {
				t.Errorf("ran %q, want %q", got, test.runs)
			}
		})
	}
}

// What is pasted cannot act on the terminal while it is a line being typed.
func TestPastedLineIsSafe(t *testing.T) {
	e, _ := newTestEditor(t, newFakeNode())
	e.Update(tea.PasteMsg{Content: "a\x1b[2Jb\u202ec\u009bd"})
	content := strings.ReplaceAll(e.View().Content, "\x1b[38;2;", "") // View's own
	if strings.ContainsAny(content, "\x1b\u202e\u009b") {
		t.Errorf("%q", content)
	}
	e.Update(tea.PasteMsg{Content: "x\x1b[2J\u202e\ny"})
	if strings.Contains(e.View().Content, "\u202e") {
		t.Errorf("%q", e.View().Content)
	}
}
