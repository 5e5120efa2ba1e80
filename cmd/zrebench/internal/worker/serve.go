package worker

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/pprof"
	"sync"
	"time"
)

// end is what sends and receives in this process: a node, or raw sockets.
type end interface {
	send(context.Context, Job) error
	receive(context.Context, Job) error
	ping(context.Context, Job) ([]time.Duration, error)
	pong(context.Context, Job) error
	close()
}

// connector is an end that connects to given addresses.
type connector interface {
	connect(Job) error
}

// mesh is many links that are made without any discovery.
type mesh interface {
	endpoints() []string
	connect(i int, endpoint string) error
	greet(octets int) error
	await(messages int) error
	close()
}

// greeting is about what a HELLO of a node without headers has, in octets.
const greeting = 60

// server is the state of a worker: what its jobs have made.
type server struct {
	nodes []*node
	end   end // the first of nodes, or raw sockets
	mesh  mesh
	began time.Duration // processor time when the last job began
}

// grace is how long a worker may take to close what it has when its starter is gone.
const grace = 3 * time.Second

// Serve runs a worker until its input ends or ctx does. It does not wait for a running job then: a
// call of libzmq cannot be interrupted, and the process ends anyway.
func Serve(ctx context.Context, in io.Reader, out io.Writer) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	jobs, failed := make(chan Job), make(chan error, 1)
	gone := make(chan struct{}) // the process that started this worker
	go func() {
		defer close(gone)
		if err := read(ctx, in, jobs); err != nil {
			failed <- err
		}
	}()
	done, idle := make(chan error, 1), make(chan struct{})
	go func() {
		var s server
		err := s.serve(ctx, jobs, gone, out)
		close(idle)
		s.close()
		done <- err
	}()
	select {
	case err := <-done:
		return err
	case <-gone:
		cancel()
	}
	select {
	case err := <-failed:
		return err
	case err := <-done: // between two jobs
		return err
	case <-time.After(grace):
	}
	select {
	case <-idle:
		return nil // What is not closed yet ends with the process.
	default:
		return errors.New("worker: the process that started it is gone")
	}
}

// read hands on jobs.
func read(ctx context.Context, in io.Reader, jobs chan<- Job) error {
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var job Job
		if err := json.Unmarshal(lines.Bytes(), &job); err != nil {
			return fmt.Errorf("worker: a job that cannot be read: %w", err)
		}
		select {
		case jobs <- job:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return lines.Err()
}

// serve does jobs until there are no more.
func (s *server) serve(
	ctx context.Context, jobs <-chan Job, gone <-chan struct{}, out io.Writer,
) error {
	reply := json.NewEncoder(out)
	for {
		select {
		case <-gone:
			return nil
		case job := <-jobs:
			result, err := s.profiled(ctx, job)
			if err != nil {
				result.Error = err.Error()
			}
			if err := reply.Encode(result); err != nil {
				return fmt.Errorf("worker: %w", err)
			}
		}
	}
}

// profiled does a job, under the CPU profiler if that was asked for.
func (s *server) profiled(ctx context.Context, job Job) (result Result, err error) {
	if job.Profile == "" {
		return s.do(ctx, job)
	}
	file, err := os.Create(job.Profile)
	if err != nil {
		return result, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	if err := pprof.StartCPUProfile(file); err != nil {
		return result, err
	}
	defer pprof.StopCPUProfile()
	return s.do(ctx, job)
}

// do does a job, notes when it began and ended, and counts what it allocates.
func (s *server) do(ctx context.Context, job Job) (result Result, err error) {
	switch job.Do {
	case Spent:
		return Result{CPU: cpuTime() - s.began}, nil
	case Usage:
		return usage(job)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	s.began = cpuTime()
	begin := time.Now()
	result, err = s.dispatch(ctx, job)
	result.Begin, result.End = begin.UnixNano(), time.Now().UnixNano()
	runtime.ReadMemStats(&after)
	result.Mallocs = after.Mallocs - before.Mallocs
	return result, err
}

func (s *server) dispatch(ctx context.Context, job Job) (r Result, err error) {
	switch job.Do {
	case Start:
		return s.start(ctx, job)
	case Await:
		return r, s.await(ctx, job)
	case Bind:
		return s.bind(job)
	case Connect:
		if c, ok := s.end.(connector); ok {
			return r, c.connect(job)
		}
		return r, fmt.Errorf("worker: %s before %s", job.Do, Bind)
	case Mesh:
		return s.makeMesh(job)
	case Link, Greet:
		if s.mesh == nil {
			return r, fmt.Errorf("worker: %s before %s", job.Do, Mesh)
		}
		if job.Do == Link {
			return r, s.link(job)
		}
		if err := s.mesh.greet(greeting); err != nil {
			return r, err
		}
		return r, s.mesh.await(job.Peers)
	case Send, Receive, Ping, Pong:
		if s.end == nil {
			return r, fmt.Errorf("worker: %s before %s or %s", job.Do, Start, Bind)
		}
	default:
		return r, fmt.Errorf("worker: no such job: %q", job.Do)
	}
	switch job.Do {
	case Send:
		err = s.end.send(ctx, job)
	case Receive:
		err = s.end.receive(ctx, job)
	case Ping:
		r.Times, err = s.end.ping(ctx, job)
	case Pong:
		err = s.end.pong(ctx, job)
	}
	return r, err
}

// bind makes raw sockets the end of this process.
func (s *server) bind(job Job) (r Result, err error) {
	var endpoint string
	switch job.Over {
	case LibZMQ:
		s.end, endpoint, err = bindLibZMQ(job)
	case TCP:
		s.end, endpoint, err = bindTCP()
	default:
		err = fmt.Errorf("worker: %s over %q", job.Do, job.Over)
	}
	r.Endpoints = []string{endpoint}
	return r, err
}

func (s *server) makeMesh(job Job) (r Result, err error) {
	switch job.Over {
	case LibZMQ:
		s.mesh, err = newLibZMQMesh(job)
	case TCP:
		s.mesh, err = newTCPMesh(job.Nodes)
	default:
		err = fmt.Errorf("worker: %s over %q", job.Do, job.Over)
	}
	if err == nil {
		r.Endpoints = s.mesh.endpoints()
	}
	return r, err
}

// link connects each member of the mesh to the endpoints, or to all other members.
func (s *server) link(job Job) error {
	own := s.mesh.endpoints()
	to := job.Endpoints
	if len(to) == 0 {
		to = own
	}
	for i := range own {
		for _, endpoint := range to {
			if endpoint == own[i] {
				continue
			}
			if err := s.mesh.connect(i, endpoint); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *server) close() {
	var wg sync.WaitGroup
	for _, n := range s.nodes {
		wg.Go(n.close)
	}
	wg.Wait()
	if s.end != nil && len(s.nodes) == 0 {
		s.end.close()
	}
	if s.mesh != nil {
		s.mesh.close()
	}
}
