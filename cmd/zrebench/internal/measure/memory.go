package measure

import (
	"context"
	"fmt"
	"time"

	"github.com/gozre/zre/cmd/zrebench/internal/worker"
)

// rest is how long sockets get to settle before memory is measured.
const rest = 300 * time.Millisecond

// Memory measures what a link takes: a connection one way, both its ends together. There are two processes with o.Linked
// nodes each, every one of them linked to all of the other process, both ways. The figure is the difference to processes
// with as many nodes and no links, over the number of links.
func Memory(ctx context.Context, o *Options) ([]Row, error) {
	var ours, raws []float64
	links := 2 * o.Linked * o.Linked
	once := func(perLink *[]float64, run func(context.Context, bool) (int64, error)) func() error {
		return func() error {
			without, err := run(ctx, false)
			if err != nil {
				return err
			}
			with, err := run(ctx, true)
			*perLink = append(*perLink, float64(with-without)/float64(links)/1024)
			return err
		}
	}
	name := "memory of a link, both ends"
	if err := o.byTurns(name, once(&ours, o.memory), once(&raws, o.rawMemory)); err != nil {
		return nil, err
	}
	return []Row{row(name, links, "KiB", ours, raws)}, nil
}

// resident gives the memory of all processes of a run.
func (c *crew) resident() (sum int64, err error) {
	for _, w := range c.workers {
		r, err := w.Do(worker.Job{Do: worker.Usage, Settle: rest})
		if err != nil {
			return 0, err
		}
		sum += r.Usage.Memory
	}
	return sum, nil
}

func (o *Options) memory(ctx context.Context, links bool) (sum int64, err error) {
	c := o.gather(ctx, false)
	defer func() { err = c.dismiss(err) }()
	a, err := c.hire()
	if err != nil {
		return 0, err
	}
	// Without beacons, lest the nodes of one process meet.
	r, err := a.Do(worker.Job{Do: worker.Start, Nodes: o.Linked})
	if err != nil {
		return 0, err
	}
	b, err := c.hire()
	if err != nil {
		return 0, err
	}
	job := worker.Job{Do: worker.Start, Nodes: o.Linked}
	if links {
		job.Connect = r.Endpoints
	}
	if _, err := b.Do(job); err != nil {
		return 0, err
	}
	for _, w := range c.workers {
		if !links {
			break
		}
		if _, err := w.Do(worker.Job{Do: worker.Await, Peers: o.Linked}); err != nil {
			return 0, err
		}
	}
	return c.resident()
}

func (o *Options) rawMemory(ctx context.Context, links bool) (sum int64, err error) {
	c := o.gather(ctx, false)
	defer func() { err = c.dismiss(err) }()
	var endpoints [2][]string
	for i := range endpoints {
		w, err := c.hire()
		if err != nil {
			return 0, err
		}
		r, err := w.Do(worker.Job{Do: worker.RawMesh, Nodes: o.Linked, Peers: o.Linked})
		if err != nil {
			return 0, err
		}
		endpoints[1-i] = r.Endpoints
	}
	if !links {
		return c.resident()
	}
	for i, w := range c.workers {
		if _, err := w.Do(worker.Job{Do: worker.RawLink, Endpoints: endpoints[i]}); err != nil {
			return 0, err
		}
	}
	var greet []func() error
	for _, w := range c.workers {
		greet = append(greet, func() error {
			_, err := w.Do(worker.Job{Do: worker.RawGreet, Peers: o.Linked})
			return err
		})
	}
	if err := all(greet...); err != nil {
		return 0, fmt.Errorf("links: %w", err)
	}
	return c.resident()
}
