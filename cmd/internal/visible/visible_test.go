package visible

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestString(t *testing.T) {
	for text, want := range map[string]string{
		"":                          "",
		"hello, world":              "hello, world",
		"žluťoučký kůň 日本語 🙂":       "žluťoučký kůň 日本語 🙂",
		"👩\u200d🚀":                  "👩\u200d🚀",
		"\x1b[2J\x1b]0;title\x07":   `\x1b[2J\x1b]0;title\x07`,
		"a\nb\r\tc":                 `a\nb\r\tc`,
		"\u009b31mred":              `\u009b31mred`,
		"\x9b31mred":                `\x9b31mred`,
		"\x7f\x00":                  `\x7f\x00`,
		"user\u202egnp.exe":         `user\u202egnp.exe`,
		"a\u2066b\u2069":            `a\u2066b\u2069`,
		"a\u200bb\ufeff":            `a\u200bb\ufeff`,
		"line\u2028and\u2029":       `line\u2028and\u2029`,
		"tag \U000e0041":            `tag \U000e0041`,
		"\xff\xfe ok \xe2\x82":      `\xff\xfe ok \xe2\x82`,
		"sent as such: \ufffd":      "sent as such: \ufffd",
		"no\u00a0break, wide\u3000": "no\u00a0break, wide\u3000",
	} {
		if got := String(text); got != want {
			t.Errorf("String(%q) = %q, want %q", text, got, want)
		}
	}
}

func FuzzVisible(f *testing.F) {
	for _, seed := range []string{"", "a", "\x1b[0m", "\u202e", "\xff", "\U000e0041\u2028"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		shown := String(text)
		if !utf8.ValidString(shown) || strings.ContainsFunc(shown, harmful) {
			t.Errorf("String(%q) = %q is not harmless", text, shown)
		}
		plain, err := json.Marshal(text)
		if err != nil {
			t.Fatal(err)
		}
		var before, after string
		escaped := JSON(plain)
		if strings.ContainsFunc(string(escaped), harmful) {
			t.Errorf("JSON(%q) = %q is not harmless", plain, escaped)
		}
		if json.Unmarshal(plain, &before) != nil || json.Unmarshal(escaped, &after) != nil || before != after {
			t.Errorf("JSON(%q) = %q is another value", plain, escaped)
		}
	})
}
