package model

import (
	"strings"
	"unicode"
)

// Words splits a name into its runs of letters and digits.
func Words(name string) []string {
	return strings.FieldsFunc(name, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}

// sentence makes one line of prose: its words with one blank between them.
// What is not a graphic character is left out, so that it may stand in a
// comment.
func sentence(text string) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return ' '
		}
		if !unicode.IsGraphic(r) {
			return -1
		}
		return r
	}, text)
	return strings.Join(strings.Fields(text), " ")
}

// paragraphs makes one line of each paragraph of prose, with an empty line
// between them.
func paragraphs(text string) string {
	var list, lines []string
	flush := func() {
		if s := sentence(strings.Join(lines, " ")); s != "" {
			list = append(list, s)
		}
		lines = lines[:0]
	}
	for line := range strings.Lines(text) {
		if strings.TrimSpace(line) == "" {
			flush()
			continue
		}
		lines = append(lines, line)
	}
	flush()
	return strings.Join(list, "\n\n")
}
