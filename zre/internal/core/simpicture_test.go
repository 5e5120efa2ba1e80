package core

import (
	"fmt"
	"math"
	"strings"
)

// panel is one of the diagrams of docs/simulation.svg: a value against the number of nodes, both
// on logarithmic axes.
type panel struct {
	title string
	of    func(scale) float64
}

// picture is docs/simulation.svg.
func picture(all []scale) string {
	panels := []panel{
		{"seconds until all see all", func(s scale) float64 { return s.converged.Seconds() }},
		{"messages per node until then", func(s scale) float64 { return s.arrival }},
		{"messages per node and minute, idle", func(s scale) float64 { return s.idle }},
	}
	const width, height, margin = 300, 220, 50
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" font-family="sans-serif" font-size="12">`+"\n",
		width*len(panels), height+margin)
	b.WriteString(`<rect width="100%" height="100%" fill="white"/>` + "\n")
	for i, p := range panels {
		p.draw(&b, all, float64(width*i+margin), margin/2, width-margin*3/2, height-margin/2)
	}
	b.WriteString("</svg>\n")
	return b.String()
}

// draw draws a panel with its axes.
func (p panel) draw(b *strings.Builder, all []scale, left, top, width, height float64) {
	least, most := math.Inf(1), math.Inf(-1)
	for _, s := range all {
		least, most = min(least, p.of(s)), max(most, p.of(s))
	}
	bottom, first, last := top+height, float64(all[0].nodes), float64(all[len(all)-1].nodes)
	low, high := math.Floor(math.Log10(max(least, 0.01))), math.Ceil(math.Log10(max(most, 0.1)))
	x := func(nodes float64) float64 { return left + width*math.Log(nodes/first)/math.Log(last/first) }
	y := func(v float64) float64 { return bottom - height*(math.Log10(max(v, 0.01))-low)/max(high-low, 1) }
	fmt.Fprintf(b, `<text x="%.0f" y="%.0f">%s</text>`+"\n", left, top-8, p.title)
	fmt.Fprintf(b, `<path d="M%.1f %.1fV%.1fH%.1f" fill="none" stroke="black"/>`+"\n", left, top, bottom, left+width)
	for v := low; v <= high; v++ {
		value := math.Pow(10, v)
		fmt.Fprintf(b, `<text x="%.1f" y="%.1f" text-anchor="end">%g</text>`+"\n", left-4, y(value)+4, value)
	}
	var line []string
	for _, s := range all {
		at := x(float64(s.nodes))
		line = append(line, fmt.Sprintf("%.1f,%.1f", at, y(p.of(s))))
		fmt.Fprintf(b, `<circle cx="%.1f" cy="%.1f" r="3" fill="#1f77b4"/>`+"\n", at, y(p.of(s)))
		fmt.Fprintf(b, `<text x="%.1f" y="%.1f" text-anchor="middle">%d</text>`+"\n", at, bottom+16, s.nodes)
	}
	fmt.Fprintf(b, `<polyline points="%s" fill="none" stroke="#1f77b4"/>`+"\n", strings.Join(line, " "))
}
