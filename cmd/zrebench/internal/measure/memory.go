package measure

import (
	"context"

	"github.com/gozre/zre/cmd/zrebench/internal/worker"
)

// linkMemory is the row of a link.
const linkMemory = "memory of a link, both ends"

// Memory measures what a link needs in the processes (the kernel's buffers are not in it): a
// connection one way, both its ends together. There are two processes with o.Linked nodes each,
// every one of them linked to all of the other process, both ways. The figure is the difference to
// processes with as many nodes and no links, over the number of links.
func Memory(ctx context.Context, o *Options) ([]Row, error) {
	links := 2 * o.Linked * o.Linked
	c := contest{
		Options: o,
		name:    o.titled(linkMemory),
		rows:    []head{{o.titled(linkMemory), links, "KiB"}},
		run: func(ctx context.Context, w way) ([]sample, error) {
			without, err := o.memory(ctx, w, false)
			if err != nil {
				return nil, err
			}
			with, err := o.memory(ctx, w, true)
			kib := float64(with-without) / float64(links) / 1024
			return []sample{{value: kib}}, err
		},
	}
	return c.hold(ctx)
}

// memory is what the two processes use, with or without links.
func (o *Options) memory(ctx context.Context, w way, links bool) (sum int64, err error) {
	c := o.gather(ctx, o.Cores)
	defer func() { err = c.dismiss(err) }()
	if err := c.hireAll(2); err != nil {
		return 0, err
	}
	if w == node {
		err = c.linkNodes(links)
	} else {
		err = c.linkRaw(w, links)
	}
	if err != nil {
		return 0, err
	}
	used, err := c.usage(worker.Job{Settle: o.Rest, Weigh: true})
	for _, u := range used {
		sum += u.Memory
	}
	return sum, err
}

// linkNodes starts nodes in both processes. They have no beacons, so that those of one process do
// not meet; with links, the second process gets the addresses of the first.
func (c *crew) linkNodes(links bool) error {
	var first worker.Result
	for i, w := range c.workers {
		job, err := c.nodes(c.opts.Linked)
		if err != nil {
			return err
		}
		job.Port = 0
		if i == 1 && links {
			job.Endpoints = first.Endpoints
		}
		r, err := w.Do(job)
		if err != nil {
			return err
		}
		if i == 0 {
			first = r
		}
	}
	if !links {
		return nil
	}
	_, err := c.atOnce(func(int) worker.Job {
		return worker.Job{Do: worker.Await, Peers: c.opts.Linked}
	})
	return err
}

// linkRaw does the same with raw sockets.
func (c *crew) linkRaw(w way, links bool) error {
	n := c.opts.Linked
	var made []worker.Result
	for _, p := range c.workers {
		keys, err := c.keys(n)
		if err != nil {
			return err
		}
		r, err := p.Do(worker.Job{Do: worker.Mesh, Over: w.over(), Nodes: n, Peers: n, Keys: keys})
		if err != nil {
			return err
		}
		made = append(made, r)
	}
	if !links {
		return nil
	}
	if err := c.linkAll(made); err != nil {
		return err
	}
	_, err := c.atOnce(func(int) worker.Job { return worker.Job{Do: worker.Greet, Peers: n} })
	return err
}
