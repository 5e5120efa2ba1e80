package screenshot

import (
	"encoding/xml"
	"fmt"
	"image/color"
	"strings"

	uv "github.com/charmbracelet/ultraviolet"
	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/vt"
)

// Sizes in pixels: of the border, of a cell, and where in a cell the base line of letters is.
const (
	border   = 12
	width    = 8.4
	height   = 18
	baseLine = 14
	fontSize = 14
)

// The colours of the image.
const (
	background = "#11161d"
	foreground = "#e4e9f0"
	faint      = "#7d8794"
)

// basic are the 16 colours that a terminal has.
var basic = [16]string{
	"#11161d", "#ff7b72", "#6fcf7f", "#e3b341", "#79b8ff", "#d2a8ff", "#56d4c8", "#c9d1d9",
	"#7d8794", "#ffa198", "#8fe39d", "#f2cc60", "#a5d6ff", "#e2c5ff", "#8ae8de", "#ffffff",
}

// SVG draws the first rows of a screen.
func SVG(screen *vt.Emulator, rows int) string {
	var b strings.Builder
	w, h := 2*border+width*float64(screen.Width()), 2*border+height*rows
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %.0f %d" `+
		`font-family="DejaVu Sans Mono, Menlo, Consolas, monospace" font-size="%d">`+"\n", w, h, fontSize)
	fmt.Fprintf(&b, `<rect width="100%%" height="100%%" rx="8" fill="%s"/>`+"\n", background)
	for y := range rows {
		row(&b, screen, y)
	}
	b.WriteString("</svg>\n")
	return b.String()
}

// row draws the runs of cells that have one style.
func row(b *strings.Builder, screen *vt.Emulator, y int) {
	for x := 0; x < screen.Width(); {
		first := screen.CellAt(x, y)
		begin, text := x, ""
		var style uv.Style
		if first != nil {
			style = first.Style
		}
		for x < screen.Width() {
			cell := screen.CellAt(x, y)
			if cell == nil || !cell.Style.Equal(&style) {
				break
			}
			content := cell.Content
			if content == "" {
				content = " "
			}
			text += content
			x += max(cell.Width, 1)
		}
		if x == begin {
			x++ // There is nothing in the cell.
			continue
		}
		run(b, begin, y, x-begin, text, style)
	}
}

// run draws one run of cells.
func run(b *strings.Builder, x, y, cells int, text string, style uv.Style) {
	ink, paper := hex(style.Fg, foreground), hex(style.Bg, background)
	if style.Attrs&uv.AttrFaint != 0 {
		ink = faint
	}
	if style.Attrs&uv.AttrReverse != 0 {
		ink, paper = paper, ink
	}
	left, top := border+width*float64(x), border+height*y
	if paper != background {
		fmt.Fprintf(b, `<rect x="%.1f" y="%d" width="%.1f" height="%d" fill="%s"/>`+"\n",
			left, top, width*float64(cells), height, paper)
	}
	if strings.TrimSpace(text) == "" {
		return
	}
	weight := ""
	if style.Attrs&uv.AttrBold != 0 {
		weight = ` font-weight="bold"`
	}
	fmt.Fprintf(b, `<text x="%.1f" y="%d" fill="%s"%s textLength="%.1f" xml:space="preserve">%s</text>`+"\n",
		left, top+baseLine, ink, weight, width*float64(cells), escaped(text))
}

func escaped(text string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(text)) // A Builder takes everything.
	return b.String()
}

// hex is a colour as SVG has it.
func hex(c color.Color, otherwise string) string {
	switch c := c.(type) {
	case nil:
		return otherwise
	case ansi.BasicColor:
		return basic[c&15]
	}
	r, g, b, _ := c.RGBA()
	return fmt.Sprintf("#%02x%02x%02x", r>>8, g>>8, b>>8)
}
