package main

import (
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"
	"pgregory.net/rapid"
)

func wrapped(text string, width, indent int) string {
	return layOut(false, [][]span{{{plain, text}}}, width+1, indent)
}

func TestWrap(t *testing.T) {
	for _, test := range []struct {
		text   string
		width  int
		indent int
		want   string
	}{
		{"", 10, 2, ""},
		{"one two three", 10, 2, "one two\n  three"},
		{"one two", 7, 2, "one two"},
		{"one two ", 7, 2, "one two"},
		{"one     two", 5, 0, "one\ntwo"},
		{"   one two", 6, 0, "   one\ntwo"},
		{"abcdefghij", 4, 1, "abcd\n efg\n hij"},
		{"a bcdefghij", 4, 0, "a\nbcde\nfghi\nj"},
		{"日本語日本語", 5, 0, "日本\n語日\n本語"},
		{"ab日本語", 5, 0, "ab日\n本語"},
		{"日本語。日本", 6, 0, "日本\n語。日\n本"},
		{"a\n\nb\n", 5, 1, "a\n\n b\n"},
		{"e\u0301e\u0301e\u0301", 2, 0, "e\u0301e\u0301\ne\u0301"},
	} {
		if got := wrapped(test.text, test.width, test.indent); got != test.want {
			t.Errorf("%q in %d: %q, want %q", test.text, test.width, got, test.want)
		}
	}
}

// Nothing is lost, no row is too wide however the terminal counts, and a word that fits is
// not broken.
func TestWrapAlways(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOf(rapid.SampledFrom([]rune("abc  \n日ž🎉\u0301\u200d👩"))).Draw(t, "text")
		width, indent := rapid.IntRange(8, 40).Draw(t, "width"), rapid.IntRange(0, 3).Draw(t, "indent")
		got := wrapped(text, width, indent)
		bare := func(s string) string { return strings.NewReplacer(" ", "", "\n", "").Replace(s) }
		if bare(got) != bare(text) {
			t.Fatalf("%q became %q", text, got)
		}
		for row := range strings.SplitSeq(got, "\n") {
			if ansi.StringWidth(row) > width || ansi.StringWidthWc(row) > width {
				t.Fatalf("%q is wider than %d", row, width)
			}
		}
		there := strings.Fields(got)
		for _, word := range strings.Fields(text) {
			if len(word) <= 8-3 && ansi.StringWidth(word) == len(word) && !contains(there, word) {
				t.Fatalf("%q was broken: %q", word, got)
			}
		}
	})
}

func contains(words []string, word string) bool {
	for _, w := range words {
		if w == word {
			return true
		}
	}
	return false
}

func TestShorten(t *testing.T) {
	for _, test := range []struct {
		text  string
		width int
		want  string
	}{{"abc", 3, "abc"}, {"abcd", 3, "ab…"}, {"日本語", 6, "日本語"}, {"日本語", 5, "日本…"}, {"日本語", 4, "日…"}, {"x", 0, "…"}} {
		if got := shorten(test.text, test.width); got != test.want {
			t.Errorf("%q in %d: %q, want %q", test.text, test.width, got, test.want)
		}
	}
}

// Wherever the cursor goes, it is in the window, what is shown fits, and … stands for what is not.
func TestViewportAlways(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := viewport{graphemes: rapid.Bool().Draw(t, "graphemes")}
		line := []rune(rapid.StringOf(rapid.SampledFrom([]rune("abc 日ž🎉\u0301\u202e"))).Draw(t, "line"))
		for range 20 {
			width := rapid.IntRange(16, 40).Draw(t, "width")
			at := rapid.IntRange(0, len(line)).Draw(t, "at")
			shown, x := v.draw(line, at, width)
			measure := ansi.StringWidthWc
			if v.graphemes {
				measure = ansi.StringWidth
			}
			if w := measure(shown); w > width || x >= width || x < 0 {
				t.Fatalf("%q is %d wide of %d, cursor at %d", shown, w, width, x)
			}
			if (v.offset > 0) != strings.HasPrefix(shown, "…") {
				t.Fatalf("%q with offset %d", shown, v.offset)
			}
			if at == 0 && x != 0 {
				t.Fatalf("the cursor is at %d of %q, want the beginning", x, shown)
			}
		}
	})
}
