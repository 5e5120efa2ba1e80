package measure

import (
	"context"
	"fmt"
	"time"

	"github.com/gozre/zre/cmd/zrebench/internal/worker"
)

// The rows of streams.
const (
	whisper   = "WHISPER"
	shout     = "SHOUT to %d processes"
	manyToOne = "WHISPER of %d processes to one"
)

const (
	perSecond  = "messages/s"
	deliveries = "deliveries/s"
)

// stream is messages from some processes to others, as fast as they can be taken.
type stream struct {
	*Options
	size           int
	sources, sinks int
	shout          bool
}

// Throughput measures WHISPERs from process to process, application to application, for each size.
func Throughput(ctx context.Context, o *Options) ([]Row, error) {
	sizes := o.sizes(16, 1<<10, 64<<10, 1<<20)
	if o.Secure {
		sizes = o.sizes(16, 1<<10, 64<<10)
	}
	return o.streams(ctx, whisper, perSecond, stream{sources: 1, sinks: 1}, sizes)
}

// Fanout measures SHOUTs to several receivers, each in a process of its own.
func Fanout(ctx context.Context, o *Options) ([]Row, error) {
	return o.streams(ctx, fmt.Sprintf(shout, o.Receivers), deliveries,
		stream{sources: 1, sinks: o.Receivers, shout: true}, o.sizes(16))
}

// Fanin measures several senders, each in a process of its own, to one receiver.
func Fanin(ctx context.Context, o *Options) ([]Row, error) {
	return o.streams(ctx, fmt.Sprintf(manyToOne, o.Senders), perSecond,
		stream{sources: o.Senders, sinks: 1}, o.sizes(16))
}

// streams measures the same stream for several sizes.
func (o *Options) streams(
	ctx context.Context, name, unit string, s stream, sizes []int,
) (rows []Row, err error) {
	s.Options = o
	for _, size := range sizes {
		s.size = size
		var counts [ways]int // of messages that are worth a run
		c := contest{
			Options: o,
			name:    fmt.Sprintf("%s, %d octets", o.titled(name), size),
			rows:    []head{{o.titled(name), size, unit}},
			prepare: func(ctx context.Context, w way) (err error) {
				counts[w], err = s.worth(ctx, w)
				return err
			},
			run: func(ctx context.Context, w way) ([]sample, error) {
				out, err := s.once(ctx, w, counts[w])
				return []sample{out.sample}, err
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

// outcome is what one run of a stream gave.
type outcome struct {
	sample
	elapsed time.Duration
}

// worth returns how many messages of each sender take about s.Time. It tries with more and more,
// because the first ones say little of how fast they come.
func (s stream) worth(ctx context.Context, w way) (int, error) {
	const (
		tries = 6
		step  = 20 // times as many, at most
	)
	streams := s.sources * s.sinks
	least := max(min(20000, 64<<20/(s.size+64))/streams, 20)
	for count, try := least, 1; ; try++ {
		out, err := s.once(ctx, w, count)
		if err != nil {
			return 0, err
		}
		wanted := int(out.value * s.Time.Seconds() / float64(streams))
		if out.elapsed >= s.Time/3 || try == tries {
			return max(wanted, least), nil
		}
		count = min(max(wanted, least), step*count)
	}
}

// once sends count messages from each sender to each receiver.
func (s stream) once(ctx context.Context, w way, count int) (out outcome, err error) {
	c := s.gather(ctx, s.Cores)
	defer func() { err = c.dismiss(err) }()
	g, err := c.wire(w, s.sources, s.sinks, s.shout)
	if err != nil {
		return out, err
	}
	// A few messages first: all connections are up then.
	if _, err := s.flow(g, min(count, max(1, 100/(1+s.size>>16))), ""); err != nil {
		return out, err
	}
	return s.flow(g, count, "stream")
}

// flow has the sources send and the sinks receive, and works out the figures: from the moment when
// the first sender begins to the one when the last receiver has its last message.
func (s stream) flow(g wiring, count int, profile string) (outcome, error) {
	job := worker.Job{Count: count, Size: s.size, Header: whisperHeader, Sources: s.sources}
	if s.shout {
		job.Header = shoutHeader
	}
	results, err := g.atOnce(func(i int) worker.Job {
		j := job
		if i < len(g.sinks) {
			j.Do = worker.Receive
		} else {
			j.Do, j.Source = worker.Send, i-len(g.sinks)
			if len(g.ids) > 0 && !s.shout {
				j.To = g.ids[0]
			}
		}
		if profile != "" && (i == 0 || i == len(g.sinks)) && g.ids != nil {
			j.Profile = s.profile(string(j.Do))
		}
		return j
	})
	if err != nil {
		return outcome{}, err
	}
	cpu, err := g.spent()
	if err != nil {
		return outcome{}, err
	}
	begin, end := results[len(g.sinks)].Begin, results[0].End
	mallocs := uint64(0)
	for i, r := range results {
		if i < len(g.sinks) {
			end = max(end, r.End)
		} else {
			begin = min(begin, r.Begin)
		}
		mallocs += r.Mallocs
	}
	elapsed := time.Duration(max(end-begin, 1))
	received := float64(count) * float64(s.sources) * float64(s.sinks)
	return outcome{elapsed: elapsed, sample: sample{
		value:      received / elapsed.Seconds(),
		perMessage: &perMessage{cpu: cpu / received, allocs: float64(mallocs) / received},
	}}, nil
}
