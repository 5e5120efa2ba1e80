package main

import (
	"slices"
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
		{"/whisper b", `/whisper "big bird" `, []string{`"big bird"`}},
		{"/whisper aab", "/whisper " + alice.ID.String() + " ", []string{alice.ID.String()}},
		{"/whisper aac", "/whisper " + bob.ID.String() + " ", []string{bob.ID.String()}},
		{"/whisper ", "/whisper ", []string{`"big bird"`, bob.ID.String(), "alice", twin.ID.String()}},
		{"/stats ali", "/stats alice ", []string{"alice"}},
		{"/help wh", "/help whisper ", []string{"whisper"}},
		{"/peers ", "/peers ", nil},
	}
	for _, test := range tests {
		completed, candidates := s.complete(test.before)
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
