package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
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

// write measures everything and writes BENCHMARKS.md.
func (o *options) write(ctx context.Context) (err error) {
	r := report.Report{Date: time.Now(), Machine: report.ThisMachine(worker.LibZMQ()), Command: "make bench"}
	if o.goBench != "" {
		text, err := os.ReadFile(o.goBench)
		if err != nil {
			return err
		}
		r.Go = report.GoBenchmarks(string(text))
	}
	for _, m := range measure.All() {
		rows, err := m.Run(ctx, &o.Options)
		if err != nil {
			return err
		}
		r.Rows = append(r.Rows, rows...)
	}
	bySize := o.Options
	bySize.Sizes = plotted()
	if r.Sizes, err = measure.Throughput(ctx, &bySize); err != nil {
		return err
	}
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
	return nil
}
