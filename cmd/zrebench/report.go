package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/gozre/zre/cmd/zrebench/internal/measure"
	"github.com/gozre/zre/cmd/zrebench/internal/report"
	"github.com/gozre/zre/cmd/zrebench/internal/worker"
)

// plotted are the sizes of the plot.
func plotted() []int {
	var list []int
	for size := 16; size <= 1<<20; size *= 4 {
		list = append(list, size)
	}
	return list
}

// write measures everything and writes BENCHMARKS.md. What failed is in the file, too.
func (o *options) write(ctx context.Context) error {
	r := report.Report{
		Date: time.Now(), Command: "make bench",
		Machine: report.ThisMachine(worker.LibZMQVersion()),
	}
	watch := report.NewWatch()
	if o.goBench != "" {
		text, err := os.ReadFile(o.goBench)
		if err != nil {
			return err
		}
		r.Go = report.GoBenchmarks(string(text))
	}
	// The throughput of many sizes is measured once: all of it is in the plot, and what has a
	// goal is in the main table.
	bySize := o.Options
	if len(bySize.Sizes) == 0 {
		bySize.Sizes = plotted()
	}
	sizes, failed := measure.Throughput(ctx, &bySize)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	r.Sizes = sizes
	r.Rows = slices.DeleteFunc(slices.Clone(sizes), func(r measure.Row) bool {
		return len(r.Goals) == 0
	})
	for _, m := range measure.Some(&o.Options, nil, true) {
		if m.Name == measure.BySize {
			continue
		}
		rows, err := m.Run(ctx, &o.Options)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		r.Rows, failed = append(r.Rows, rows...), errors.Join(failed, err)
	}
	r.Machine.Others = watch.Others()
	picture := strings.TrimSuffix(o.output, filepath.Ext(o.output)) + ".svg"
	if err := report.Plot(picture, r.Sizes); err != nil {
		return err
	}
	r.Plot = filepath.Base(picture)
	file, err := os.Create(o.output)
	if err != nil {
		return err
	}
	if err := errors.Join(r.Markdown(file), file.Close()); err != nil {
		return err
	}
	o.Progress(fmt.Sprintf("wrote %s and %s", o.output, picture))
	return failed
}
