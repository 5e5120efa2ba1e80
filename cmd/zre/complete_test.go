package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/gozre/zre/zre"
)

func TestComplete(t *testing.T) {
	n := newFakeNode(alice, bob, twin, space)
	n.own = []string{"own group", "tide"}
	s, _ := newTestShell(n)
	tests := []struct {
		before, completed string
		candidates        []string
	}{
		{"", "", nil},
		{"hello al", "hello al", nil},
		{"//jo", "//jo", nil},
		{"/", "/", commandNames("/")},
		{"/j", "/join ", []string{"/join"}},
		{"/xyz", "/xyz", nil},
		{"/nosuch a", "/nosuch a", nil},
		{"/join ", "/join ", []string{"chat", "time"}},
		{"/join c", "/join chat ", []string{"chat"}},
		{"/join  c", "/join  chat ", []string{"chat"}},
		{"/join chat ", "/join chat ", nil},
		{"/join chat x", "/join chat x", nil},
		{"/leave o", `/leave "own group" `, []string{`"own group"`}},
		{`/leave "ow`, `/leave "own group" `, []string{`"own group"`}},
		{"/leave t", "/leave tide ", []string{"tide"}},
		{"/shout t", "/shout ti", []string{"tide", "time"}},
		{"/shout ti", "/shout ti", []string{"tide", "time"}},
		{"/shout chat al", "/shout chat al", nil},
		{"/whisper al", "/whisper alice ", []string{"alice"}},
		{"/whisper big", `/whisper "big bird" `, []string{`"big bird"`}},
		{"/whisper aab", "/whisper " + alice.ID.String() + " ", []string{alice.ID.String()}},
		{"/whisper aac", "/whisper " + bob.ID.String() + " ", []string{bob.ID.String()}},
		{"/whisper ", "/whisper ", []string{`"big bird"`, "alice", "bob/aaccbbbb", "bob/ccccbbbb"}},
		{"/whisper bo", "/whisper bob/", []string{"bob/aaccbbbb", "bob/ccccbbbb"}},
		{"/whisper bob/a", "/whisper bob/aaccbbbb ", []string{"bob/aaccbbbb"}},
		{"/send notes.txt al", "/send notes.txt alice ", []string{"alice"}},
		{"/stats ali", "/stats alice ", []string{"alice"}},
		{"/help wh", "/help wh", []string{"whisper", "who"}},
		{"/peers ", "/peers ", nil},
		{"/send testdata/no", "/send testdata/notes.txt ", []string{"testdata/notes.txt"}},
		{"/send testda", "/send testdata/", []string{"testdata/"}},
	}
	for _, test := range tests {
		completed, choices := s.complete(test.before)
		var candidates []string
		for _, c := range choices {
			candidates = append(candidates, c.word)
		}
		if completed != test.completed || !slices.Equal(candidates, test.candidates) {
			t.Errorf("%q: %q, %q; want %q, %q", test.before, completed, candidates, test.completed, test.candidates)
		}
	}
}

// What completion writes is read back as the same word.
func TestCompletedNamesAreOneWord(t *testing.T) {
	for _, name := range []string{"plain", "two words", `say "hi"`, `back\slash`, `"`, `\`, "", "žluť 日本"} {
		p := zre.Peer{ID: alice.ID, Name: name}
		first, rest, err := word(quote(p.Name) + " text")
		if err != nil || first != name || rest != "text" {
			t.Errorf("%q: %q, %q, %v", name, first, rest, err)
		}
	}
}

// What Tab lists tells peers of one name apart, and is bounded.
func TestListedChoices(t *testing.T) {
	s, _ := newTestShell(newFakeNode(bob, twin))
	_, choices := s.complete("/whisper bob/")
	want := "bob/aaccbbbb  aaccbbbb  127.0.0.1:2\nbob/ccccbbbb  ccccbbbb  127.0.0.1:3"
	if got := listChoices(choices, 80); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	many := make([]choice, 500)
	for i := range many {
		many[i].word = "word\x1b[2J"
	}
	got := listChoices(many, 12) // one column
	if lines := strings.Split(got, "\n"); len(lines) != mostChoices+1 || lines[mostChoices] != "and 400 more" || strings.Contains(got, "\x1b") {
		t.Errorf("%q", got)
	}
}
