package measure

import (
	"context"
	"fmt"
	"time"

	"github.com/gozre/zre/cmd/zrebench/internal/worker"
)

// crowd starts n nodes in one process and waits until each has seen all others enter.
func (c *crew) crowd(n int) (*worker.Process, time.Duration, error) {
	w, err := c.hire()
	if err != nil {
		return nil, 0, err
	}
	begin := time.Now()
	if _, err := w.Do(worker.Job{Do: worker.Start, Nodes: n, Port: c.port}); err != nil {
		return nil, 0, err
	}
	_, err = w.Do(worker.Job{Do: worker.Await, Peers: n - 1, Profile: c.opts.profile("discovery")})
	return w, time.Since(begin), err
}

// rawCrowd makes the sockets of n nodes in one process and has each greet all others.
func (c *crew) rawCrowd(n int) (*worker.Process, time.Duration, error) {
	w, err := c.hire()
	if err != nil {
		return nil, 0, err
	}
	begin := time.Now()
	for _, job := range []worker.Job{
		{Do: worker.RawMesh, Nodes: n, Join: true},
		{Do: worker.RawLink},
		{Do: worker.RawGreet, Peers: n - 1},
	} {
		if _, err := w.Do(job); err != nil {
			return nil, 0, err
		}
	}
	return w, time.Since(begin), nil
}

// Discovery measures how long nodes that start in one process take until each has seen all others. Beside it stands libzmq
// with as many sockets, told of each other without any discovery, that greet each other.
func Discovery(ctx context.Context, o *Options) ([]Row, error) {
	var rows []Row
	for _, n := range o.Nodes {
		var ours, raws []float64
		once := func(seconds *[]float64, gather func(*crew, int) (*worker.Process, time.Duration, error)) func() error {
			return func() (err error) {
				c := o.gather(ctx, false)
				defer func() { err = c.dismiss(err) }()
				_, took, err := gather(c, n)
				*seconds = append(*seconds, took.Seconds())
				return err
			}
		}
		name := fmt.Sprintf("discovery, %d nodes", n)
		if err := o.byTurns(name, once(&ours, (*crew).crowd), once(&raws, (*crew).rawCrowd)); err != nil {
			return rows, err
		}
		rows = append(rows, row(name, n, "s", ours, raws))
	}
	return rows, nil
}

// Idle measures what nodes in one process use when nobody says anything: of the processor, and threads. It is one long run,
// which sees each kind of traffic between idle nodes several times.
func Idle(ctx context.Context, o *Options) (rows []Row, err error) {
	for _, n := range o.Nodes[:1] {
		name := fmt.Sprintf("idle, %d nodes", n)
		o.Progress(fmt.Sprintf("%s: for %v", name, o.Settle+o.Idle))
		longer := *o
		longer.Limit += o.Settle + o.Idle
		c := longer.gather(ctx, false)
		defer func() { err = c.dismiss(err) }()
		ours, _, err := c.crowd(n)
		if err != nil {
			return rows, fmt.Errorf("%s: ours: %w", name, err)
		}
		raw, _, err := c.rawCrowd(n)
		if err != nil {
			return rows, fmt.Errorf("%s: raw: %w", name, err)
		}
		var used [2][2]worker.Used
		for i, pause := range []time.Duration{o.Settle, o.Idle} {
			err := all(func() error {
				r, err := ours.Do(worker.Job{Do: worker.Usage, Settle: pause})
				used[0][i] = r.Usage
				return err
			}, func() error {
				r, err := raw.Do(worker.Job{Do: worker.Usage, Settle: pause})
				used[1][i] = r.Usage
				return err
			})
			if err != nil {
				return rows, fmt.Errorf("%s: %w", name, err)
			}
		}
		share := func(u [2]worker.Used) []float64 {
			return []float64{100 * (u[1].CPU - u[0].CPU).Seconds() / o.Idle.Seconds()}
		}
		rows = append(rows,
			row(name, n, "% of a core", share(used[0]), share(used[1])),
			// The process that holds the raw sockets is this program; a C program would have one thread of its own.
			row(fmt.Sprintf("threads, %d nodes", n), n, "threads", []float64{float64(used[0][1].Threads)}, []float64{float64(used[1][1].LibZMQ + 1)}))
	}
	return rows, nil
}
