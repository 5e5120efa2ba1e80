package measure

import (
	"context"
	"time"

	"github.com/gozre/zre/cmd/zrebench/internal/worker"
)

// apart is the row of discovery between processes.
const apart = "discovery, processes of one node"

// Processes measures how long nodes in processes of their own take until each has seen all others.
// The processes run already, and their nodes start at the same time. It is compared with libzmq and
// raw TCP, which get each other's addresses without any discovery: each end connects to all others,
// greets them, and waits for their greetings.
func Processes(ctx context.Context, o *Options) ([]Row, error) {
	c := contest{
		Options: o,
		name:    o.titled(apart),
		rows:    []head{{o.titled(apart), o.Processes, "s"}},
		run: func(ctx context.Context, w way) ([]sample, error) {
			took, err := o.discoverApart(ctx, w)
			return []sample{{value: took.Seconds()}}, err
		},
	}
	return c.hold(ctx)
}

func (o *Options) discoverApart(ctx context.Context, w way) (took time.Duration, err error) {
	c := o.gather(ctx, o.Cores)
	defer func() { err = c.dismiss(err) }()
	if err := c.hireAll(o.Processes); err != nil {
		return 0, err
	}
	// Every process has done a job before: it is up, and waits for the next one.
	if _, err := c.spent(); err != nil {
		return 0, err
	}
	starts := make([]worker.Job, o.Processes)
	for i := range starts {
		if starts[i], err = c.nodes(1); err != nil {
			return 0, err
		}
		if w != node {
			starts[i] = worker.Job{
				Do: worker.Mesh, Over: w.over(), Nodes: 1, Peers: o.Processes, Keys: starts[i].Keys,
			}
		}
	}
	started, err := c.atOnce(func(i int) worker.Job { return starts[i] })
	if err != nil {
		return 0, err
	}
	await := worker.Job{Do: worker.Await, Peers: o.Processes - 1}
	if w != node {
		if err := c.linkAll(started); err != nil {
			return 0, err
		}
		await.Do = worker.Greet
	}
	met, err := c.atOnce(func(int) worker.Job { return await })
	if err != nil {
		return 0, err
	}
	begin, end := started[0].Begin, met[0].End
	for i := range met {
		begin, end = min(begin, started[i].Begin), max(end, met[i].End)
	}
	return time.Duration(end - begin), nil
}

// linkAll connects each process to all others.
func (c *crew) linkAll(started []worker.Result) error {
	_, err := c.atOnce(func(i int) worker.Job {
		job := worker.Job{Do: worker.Link}
		for j, r := range started {
			if j != i {
				job.Endpoints = append(job.Endpoints, r.Endpoints...)
			}
		}
		return job
	})
	return err
}
