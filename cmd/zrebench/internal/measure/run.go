package measure

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"time"

	"github.com/gozre/zre/cmd/zrebench/internal/worker"
	"github.com/gozre/zre/internal/curve"
)

// Options say how much is measured.
type Options struct {
	Runs      int           // rounds, of which the median counts
	Cores     int           // that all processes share
	Time      time.Duration // that one run of a stream takes, about
	Limit     time.Duration // after which a run that hangs ends
	Sizes     []int         // of contents, in octets; none means those of the measure
	Receivers int           // of a SHOUT
	Senders   int           // to one process
	Nodes     []int         // in one process, to be discovered; the first number also idles
	Processes int           // of one node each, to be discovered
	Settle    time.Duration // that nodes are left alone before they count as idle
	Rest      time.Duration // that links are idle before their memory counts
	Idle      time.Duration // that idle nodes are watched, in each round
	Linked    int           // nodes in each of the two processes between which links are weighed
	HWM       int           // of sockets of libzmq, in messages
	NoRaw     bool          // measure nodes alone, for profiling
	Secure    bool          // nodes and libzmq encrypt
	Transport string        // of the nodes; "" for their default
	IPC       bool          // sockets of libzmq use ipc in place of TCP
	Profile   string        // prefix of files for CPU profiles
	Stderr    io.Writer     // of the processes
	Progress  func(string)  // called with what is being measured
}

// sizes returns the sizes asked for, or else those of the measure.
func (o *Options) sizes(usual ...int) []int {
	if len(o.Sizes) > 0 {
		return o.Sizes
	}
	return usual
}

// titled is the name of a row.
func (o *Options) titled(name string) string {
	if o.Secure {
		name = "secure " + name
	}
	if o.Transport != "" {
		name += ", node over " + o.Transport
	}
	if o.IPC {
		name += ", libzmq over ipc"
	}
	return name
}

// The sizes of the headers of ZRE; messages of libzmq get a first frame of the same size. A SHOUT's
// header has the name of the group as well.
const (
	whisperHeader = 6
	shoutHeader   = whisperHeader + 1 + len(worker.Group)
)

// crew is the processes of one run.
type crew struct {
	ctx     context.Context
	cancel  context.CancelFunc
	opts    *Options
	cores   int
	port    int
	workers []*worker.Process
}

// gather begins a run: its processes will not outlive o.Limit.
func (o *Options) gather(ctx context.Context, cores int) *crew {
	ctx, cancel := context.WithTimeoutCause(ctx, o.Limit,
		fmt.Errorf("a run took more than %v", o.Limit))
	return &crew{ctx: ctx, cancel: cancel, opts: o, cores: cores, port: beaconPort()}
}

// beaconPort picks a port for beacons, one for each run, so that the nodes of no other run are met.
// It is away from the ports of nodes, and of connections that the kernel picks.
func beaconPort() (port int) {
	for range 100 {
		port = 10000 + rand.IntN(10000)
		c, err := net.ListenUDP("udp4", &net.UDPAddr{Port: port})
		if err != nil {
			continue // It is in use.
		}
		if c.Close() == nil {
			break
		}
	}
	return port
}

// hire starts a process.
func (c *crew) hire() (*worker.Process, error) {
	w, err := worker.New(c.ctx, worker.Options{Cores: c.cores, Stderr: c.opts.Stderr})
	if err == nil {
		c.workers = append(c.workers, w)
	}
	return w, err
}

// hireAll starts n processes.
func (c *crew) hireAll(n int) error {
	for range n {
		if _, err := c.hire(); err != nil {
			return err
		}
	}
	return nil
}

// each has every process do a job, one process after the other.
func (c *crew) each(job func(i int) worker.Job) ([]worker.Result, error) {
	var results []worker.Result
	for i, w := range c.workers {
		r, err := w.Do(job(i))
		if err != nil {
			return nil, err
		}
		results = append(results, r)
	}
	return results, nil
}

// atOnce has every process do a job, all at the same time.
func (c *crew) atOnce(job func(i int) worker.Job) ([]worker.Result, error) {
	results := make([]worker.Result, len(c.workers))
	var jobs []func() error
	for i, w := range c.workers {
		jobs = append(jobs, func() (err error) {
			results[i], err = w.Do(job(i))
			return err
		})
	}
	return results, all(jobs...)
}

// keys makes keys for so many nodes, if they encrypt.
func (c *crew) keys(nodes int) ([]worker.Keys, error) {
	if !c.opts.Secure {
		return nil, nil
	}
	list := make([]worker.Keys, nodes)
	for i := range list {
		var err error
		if list[i].Public, list[i].Secret, err = curve.NewPair(); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// nodes is the job that starts nodes in one process.
func (c *crew) nodes(n int) (worker.Job, error) {
	keys, err := c.keys(n)
	return worker.Job{
		Do: worker.Start, Nodes: n, Keys: keys, Port: c.port, Transport: c.opts.Transport,
	}, err
}

// dismiss ends the processes. What went wrong before says more than how they end.
func (c *crew) dismiss(err error) error {
	if err != nil {
		if cause := context.Cause(c.ctx); cause != nil {
			err = fmt.Errorf("%w: %w", cause, err)
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

// all has several processes do a job each at the same time, and waits for all. Of several errors
// the first one counts: the others follow from it.
func all(jobs ...func() error) error {
	errs := make(chan error, len(jobs))
	for _, job := range jobs {
		go func() { errs <- job() }()
	}
	var first error
	for range jobs {
		if err := <-errs; err != nil && first == nil {
			first = err
		}
	}
	return first
}

// join is errors.Join without line breaks.
func join(errs ...error) error {
	var err error
	for _, e := range errs {
		switch {
		case err == nil:
			err = e
		case e != nil:
			err = fmt.Errorf("%w; %w", err, e)
		}
	}
	return err
}

// profile is the file for a profile, if any is wanted.
func (o *Options) profile(name string) string {
	if o.Profile == "" {
		return ""
	}
	return o.Profile + "." + name + ".pprof"
}
