package measure

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/gozre/zre/cmd/zrebench/internal/worker"
)

// The rows of round trips.
const (
	roundTrip50 = "round trip p50, one core"
	roundTrip99 = "round trip p99, one core"
)

// rounds is how many round trips one run has at most; the first ones do not count.
const (
	rounds = 20000
	warmUp = 0.1
)

// Latency measures round trips between two processes bound to one core, for each size. It gives two
// rows for each: the median and the 99th percentile.
func Latency(ctx context.Context, o *Options) (rows []Row, err error) {
	// About what one round trip takes on one core. On a slow machine Limit bounds the run.
	count := max(min(rounds, int(o.Time/(40*time.Microsecond))), 100)
	for _, size := range o.sizes(1 << 10) {
		c := contest{
			Options: o,
			name:    fmt.Sprintf("%s, %d octets", o.titled("round trip"), size),
			rows: []head{
				{o.titled(roundTrip50), size, "µs"}, {o.titled(roundTrip99), size, "µs"},
			},
			run: func(ctx context.Context, w way) ([]sample, error) {
				return o.roundTrips(ctx, w, size, count)
			},
		}
		r, err2 := c.hold(ctx)
		rows, err = append(rows, r...), join(err, err2)
		if ctx.Err() != nil {
			break
		}
	}
	return rows, err
}

func (o *Options) roundTrips(
	ctx context.Context, w way, size, count int,
) (samples []sample, err error) {
	c := o.gather(ctx, 1)
	defer func() { err = c.dismiss(err) }()
	g, err := c.wirePair(w)
	if err != nil {
		return nil, err
	}
	results, err := g.atOnce(func(i int) worker.Job {
		j := worker.Job{Do: worker.Pong, Count: count, Size: size, Header: whisperHeader}
		if i == 1 {
			j.Do = worker.Ping
		}
		if w == node {
			j.To, j.Profile = g.ids[1-i], o.profile(string(j.Do))
		}
		return j
	})
	if err != nil {
		return nil, err
	}
	cpu, err := g.spent()
	if err != nil {
		return nil, err
	}
	times, n := results[1].Times, float64(count)
	each := &perMessage{
		cpu:    cpu / n,
		allocs: float64(results[0].Mallocs+results[1].Mallocs) / n,
	}
	return []sample{
		{value: percentile(times, 50), perMessage: each}, {value: percentile(times, 99)},
	}, nil
}

// percentile is the p-th percentile, in microseconds, of the times after the warm-up.
func percentile(times []time.Duration, p int) float64 {
	sorted := slices.Sorted(slices.Values(times[int(float64(len(times))*warmUp):]))
	return float64(sorted[(len(sorted)-1)*p/100].Nanoseconds()) / 1e3
}
