package measure

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/gozre/zre/cmd/zrebench/internal/worker"
)

// rounds is how many round trips one run has at most; the first ones do not count.
const (
	rounds = 20000
	warmUp = 0.1
)

// Latency measures round trips between two processes bound to one core, for each size. It gives two rows for each: the
// median and the 99th percentile.
func Latency(ctx context.Context, o *Options) ([]Row, error) {
	var rows []Row
	for _, size := range o.sizes(1 << 10) {
		r, err := latency(ctx, o, size)
		if err != nil {
			return rows, err
		}
		rows = append(rows, r...)
	}
	return rows, nil
}

func latency(ctx context.Context, o *Options, size int) ([]Row, error) {
	var p50, p99, raw50, raw99 []float64
	// About what one round trip takes on one core: a run is bounded in time on a slow machine by Limit.
	count := max(min(rounds, int(o.Time/(40*time.Microsecond))), 100)
	err := o.byTurns(fmt.Sprintf("latency %d", size), func() error {
		times, err := o.pingOurs(ctx, size, count)
		if err == nil {
			p50, p99 = append(p50, percentile(times, 50)), append(p99, percentile(times, 99))
		}
		return err
	}, func() error {
		times, err := o.pingRaw(ctx, size, count)
		if err == nil {
			raw50, raw99 = append(raw50, percentile(times, 50)), append(raw99, percentile(times, 99))
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return []Row{
		row("round trip p50, one core", size, "µs", p50, raw50),
		row("round trip p99, one core", size, "µs", p99, raw99),
	}, nil
}

// percentile gives the p-th percentile, in microseconds, of the times after the warm-up.
func percentile(times []time.Duration, p int) float64 {
	sorted := slices.Sorted(slices.Values(times[int(float64(len(times))*warmUp):]))
	return float64(sorted[(len(sorted)-1)*p/100].Nanoseconds()) / 1e3
}

func (o *Options) pingOurs(ctx context.Context, size, count int) (times []time.Duration, err error) {
	c := o.gather(ctx, true)
	defer func() { err = c.dismiss(err) }()
	ponger, b, err := c.node(false)
	if err != nil {
		return nil, err
	}
	pinger, a, err := c.node(false)
	if err != nil {
		return nil, err
	}
	for _, w := range c.workers {
		if _, err := w.Do(worker.Job{Do: worker.Await, Peers: 1}); err != nil {
			return nil, err
		}
	}
	var r worker.Result
	err = all(func() (err error) {
		r, err = pinger.Do(worker.Job{Do: worker.Ping, To: b, Count: count, Size: size, Profile: o.profile("ping")})
		return err
	}, func() error {
		_, err := ponger.Do(worker.Job{Do: worker.Pong, To: a, Count: count, Size: size, Profile: o.profile("pong")})
		return err
	})
	return r.Times, err
}

func (o *Options) pingRaw(ctx context.Context, size, count int) (times []time.Duration, err error) {
	c := o.gather(ctx, true)
	defer func() { err = c.dismiss(err) }()
	var ends [2]*worker.Process
	var endpoints [2][]string
	for i := range ends {
		if ends[i], err = c.hire(); err != nil {
			return nil, err
		}
		r, err := ends[i].Do(worker.Job{Do: worker.RawBind, HWM: o.HWM})
		if err != nil {
			return nil, err
		}
		endpoints[1-i] = r.Endpoints
	}
	for i, w := range ends {
		if _, err := w.Do(worker.Job{Do: worker.RawConnect, Endpoints: endpoints[i], HWM: o.HWM}); err != nil {
			return nil, err
		}
	}
	var r worker.Result
	err = all(func() (err error) {
		r, err = ends[0].Do(worker.Job{Do: worker.RawPing, Count: count, Header: whisperHeader, Size: size})
		return err
	}, func() error {
		_, err := ends[1].Do(worker.Job{Do: worker.RawPong, Count: count})
		return err
	})
	return r.Times, err
}
