package main

import (
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"
	"pgregory.net/rapid"
)

func TestFit(t *testing.T) {
	for text, want := range map[string][]string{
		"one":                   {"one"},
		"one\ntwo":              {"one\ntwo"},
		"1\n2\n3\n4\n5":         {"1\n2\n3", "4\n5"},
		"":                      {" "},
		"0123456789":            {"0123456789 "}, // or it would leave a gap
		"日本語日本":                 {"日本語日本 "},
		strings.Repeat("x", 25): {strings.Repeat("x", 25)},
		strings.Repeat("x", 31): {strings.Repeat("x", 9) + "\n" + strings.Repeat("x", 9) + "\n" + strings.Repeat("x", 9), "xxxx"},
	} {
		got := fit(text, 10, 5)
		if strings.Join(got, "~") != strings.Join(want, "~") {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

// Nothing is lost, and each part fits, for any text and window.
func TestFitAlways(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOf(rapid.RuneFrom([]rune("ab \n日ž"))).Draw(t, "text")
		width := rapid.IntRange(3, 40).Draw(t, "width")
		height := rapid.IntRange(1, 12).Draw(t, "height")
		parts := fit(text, width, height)
		bare := func(s string) string { return strings.NewReplacer(" ", "", "\n", "").Replace(s) }
		if bare(strings.Join(parts, "")) != bare(text) {
			t.Fatalf("parts %q", parts)
		}
		for _, part := range parts {
			rows := 0
			for line := range strings.SplitSeq(part, "\n") {
				rows += max(1, (ansi.StringWidth(line)+width-1)/width)
			}
			if part == "" || rows > max(1, height-2) {
				t.Fatalf("part %q takes %d rows of %d", part, rows, height)
			}
		}
	})
}

func TestColumns(t *testing.T) {
	if got, want := columns([]string{"a", "bb", "ccc", "日"}, 12), "a    ccc\nbb   日"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got, want := columns([]string{"longer than that", "b"}, 5), "longer than that\nb"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
