package measure

import (
	"context"
	"fmt"
	"time"

	"github.com/gozre/zre/cmd/zrebench/internal/worker"
)

// inProcess is the row of discovery inside one process.
const inProcess = "discovery, nodes of one process"

// Discovery measures how long nodes that start in one process take until each has seen all others.
// It is compared with as many sockets of libzmq that greet each other inside the process, and get
// of each other without any discovery; it has nothing like that with keys.
func Discovery(ctx context.Context, o *Options) (rows []Row, err error) {
	for _, n := range o.Nodes {
		c := contest{
			Options: o,
			name:    fmt.Sprintf("%s, %d of them", o.titled(inProcess), n),
			rows:    []head{{o.titled(inProcess), n, "s"}},
			without: []way{tcp},
			run: func(ctx context.Context, w way) ([]sample, error) {
				took, err := o.discover(ctx, w, n)
				return []sample{{value: took.Seconds()}}, err
			},
		}
		if o.Secure {
			c.without = append(c.without, libzmq)
		}
		r, err2 := c.hold(ctx)
		rows, err = append(rows, r...), join(err, err2)
		if ctx.Err() != nil {
			break
		}
	}
	return rows, err
}

func (o *Options) discover(ctx context.Context, w way, n int) (took time.Duration, err error) {
	c := o.gather(ctx, o.Cores)
	defer func() { err = c.dismiss(err) }()
	if w == node {
		_, took, err = c.crowd(n)
	} else {
		_, took, err = c.rawCrowd(n)
	}
	return took, err
}

// crowd starts n nodes in one process and waits until each has seen all others enter.
func (c *crew) crowd(n int) (*worker.Process, time.Duration, error) {
	w, err := c.hire()
	if err != nil {
		return nil, 0, err
	}
	start, err := c.nodes(n)
	if err != nil {
		return nil, 0, err
	}
	first, err := w.Do(start)
	if err != nil {
		return nil, 0, err
	}
	last, err := w.Do(worker.Job{
		Do: worker.Await, Peers: n - 1, Profile: c.opts.profile("discovery"),
	})
	return w, time.Duration(last.End - first.Begin), err
}

// rawCrowd makes the sockets of n nodes in one process and has each greet all others.
func (c *crew) rawCrowd(n int) (*worker.Process, time.Duration, error) {
	w, err := c.hire()
	if err != nil {
		return nil, 0, err
	}
	var first, last worker.Result
	for i, job := range []worker.Job{
		{Do: worker.Mesh, Over: worker.LibZMQ, Nodes: n, InProc: true},
		{Do: worker.Link},
		{Do: worker.Greet, Peers: n - 1},
	} {
		if last, err = w.Do(job); err != nil {
			return nil, 0, err
		}
		if i == 0 {
			first = last
		}
	}
	return w, time.Duration(last.End - first.Begin), nil
}
