package report

import (
	"fmt"
	"image/color"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"

	"github.com/gozre/zre/cmd/zrebench/internal/measure"
)

// points are the medians against sizes, with the spread of the runs.
type points struct {
	plotter.XYs
	plotter.YErrors
}

// Plot draws throughput against message size, ours and raw, into a file; its name says the format (.svg, .png, .pdf).
func Plot(file string, rows []measure.Row) error {
	var ours, raw points
	add := func(p *points, size int, median, low, high float64) {
		p.XYs = append(p.XYs, plotter.XY{X: float64(size), Y: median})
		p.YErrors = append(p.YErrors, struct{ Low, High float64 }{median - low, high - median})
	}
	var ticks plot.ConstantTicks
	for _, r := range rows {
		add(&ours, r.Size, r.Ours, r.OursMin, r.OursMax)
		if r.Raw != nil {
			add(&raw, r.Size, *r.Raw, *r.RawMin, *r.RawMax)
		}
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
	// The two differ in lightness as well, for printers and for eyes that do not tell the colours apart.
	err := addLine(p, "libzmq alone, in C", raw, color.RGBA{R: 0x1f, G: 0x3a, B: 0x70, A: 0xff})
	if err == nil {
		err = addLine(p, "zre", ours, color.RGBA{R: 0xe0, G: 0x6c, B: 0x1f, A: 0xff})
	}
	if err == nil {
		err = p.Save(18*vg.Centimeter, 12*vg.Centimeter, file)
	}
	if err != nil {
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
