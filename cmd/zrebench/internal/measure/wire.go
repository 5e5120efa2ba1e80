package measure

import (
	"github.com/google/uuid"

	"github.com/gozre/zre/cmd/zrebench/internal/worker"
)

// wiring is processes that are connected.
type wiring struct {
	*crew
	sources, sinks []*worker.Process
	ids            []uuid.UUID // of nodes, the sinks first
}

// wire starts processes in which each of the sources is connected to each of the sinks. With join
// the sinks are members of the group.
func (c *crew) wire(w way, sources, sinks int, join bool) (wiring, error) {
	if err := c.hireAll(sinks + sources); err != nil {
		return wiring{}, err
	}
	g := wiring{crew: c, sinks: c.workers[:sinks], sources: c.workers[sinks:]}
	if w == node {
		return g, g.meet(join)
	}
	return g, g.connect(w)
}

// meet has nodes discover each other.
func (g *wiring) meet(join bool) error {
	for i, w := range g.workers {
		job, err := g.nodes(1)
		if err != nil {
			return err
		}
		job.Join = join && i < len(g.sinks)
		r, err := w.Do(job)
		if err != nil {
			return err
		}
		g.ids = append(g.ids, r.IDs...)
	}
	_, err := g.atOnce(func(i int) worker.Job {
		if join && i >= len(g.sinks) {
			return worker.Job{Do: worker.Await, Peers: len(g.sinks), Join: true}
		}
		return worker.Job{Do: worker.Await, Peers: len(g.workers) - 1}
	})
	return err
}

// connect has raw sockets connect to each other.
func (g *wiring) connect(w way) error {
	var endpoints []string
	for i, p := range g.workers {
		keys, err := g.keys(1)
		if err != nil {
			return err
		}
		r, err := p.Do(worker.Job{
			Do: worker.Bind, Over: w.over(), HWM: g.opts.HWM, Keys: keys, IPC: g.opts.IPC,
		})
		if err != nil {
			return err
		}
		if i < len(g.sinks) {
			endpoints = append(endpoints, r.Endpoints...)
		}
	}
	for _, p := range g.sources {
		if _, err := p.Do(worker.Job{Do: worker.Connect, Endpoints: endpoints}); err != nil {
			return err
		}
	}
	return nil
}

// wirePair starts two processes that are connected both ways.
func (c *crew) wirePair(w way) (wiring, error) {
	if w == node {
		return c.wire(w, 1, 1, false)
	}
	if err := c.hireAll(2); err != nil {
		return wiring{}, err
	}
	g := wiring{crew: c, sinks: c.workers[:1], sources: c.workers[1:]}
	var endpoints [2]string
	for i, p := range g.workers {
		keys, err := g.keys(1)
		if err != nil {
			return g, err
		}
		r, err := p.Do(worker.Job{
			Do: worker.Bind, Over: w.over(), HWM: g.opts.HWM, Keys: keys, IPC: g.opts.IPC,
		})
		if err != nil {
			return g, err
		}
		endpoints[1-i] = r.Endpoints[0]
	}
	_, err := g.each(func(i int) worker.Job {
		return worker.Job{Do: worker.Connect, Endpoints: endpoints[i : i+1]}
	})
	return g, err
}

// spent is the processor time of all processes since their last job began.
func (c *crew) spent() (float64, error) {
	results, err := c.atOnce(func(int) worker.Job { return worker.Job{Do: worker.Spent} })
	sum := 0.0
	for _, r := range results {
		sum += float64(r.CPU)
	}
	return sum, err
}
