package measure

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"github.com/gozre/zre/cmd/zrebench/internal/worker"
)

// stream is a sender and its receivers.
type stream struct {
	*Options
	name      string
	size      int
	receivers int
	shout     bool
}

// Throughput measures WHISPERs from process to process, application to application, for each size.
func Throughput(ctx context.Context, o *Options) ([]Row, error) {
	var rows []Row
	for _, size := range o.sizes(16, 1<<10, 64<<10) {
		r, err := stream{Options: o, name: "throughput", size: size, receivers: 1}.measure(ctx)
		if err != nil {
			return rows, err
		}
		rows = append(rows, r)
	}
	return rows, nil
}

// Fanout measures SHOUTs to several receivers, each in a process of its own; the figure is deliveries.
func Fanout(ctx context.Context, o *Options) ([]Row, error) {
	var rows []Row
	for _, size := range o.sizes(16) {
		r, err := stream{Options: o, name: fmt.Sprintf("fanout to %d", o.Receivers), size: size, receivers: o.Receivers, shout: true}.measure(ctx)
		if err != nil {
			return rows, err
		}
		rows = append(rows, r)
	}
	return rows, nil
}

func (s stream) measure(ctx context.Context) (Row, error) {
	var rates, raws, mallocs, cpu, rawCPU []float64
	// Runs that do not count tell how many messages are worth a run.
	s.Progress(fmt.Sprintf("%s %d: warming up", s.name, s.size))
	count, err := s.worth(ctx, s.ours)
	if err != nil {
		return Row{}, fmt.Errorf("%s: ours: %w", s.name, err)
	}
	var rawCount int
	if !s.NoRaw {
		if rawCount, err = s.worth(ctx, s.raw); err != nil {
			return Row{}, fmt.Errorf("%s: raw: %w", s.name, err)
		}
	}
	err = s.byTurns(fmt.Sprintf("%s %d", s.name, s.size), func() error {
		o, err := s.ours(ctx, count)
		rates, mallocs, cpu = append(rates, o.rate), append(mallocs, o.mallocs), append(cpu, o.cpu)
		return err
	}, func() error {
		o, err := s.raw(ctx, rawCount)
		raws, rawCPU = append(raws, o.rate), append(rawCPU, o.cpu)
		return err
	})
	if err != nil {
		return Row{}, err
	}
	r := row(s.name, s.size, "msg/s", rates, raws)
	r.Allocs, r.CPU, r.RawCPU = middle(mallocs), middle(cpu), middle(rawCPU)
	return r, nil
}

// worth gives how many messages take about s.Time. A few of them may lie ready when the receiver begins, and then say
// little of how fast they come, so it is tried with more and more.
func (s stream) worth(ctx context.Context, run func(context.Context, int) (outcome, error)) (int, error) {
	trial := max(min(20000, 64<<20/(s.size+64))/s.receivers, 100)
	count := trial
	for range 2 {
		o, err := run(ctx, count)
		if err != nil {
			return 0, err
		}
		count = min(max(int(o.rate*s.Time.Seconds())/s.receivers, trial), 20*count)
	}
	return count, nil
}

// ours sends count messages from a node to the others.
func (s stream) ours(ctx context.Context, count int) (o outcome, err error) {
	c := s.gather(ctx, false)
	defer func() { err = c.dismiss(err) }()
	var sinks []*worker.Process
	var to uuid.UUID
	for range s.receivers {
		w, id, err := c.node(s.shout)
		if err != nil {
			return o, err
		}
		sinks, to = append(sinks, w), id
	}
	source, _, err := c.node(false)
	if err != nil {
		return o, err
	}
	job := worker.Job{Do: worker.Whisper, Count: count, Size: s.size, To: to, Profile: s.profile("send")}
	if s.shout {
		job.Do = worker.Shout
	}
	for _, w := range c.workers {
		if _, err := w.Do(worker.Job{Do: worker.Await, Peers: s.receivers, Join: s.shout && w == source}); err != nil {
			return o, err
		}
	}
	return s.flow(source, job, sinks, worker.Job{Do: worker.Receive, Count: count, Size: s.size, Profile: s.profile("receive")})
}

// raw does the same with a DEALER for each ROUTER.
func (s stream) raw(ctx context.Context, count int) (o outcome, err error) {
	c := s.gather(ctx, false)
	defer func() { err = c.dismiss(err) }()
	var sinks []*worker.Process
	var endpoints []string
	for range s.receivers {
		w, err := c.hire()
		if err != nil {
			return o, err
		}
		r, err := w.Do(worker.Job{Do: worker.RawBind, HWM: s.HWM})
		if err != nil {
			return o, err
		}
		sinks, endpoints = append(sinks, w), append(endpoints, r.Endpoints...)
	}
	source, err := c.hire()
	if err != nil {
		return o, err
	}
	if _, err := source.Do(worker.Job{Do: worker.RawConnect, Endpoints: endpoints, HWM: s.HWM}); err != nil {
		return o, err
	}
	header := whisperHeader
	if s.shout {
		header = shoutHeader
	}
	return s.flow(source, worker.Job{Do: worker.RawSend, Count: count, Header: header, Size: s.size},
		sinks, worker.Job{Do: worker.RawReceive, Count: count, Header: header, Size: s.size})
}

// flow has one process send and the others receive, and works out the figures. All receivers begin at the first
// message that they see; the last to end counts.
func (s stream) flow(source *worker.Process, send worker.Job, sinks []*worker.Process, receive worker.Job) (outcome, error) {
	results := make([]worker.Result, len(sinks)+1)
	jobs := []func() error{func() (err error) {
		results[0], err = source.Do(send)
		return err
	}}
	for i, w := range sinks {
		job := receive
		if i > 0 {
			job.Profile = ""
		}
		jobs = append(jobs, func() (err error) {
			results[i+1], err = w.Do(job)
			return err
		})
	}
	if err := all(jobs...); err != nil {
		return outcome{}, err
	}
	deliveries := float64(len(sinks)) * float64(receive.Count)
	elapsed, mallocs, cpu := results[1].Elapsed, results[0].Mallocs, results[0].CPU
	for _, r := range results[1:] {
		elapsed = max(elapsed, r.Elapsed)
		mallocs += r.Mallocs
		cpu += r.CPU
	}
	return outcome{rate: deliveries / elapsed.Seconds(), mallocs: float64(mallocs) / deliveries, cpu: float64(cpu) / deliveries}, nil
}
