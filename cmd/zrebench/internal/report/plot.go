package report

import (
	"fmt"
	"image/color"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/gozre/zre/cmd/zrebench/internal/measure"
)

// points are the medians against sizes, with the spread of the rounds.
type points struct {
	plotter.XYs
	plotter.YErrors
}

// add adds what was measured for a size, if it was.
func (p *points) add(size int, f *measure.Figures) {
	if f == nil || f.Value == nil {
		return
	}
	v := f.Value
	p.XYs = append(p.XYs, plotter.XY{X: float64(size), Y: v.Median})
	p.YErrors = append(p.YErrors, struct{ Low, High float64 }{v.Median - v.Min, v.Max - v.Median})
}

// The lines differ in lightness as well, for printers and for eyes that do not tell colours apart.
var (
	grey   = color.RGBA{R: 0xa8, G: 0xa8, B: 0xa8, A: 0xff}
	blue   = color.RGBA{R: 0x1f, G: 0x3a, B: 0x70, A: 0xff}
	orange = color.RGBA{R: 0xe0, G: 0x6c, B: 0x1f, A: 0xff}
)

// Plot draws throughput against message size into a file, of nodes, libzmq and raw TCP, and what
// nodes are to reach. The name of the file says the format (.svg, .png, .pdf).
func Plot(file string, rows []measure.Row) error {
	var node, libzmq, tcp points
	var ticks plot.ConstantTicks
	for _, r := range rows {
		node.add(r.Size, &r.Node)
		libzmq.add(r.Size, r.LibZMQ)
		tcp.add(r.Size, r.TCP)
		ticks = append(ticks, plot.Tick{Value: float64(r.Size), Label: octets(r.Size)})
	}
	p := plot.New()
	p.Title.Text = "WHISPER, process to process over loopback (median, least and largest)"
	p.X.Label.Text = "octets of content"
	p.Y.Label.Text = "messages a second"
	p.X.Scale, p.Y.Scale = plot.LogScale{}, plot.LogScale{}
	p.X.Tick.Marker = ticks
	p.Y.Tick.Marker = plot.LogTicks{Prec: -1}
	p.Legend.Top = true
	p.Add(plotter.NewGrid())
	for _, l := range []struct {
		name   string
		points points
		color  color.Color
	}{{"raw TCP", tcp, grey}, {"libzmq alone, in C", libzmq, blue}, {"zre", node, orange}} {
		if err := addLine(p, l.name, l.points, l.color); err != nil {
			return fmt.Errorf("plot: %w", err)
		}
	}
	if err := addGoals(p, rows); err != nil {
		return fmt.Errorf("plot: %w", err)
	}
	if err := p.Save(18*vg.Centimeter, 12*vg.Centimeter, file); err != nil {
		return fmt.Errorf("plot: %w", err)
	}
	return nil
}

func addLine(p *plot.Plot, name string, points points, c color.Color) error {
	if len(points.XYs) == 0 {
		return nil
	}
	line, dots, err := plotter.NewLinePoints(points.XYs)
	if err != nil {
		return err
	}
	bars, err := plotter.NewYErrorBars(points)
	if err != nil {
		return err
	}
	line.Color, dots.Color, bars.Color = c, c, c
	line.Width = vg.Points(1.5)
	p.Add(line, dots, bars)
	p.Legend.Add(name, line, dots)
	return nil
}

// addGoals marks the rates that are to be reached: a ring where that is so, a cross where not.
func addGoals(p *plot.Plot, rows []measure.Row) error {
	var reached, missed plotter.XYs
	for _, r := range rows {
		for _, v := range r.Goals {
			rate, ok := v.Rate(r)
			if !ok || v.Reached == nil {
				continue
			}
			mark := plotter.XY{X: float64(r.Size), Y: rate}
			if *v.Reached {
				reached = append(reached, mark)
			} else {
				missed = append(missed, mark)
			}
		}
	}
	for _, m := range []struct {
		name  string
		marks plotter.XYs
		glyph draw.GlyphDrawer
	}{
		{"goal, reached", reached, draw.RingGlyph{}},
		{"goal, not reached", missed, draw.CrossGlyph{}},
	} {
		if len(m.marks) == 0 {
			continue
		}
		marks, err := plotter.NewScatter(m.marks)
		if err != nil {
			return err
		}
		marks.GlyphStyle = draw.GlyphStyle{Color: color.Black, Radius: vg.Points(4), Shape: m.glyph}
		p.Add(marks)
		p.Legend.Add(m.name, marks)
	}
	return nil
}
