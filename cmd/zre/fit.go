package main

import (
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// fit cuts text into parts that can be printed above the line being typed, one
// after the other: bubbletea makes room for a part by scrolling, and so can
// make no more than the window has.
func fit(text string, width, height int) []string {
	most := max(1, height-2)
	var parts, rows []string
	used := 0
	flush := func() {
		if len(rows) > 0 {
			parts = append(parts, strings.Join(rows, "\n"))
			rows, used = nil, 0
		}
	}
	for line := range strings.SplitSeq(text, "\n") {
		// A line that fills its last row to the end would leave a gap below;
		// a blank more, and it does not.
		if columns := ansi.StringWidth(line); columns > 0 && columns%width == 0 {
			line += " "
		}
		pieces := []string{line}
		if rowsOf(line, width) > most {
			pieces = strings.Split(ansi.Hardwrap(line, width-1, true), "\n")
		}
		for _, piece := range pieces {
			need := rowsOf(piece, width)
			if used+need > most {
				flush()
			}
			rows, used = append(rows, piece), used+need
		}
	}
	flush()
	// An empty part would print nothing; a blank prints an empty line.
	for i, part := range parts {
		if part == "" {
			parts[i] = " "
		}
	}
	return parts
}

// rowsOf is how many rows of the window a line takes.
func rowsOf(line string, width int) int {
	return max(1, (ansi.StringWidth(line)+width-1)/width)
}

// columns lays words out below each other, as ls does.
func columns(words []string, width int) string {
	widest := 0
	for _, w := range words {
		widest = max(widest, ansi.StringWidth(w))
	}
	across := max(1, width/(widest+2))
	down := (len(words) + across - 1) / across
	lines := make([]string, down)
	for i, w := range words {
		if i >= down {
			w = "  " + w
		}
		lines[i%down] += w + strings.Repeat(" ", widest-ansi.StringWidth(words[i]))
	}
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return strings.Join(lines, "\n")
}
