package measure

import (
	"context"
	"fmt"
	"time"

	"github.com/gozre/zre/cmd/zrebench/internal/worker"
)

// The rows of idle nodes.
const (
	idleCPU     = "idle, nodes of one process"
	idleThreads = "threads, nodes of one process"
)

// Idle measures what nodes in one process use when no message is sent: of the processor, and
// threads. The same nodes are watched for o.Idle in each round, at the same time as the sockets of
// libzmq.
func Idle(ctx context.Context, o *Options) (rows []Row, err error) {
	n := o.Nodes[0]
	name := fmt.Sprintf("%s, %d of them", o.titled(idleCPU), n)
	longer := *o
	longer.Limit += o.Settle + time.Duration(o.Runs)*o.Idle
	c := longer.gather(ctx, o.Cores)
	defer func() { err = c.dismiss(err) }()
	o.Progress(name + ": starting")
	if _, _, err := c.crowd(n); err != nil {
		failed := &series{failed: err}
		return []Row{
			row(o.titled(idleCPU), n, "% of a core", failed, nil, nil),
		}, fmt.Errorf("%s: %w", name, err)
	}
	beside := !o.NoRaw && worker.HasLibZMQ && !o.Secure
	if beside {
		if _, _, err := c.rawCrowd(n); err != nil {
			return rows, fmt.Errorf("%s: libzmq: %w", name, err)
		}
	}
	var cpu, threads [2]series // of the node and of libzmq
	before, err := c.usage(worker.Job{Settle: o.Settle})
	if err != nil {
		return rows, fmt.Errorf("%s: %w", name, err)
	}
	for i := range o.Runs {
		o.Progress(fmt.Sprintf("%s: round %d of %d: %v", name, i+1, o.Runs, o.Idle))
		now, err := c.usage(worker.Job{Settle: o.Idle})
		if err != nil {
			return rows, fmt.Errorf("%s: %w", name, err)
		}
		for j := range now {
			cpu[j].add(100 * (now[j].CPU - before[j].CPU).Seconds() / o.Idle.Seconds())
		}
		threads[0].add(float64(now[0].Threads))
		if beside {
			// This program holds the sockets. A program in C would have one thread of its own.
			threads[1].add(float64(now[1].LibZMQ + 1))
		}
		before = now
	}
	line := func(measure, unit string, s *[2]series) {
		var raw *series
		if beside {
			raw = &s[1]
		}
		rows = append(rows, row(o.titled(measure), n, unit, &s[0], raw, nil))
	}
	line(idleCPU, "% of a core", &cpu)
	line(idleThreads, "threads", &threads)
	return rows, nil
}

// add adds the figure of a round.
func (s *series) add(value float64) { s.samples = append(s.samples, sample{value: value}) }

// usage asks all processes at the same time.
func (c *crew) usage(job worker.Job) ([]worker.Used, error) {
	job.Do = worker.Usage
	results, err := c.atOnce(func(int) worker.Job { return job })
	var used []worker.Used
	for _, r := range results {
		used = append(used, r.Usage)
	}
	return used, err
}
