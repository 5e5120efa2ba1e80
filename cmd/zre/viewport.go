package main

import (
	"strings"

	"github.com/charmbracelet/x/ansi"

	"github.com/gozre/zre/cmd/internal/visible"
)

// viewport shows the part of a line around the cursor, with … at an end where there is
// more. It scrolls only as far as it has to.
type viewport struct {
	offset    int  // the first character shown
	graphemes bool // the terminal counts the columns of joined characters as one
}

// glyph is a character of the line being typed.
type glyph struct {
	text  string // safe to show
	width int
	runes int
}

// glyphs splits what is typed into characters.
func (v *viewport) glyphs(line []rune) []glyph {
	var list []glyph
	for text := string(line); text != ""; {
		c, wide := ansi.FirstGraphemeCluster(text, ansi.GraphemeWidth)
		text = text[len(c):]
		g := glyph{text: visible.String(c), width: wide, runes: len([]rune(c))}
		if g.text != c {
			g.width = len(g.text) // an escape
		} else if !v.graphemes {
			g.width = ansi.StringWidthWc(c)
		}
		list = append(list, g)
	}
	return list
}

// draw returns what is shown of a line in width columns, and the column of the cursor, which
// is in front of the at-th rune.
func (v *viewport) draw(line []rune, at, width int) (shown string, x int) {
	list := v.glyphs(line)
	cursor := 0
	for runes := 0; cursor < len(list) && runes+list[cursor].runes <= at; cursor++ {
		runes += list[cursor].runes
	}
	width = max(width, 4)
	v.offset = min(v.offset, cursor)
	for v.offset > 0 && columnsOf(list[v.offset-1:])+v.mark(v.offset-1) < width { // after a deletion
		v.offset--
	}
	for v.mark(v.offset)+columnsOf(list[v.offset:min(cursor+1, len(list))])+behind(list, cursor) > width-1+behind(list, cursor) && v.offset < cursor {
		v.offset++
	}
	var b strings.Builder
	used := v.mark(v.offset)
	if used > 0 {
		b.WriteString("…")
	}
	x = used
	for i := v.offset; i < len(list); i++ {
		if i == cursor {
			x = used
		}
		last := i == len(list)-1
		if room := width - used - list[i].width; room < 0 || !last && room < 1 {
			b.WriteString("…")
			return b.String(), x
		}
		b.WriteString(list[i].text)
		used += list[i].width
	}
	if cursor == len(list) {
		x = used
	}
	return b.String(), x
}

// mark is 1 if there is something in front of the offset.
func (v *viewport) mark(offset int) int {
	if offset > 0 {
		return 1
	}
	return 0
}

// behind is 1 if there is something behind the character under the cursor.
func behind(list []glyph, cursor int) int {
	if cursor+1 < len(list) {
		return 1
	}
	return 0
}

func columnsOf(list []glyph) int {
	sum := 0
	for _, g := range list {
		sum += g.width
	}
	return sum
}
