package measure

import (
	"context"
	"fmt"

	"github.com/gozre/zre/cmd/zrebench/internal/worker"
)

// way is what messages go over.
type way int

// The ways, in the order in which each round measures them.
const (
	libzmq way = iota
	node
	tcp
	ways
)

func (w way) String() string { return [...]string{"libzmq", "node", "TCP"}[w] }

// over is what a worker calls the way.
func (w way) over() worker.Way {
	if w == libzmq {
		return worker.LibZMQ
	}
	return worker.TCP
}

// head is what a row is called.
type head struct {
	measure string
	size    int
	unit    string
}

// contest measures the same thing done in several ways.
type contest struct {
	*Options
	name string // for progress and errors
	rows []head // what a run gives a sample for
	// run measures one way, once. It gives a sample for each row.
	run func(context.Context, way) ([]sample, error)
	// prepare, if not nil, comes before all rounds of a way.
	prepare func(context.Context, way) error
	without []way // ways that have no such thing
}

// takesPart says whether a way is measured.
func (c *contest) takesPart(w way) bool {
	for _, x := range c.without {
		if w == x {
			return false
		}
	}
	switch w {
	case libzmq:
		return !c.NoRaw && worker.HasLibZMQ
	case tcp:
		return !c.NoRaw
	}
	return true
}

// hold measures all ways by turns, and makes the rows. A way that fails is left out from then on,
// and its row says why. The error is that of the nodes, or that the time is up.
func (c *contest) hold(ctx context.Context) ([]Row, error) {
	all := make([][]series, ways) // by way and row
	for w := range all {
		all[w] = make([]series, len(c.rows))
	}
	failed := func(w way) bool { return all[w][0].failed != nil }
	fail := func(w way, err error) {
		c.Progress(fmt.Sprintf("%s: %v: %v", c.name, w, err))
		for i := range all[w] {
			all[w][i].failed = err
		}
	}
	for w := range ways {
		if c.prepare == nil || !c.takesPart(w) {
			continue
		}
		c.Progress(fmt.Sprintf("%s: %v: warming up", c.name, w))
		if err := c.prepare(ctx, w); ctx.Err() != nil {
			return nil, context.Cause(ctx)
		} else if err != nil {
			fail(w, err)
		}
	}
	for i := range c.Runs {
		for w := range ways {
			if !c.takesPart(w) || failed(w) {
				continue
			}
			c.Progress(fmt.Sprintf("%s: round %d of %d: %v", c.name, i+1, c.Runs, w))
			samples, err := c.run(ctx, w)
			if ctx.Err() != nil {
				return nil, context.Cause(ctx)
			}
			if err != nil {
				fail(w, err)
				continue
			}
			for j, s := range samples {
				all[w][j].samples = append(all[w][j].samples, s)
			}
		}
	}
	var rows []Row
	for j, h := range c.rows {
		of := func(w way) *series {
			if !c.takesPart(w) {
				return nil
			}
			return &all[w][j]
		}
		rows = append(rows, row(h.measure, h.size, h.unit, of(node), of(libzmq), of(tcp)))
	}
	if failed(node) {
		return rows, fmt.Errorf("%s: %w", c.name, all[node][0].failed)
	}
	return rows, nil
}
