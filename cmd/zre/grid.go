package main

import (
	"strings"
)

// grid lines the columns of rows up. On a screen it fits the window: the widest columns are
// made narrower, and their cells go on below.
func (s *shell) grid(rows [][]string) string {
	if s.screen == nil {
		return table(rows)
	}
	width, _ := s.screen.size()
	return fitTable(rows, width-1)
}

const gap = 2 // columns between two columns

// fitTable lays a table out in so many columns.
func fitTable(rows [][]string, width int) string {
	widths, least := measure(rows)
	narrow(widths, least, width-gap*(len(widths)-1))
	var lines []string
	for _, row := range rows {
		lines = append(lines, layRow(row, widths)...)
	}
	return strings.Join(lines, "\n")
}

// measure returns how wide the columns of a table are, and the least that they need so that
// no word is broken.
func measure(rows [][]string) (widths, least []int) {
	for _, row := range rows {
		for i, text := range row {
			if i == len(widths) {
				widths, least = append(widths, 0), append(least, 0)
			}
			widths[i] = max(widths[i], widthOf(text))
			least[i] = max(least[i], longestWord(text))
		}
	}
	return widths, least
}

// keepsWords reports whether a table fits into so many columns without a broken word.
func keepsWords(rows [][]string, width int) bool {
	_, least := measure(rows)
	sum := gap * (len(least) - 1)
	for _, w := range least {
		sum += w
	}
	return sum <= width
}

// longestWord is the width of the longest part of a text that wrap does not break.
func longestWord(text string) int {
	longest, word := 0, 0
	for _, c := range cells(text, plain) {
		switch {
		case c.text == " ":
			word = 0
		case c.width > 1:
			word = c.width
			longest = max(longest, word)
			word = 0
			continue
		default:
			word += c.width
		}
		longest = max(longest, word)
	}
	return longest
}

// narrow takes columns off the widest ones until all of them fit into room: as long as it
// can without breaking words.
func narrow(widths, least []int, room int) {
	sum := 0
	for _, w := range widths {
		sum += w
	}
	for _, floor := range [][]int{least, make([]int, len(widths))} {
		for sum > room {
			widest := -1
			for i, w := range widths {
				if w > max(floor[i], 2) && (widest < 0 || w > widths[widest]) {
					widest = i
				}
			}
			if widest < 0 {
				break
			}
			widths[widest]--
			sum--
		}
	}
}

// layRow is a row of a table, of as many lines as its highest cell.
func layRow(row []string, widths []int) []string {
	parts := make([][][]span, len(row))
	height := 0
	for i, text := range row {
		parts[i] = wrap([]span{{plain, text}}, widths[i], 0)
		height = max(height, len(parts[i]))
	}
	lines := make([]string, height)
	for n := range lines {
		var b strings.Builder
		for i := range row {
			text := ""
			if n < len(parts[i]) {
				text = paint(false, parts[i][n])
			}
			b.WriteString(text)
			if i < len(row)-1 {
				b.WriteString(strings.Repeat(" ", max(0, widths[i]-widthOf(text))+gap))
			}
		}
		lines[n] = strings.TrimRight(b.String(), " ")
	}
	return lines
}
