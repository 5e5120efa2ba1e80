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

// Closest returns the name that another one may have been meant for: the one that is the fewest
// letters away, and empty if that are too many.
func Closest(name string, names []string) string {
	best, found := min(2, (len(name)-1)/2), ""
	for _, candidate := range names {
		d := distance(strings.ToLower(name), strings.ToLower(candidate))
		if d < best || d == best && found == "" {
			best, found = d, candidate
		}
	}
	return found
}

// distance counts the letters that have to be added, left out or changed, or to change places
// with the next one, to make one name of the other.
func distance(a, b string) int {
	x, y := []rune(a), []rune(b)
	if len(x) > longestName || len(y) > longestName {
		return longestName
	}
	before, last, row := make([]int, len(y)+1), make([]int, len(y)+1), make([]int, len(y)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(x); i++ {
		row[0] = i
		for j := 1; j <= len(y); j++ {
			change := 1
			if x[i-1] == y[j-1] {
				change = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+change)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(y)]
}

// longestName is the length up to which names are compared.
const longestName = 64
