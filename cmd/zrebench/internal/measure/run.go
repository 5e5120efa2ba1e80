package measure

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"time"

	"github.com/google/uuid"

	"github.com/gozre/zre/cmd/zrebench/internal/worker"
)

// Options say how much is measured.
type Options struct {
	Runs      int           // of which the median counts
	Time      time.Duration // that one run of a stream takes, about
	Limit     time.Duration // after which a run that hangs is given up
	Sizes     []int         // of contents, in octets; none means those of the measure
	Receivers int           // of a shout
	Nodes     []int         // in one process, to be discovered; the first number also idles
	Settle    time.Duration // that nodes are left alone before they count as idle
	Idle      time.Duration // that idle nodes are watched
	Linked    int           // nodes in each of the two processes between which links are weighed
	HWM       int           // of raw sockets, in messages
	NoRaw     bool          // measure ours alone, for profiling
	SecretKey string        // of our nodes, which then encrypt; "" for plain ones
	Profile   string        // prefix of files for CPU profiles
	Stderr    io.Writer     // of the processes
	Progress  func(string)  // told what is being measured
}

// sizes gives the sizes asked for, or else those of the measure.
func (o *Options) sizes(usual ...int) []int {
	if len(o.Sizes) > 0 {
		return o.Sizes
	}
	return usual
}

// The sizes of the headers of ZRE; messages of raw libzmq get a first frame of the same size. A SHOUT's header has
// the name of the group as well.
const (
	whisperHeader = 6
	shoutHeader   = whisperHeader + 1 + len(worker.Group)
)

// outcome is what one run gave.
type outcome struct {
	rate    float64 // messages a second
	mallocs float64 // for each message
	cpu     float64 // for each message, in nanoseconds
}

// crew is the processes of one run.
type crew struct {
	ctx     context.Context
	cancel  context.CancelFunc
	opts    *Options
	pinned  bool
	port    int
	workers []*worker.Process
}

// gather begins a run: its processes will not outlive o.Limit.
func (o *Options) gather(ctx context.Context, pinned bool) *crew {
	ctx, cancel := context.WithTimeoutCause(ctx, o.Limit, fmt.Errorf("a run took more than %v", o.Limit))
	return &crew{
		ctx: ctx, cancel: cancel, opts: o, pinned: pinned,
		// Away from the ports of nodes and of connections that the kernel picks; one for each run, so that the
		// nodes of no other run are met.
		port: 10000 + rand.IntN(10000),
	}
}

// hire starts a process.
func (c *crew) hire() (*worker.Process, error) {
	w, err := worker.New(c.ctx, worker.Options{Pinned: c.pinned, Stderr: c.opts.Stderr, SecretKey: c.opts.SecretKey})
	if err == nil {
		c.workers = append(c.workers, w)
	}
	return w, err
}

// dismiss ends the processes. What went wrong before is more telling than how they end.
func (c *crew) dismiss(err error) error {
	if err != nil {
		if cause := context.Cause(c.ctx); cause != nil {
			err = cause
		}
		c.cancel()
	}
	var closing []func() error
	for _, w := range c.workers {
		closing = append(closing, w.Close)
	}
	if closeErr := all(closing...); err == nil {
		err = closeErr
	}
	c.cancel()
	return err
}

// node starts a process with one node in it.
func (c *crew) node(join bool) (*worker.Process, uuid.UUID, error) {
	w, err := c.hire()
	if err != nil {
		return nil, uuid.Nil, err
	}
	r, err := w.Do(worker.Job{Do: worker.Start, Port: c.port, Join: join})
	if err != nil {
		return nil, uuid.Nil, err
	}
	return w, r.IDs[0], nil
}

// all has several processes do a job each at once, and waits for all.
func all(jobs ...func() error) error {
	errs := make(chan error, len(jobs))
	for _, job := range jobs {
		go func() { errs <- job() }()
	}
	var err error
	for range jobs {
		err = errors.Join(err, <-errs)
	}
	return err
}

// profile gives the file for a profile, if any is wanted.
func (o *Options) profile(name string) string {
	if o.Profile == "" {
		return ""
	}
	return o.Profile + "." + name + ".pprof"
}

// byTurns runs ours and raw so that each is measured as often and they alternate.
func (o *Options) byTurns(name string, ours, raw func() error) error {
	for i := range o.Runs {
		o.Progress(fmt.Sprintf("%s: run %d of %d", name, i+1, o.Runs))
		if err := ours(); err != nil {
			return fmt.Errorf("%s: ours: %w", name, err)
		}
		if o.NoRaw {
			continue
		}
		if err := raw(); err != nil {
			return fmt.Errorf("%s: raw: %w", name, err)
		}
	}
	return nil
}
