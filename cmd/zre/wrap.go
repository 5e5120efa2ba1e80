package main

import (
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// cell is a character as people count them: with its accents and joiners.
type cell struct {
	text  string
	width int // in columns
	style style
}

// cells splits text into characters. A terminal may count the columns of a joined emoji in
// one of two ways; the width is the larger one, so that a line is never too long.
func cells(text string, st style) []cell {
	var list []cell
	for text != "" {
		c, wide := ansi.FirstGraphemeCluster(text, ansi.GraphemeWidth)
		if c == "" { // not text
			break
		}
		list = append(list, cell{c, max(wide, ansi.StringWidthWc(c)), st})
		text = text[len(c):]
	}
	return list
}

// widthOf is the number of columns that text takes at most.
func widthOf(text string) int {
	sum := 0
	for _, c := range cells(text, plain) {
		sum += c.width
	}
	return sum
}

// wrap breaks a line into lines of at most width columns, between words. A word that is
// longer is broken, and so are scripts without blanks, between any two of their (wide)
// characters. A newline ends a line. All lines but the first begin indent columns further
// right.
func wrap(line []span, width, indent int) [][]span {
	var all []cell
	for _, s := range line {
		all = append(all, cells(s.text, s.style)...)
	}
	width = max(width, 2) // a wide character needs that
	indent = min(indent, width/2)
	var out [][]span
	for room := width; ; room = max(width-indent, 2) {
		n, next := firstLine(all, room)
		row := join(all[:n])
		if len(out) > 0 && len(row) > 0 && indent > 0 {
			row = append([]span{{plain, strings.Repeat(" ", indent)}}, row...)
		}
		out = append(out, row)
		if next >= len(all) && (next == n || all[next-1].text != "\n") {
			return out
		}
		all = all[next:]
	}
}

// closing are characters that begin no line.
const closing = "\"'.,:;!?)]}。、，．：；！？）］｝」』】"

// firstLine says how many of the cells are on the first line, and where the next one begins.
func firstLine(all []cell, width int) (n, next int) {
	used, breakAt := 0, 0
	for i, c := range all {
		switch {
		case c.text == "\n":
			return i, i + 1
		case i == 0 || all[i-1].text == " ":
		case (c.width > 1 || all[i-1].width > 1) && !strings.Contains(closing, c.text):
			breakAt = i
		}
		switch {
		case used+c.width > width:
			switch {
			case c.text == " ":
				return i, afterBlanks(all, i)
			case breakAt > 0:
				return breakAt, afterBlanks(all, breakAt)
			}
			return i, i
		case c.text == " " && i > 0 && all[i-1].text != " " && !isBlank(all[:i]):
			breakAt = i
		}
		used += c.width
	}
	return len(all), len(all)
}

func isBlank(list []cell) bool {
	for _, c := range list {
		if c.text != " " {
			return false
		}
	}
	return true
}

// afterBlanks is the first cell from i on that is not a blank.
func afterBlanks(all []cell, i int) int {
	for i < len(all) && all[i].text == " " {
		i++
	}
	return i
}

// join makes spans of cells, without blanks at the end.
func join(list []cell) []span {
	for len(list) > 0 && list[len(list)-1].text == " " {
		list = list[:len(list)-1]
	}
	var line []span
	for _, c := range list {
		if n := len(line); n > 0 && line[n-1].style == c.style {
			line[n-1].text += c.text
		} else {
			line = append(line, span{c.style, c.text})
		}
	}
	return line
}

// shorten cuts text to a number of columns, with … where something is missing.
func shorten(text string, width int) string {
	list, used := cells(text, plain), 0
	for _, c := range list {
		used += c.width
	}
	if used <= width {
		return text
	}
	var b strings.Builder
	left := width - 1
	for _, c := range list {
		if left -= c.width; left < 0 {
			break
		}
		b.WriteString(c.text)
	}
	return b.String() + "…"
}
