// Package visible makes what comes from the network safe to show: names,
// groups, headers and messages of peers hold any octets, and a terminal obeys
// some of them.
package visible

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// String returns text with everything that moves the cursor, changes colours,
// reverses the direction of writing, breaks the line or is not UTF-8 written
// as an escape: \n, \x1b, \u202e. The result is one line.
func String(text string) string {
	clean := true
	for i, r := range text {
		if harmful(r) || r == utf8.RuneError && invalidAt(text, i) {
			clean = false
			break
		}
	}
	if clean {
		return text
	}
	var b strings.Builder
	for i, r := range text {
		switch {
		case r == utf8.RuneError && invalidAt(text, i):
			fmt.Fprintf(&b, `\x%02x`, text[i])
		case !harmful(r):
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case r < 0x80:
			fmt.Fprintf(&b, `\x%02x`, r)
		case r <= 0xffff:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			fmt.Fprintf(&b, `\U%08x`, r)
		}
	}
	return b.String()
}

// JSON escapes the same characters in a JSON text, in JSON's own way: the
// value stays what it was. The text must be valid and on one line.
func JSON(text []byte) []byte {
	clean := true
	for _, r := range string(text) {
		if harmful(r) {
			clean = false
			break
		}
	}
	if clean {
		return text
	}
	out := make([]byte, 0, len(text)+32)
	for _, r := range string(text) {
		switch {
		case !harmful(r):
			out = utf8.AppendRune(out, r)
		case r <= 0xffff:
			out = fmt.Appendf(out, `\u%04x`, r)
		default:
			high, low := surrogates(r)
			out = fmt.Appendf(out, `\u%04x\u%04x`, high, low)
		}
	}
	return out
}

// harmful reports whether a terminal may do something else with r than show
// it: controls of both sets, separators of lines and paragraphs, and format
// characters, among them those that override the direction of writing. The
// joiners are let through: emoji, Persian and the scripts of India need them.
func harmful(r rune) bool {
	switch r {
	case '\u200c', '\u200d':
		return false
	}
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp)
}

// invalidAt tells an octet that is not UTF-8 from a replacement character that
// was sent as one.
func invalidAt(text string, i int) bool {
	_, size := utf8.DecodeRuneInString(text[i:])
	return size == 1
}

func surrogates(r rune) (high, low rune) {
	r -= 0x10000
	return 0xd800 + r>>10, 0xdc00 + r&0x3ff
}
