package main

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/gozre/zre/cmd/internal/visible"
)

// What the screen shows of one message: enough to read, but not a whole file.
const (
	mostShown  = 500 // octets of text
	mostLines  = 12
	mostBinary = 16 // octets
)

// content shows the frames of a message for people: text as it is, with its lines, and what
// is no text by its size and its beginning. Between frames are bars. It begins with a blank,
// or with a newline if it has several lines. The result is safe to show; newlines in it are
// to be printed.
func content(frames [][]byte) string {
	shown := make([]string, 0, len(frames))
	size, left, cut := 0, mostShown, false
	for _, f := range frames {
		size += len(f)
	}
	for i, f := range frames {
		if left <= 0 {
			shown, cut = append(shown, "…"), true
			break
		}
		text, all := frameText(f, left)
		left -= min(len(f), left)
		shown = append(shown, text)
		if cut = cut || !all; !all && i < len(frames)-1 {
			left = 0
		}
	}
	text := strings.Join(shown, " | ")
	if lines := strings.Split(text, "\n"); len(lines) > mostLines {
		text, cut = strings.Join(lines[:mostLines], "\n")+"…", true
	}
	if cut {
		text += " (" + octets(size) + " in all)"
	}
	if strings.Contains(text, "\n") {
		return "\n" + text
	}
	return " " + text
}

// frameText shows at most so many octets of a frame. It reports false if there are more of
// which it has not said.
func frameText(f []byte, most int) (text string, all bool) {
	if isBinary(f) {
		text = fmt.Sprintf("% x", f[:min(len(f), mostBinary)])
		if len(f) > mostBinary {
			text += " …"
		}
		return fmt.Sprintf("<%s, not text: %s>", octets(len(f)), text), true
	}
	part := whole(string(f[:min(len(f), most)]), f)
	all = len(part) == len(f)
	part = strings.TrimSuffix(part, "\n") // as echo and uptime end what they say
	part = strings.ReplaceAll(part, "\r\n", "\n")
	lines := strings.Split(part, "\n")
	for i, l := range lines {
		lines[i] = visible.String(strings.ReplaceAll(l, "\t", "    "))
	}
	text = strings.Join(lines, "\n")
	if !all {
		text += "…"
	}
	return text, all
}

// whole takes the beginning of a character off the end of a part that was cut
// out of a frame.
func whole(part string, frame []byte) string {
	if len(part) == len(frame) || !utf8.Valid(frame) {
		return part
	}
	for len(part) > 0 && !utf8.ValidString(part) {
		part = part[:len(part)-1]
	}
	return part
}

// isBinary tells octets that nobody reads from text: by a NUL, or by its share of octets that
// are not UTF-8 or are control characters which no text has.
func isBinary(f []byte) bool {
	seen, strange := 0, 0
	for sample := f[:min(len(f), 512)]; len(sample) > 0; seen++ {
		r, size := utf8.DecodeRune(sample)
		switch {
		case r == 0:
			return true
		case r == utf8.RuneError && size == 1 && utf8.FullRune(sample):
			strange++
		case r < ' ' && !strings.ContainsRune("\t\n\r\x1b", r):
			strange++
		}
		sample = sample[size:]
	}
	return strange*5 > seen
}

// octets is a size for people. Units are powers of 1000.
func octets(n int) string {
	switch {
	case n == 1:
		return "1 octet"
	case n < 1000:
		return fmt.Sprintf("%d octets", n)
	case n < 1000*1000:
		return fmt.Sprintf("%.1f kB", float64(n)/1e3)
	case n < 1000*1000*1000:
		return fmt.Sprintf("%.1f MB", float64(n)/1e6)
	}
	return fmt.Sprintf("%.1f GB", float64(n)/1e9)
}
