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

	"github.com/gozre/zre/internal/zmq/rawzmq"
	"github.com/gozre/zre/zre"
)

// server is the state of a worker: what its jobs have made.
type server struct {
	nodes  []*zre.Node
	sink   *rawzmq.Sink
	source *rawzmq.Source
	mesh   *rawzmq.Mesh
}

// grace is how long a worker that nobody wants any more may take to close what it has.
const grace = 3 * time.Second

// Serve runs a worker until its input ends or ctx does. It does not wait for a job that is under way then: what
// sits in libzmq cannot be interrupted, and the process ends anyway.
func Serve(ctx context.Context, in io.Reader, out io.Writer) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	jobs, failed := make(chan Job), make(chan error, 1)
	gone := make(chan struct{}) // the one who started this worker
	go func() {
		defer close(gone)
		if err := read(ctx, in, jobs); err != nil {
			failed <- err
		}
	}()
	done := make(chan error, 1)
	go func() { done <- serve(ctx, jobs, gone, out) }()
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
		return errors.New("worker: the one who started it is gone")
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
func serve(ctx context.Context, jobs <-chan Job, gone <-chan struct{}, out io.Writer) error {
	var s server
	defer s.close()
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

// do does a job and counts what it allocates.
func (s *server) do(ctx context.Context, job Job) (Result, error) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	cpu := cpuTime()
	begin := time.Now()
	result, err := s.dispatch(ctx, job)
	if result.Elapsed == 0 {
		result.Elapsed = time.Since(begin)
	}
	result.CPU = cpuTime() - cpu
	runtime.ReadMemStats(&after)
	result.Mallocs = after.Mallocs - before.Mallocs
	return result, err
}

func (s *server) dispatch(ctx context.Context, job Job) (Result, error) {
	switch job.Do {
	case Start:
		return s.start(ctx, job)
	case RawBind:
		return s.bind(job)
	case RawConnect:
		return s.connect(job)
	case RawMesh, RawLink, RawGreet:
		return s.rawMesh(job)
	case Usage:
		return s.usage(job)
	}
	var run func(context.Context, Job) (Result, error)
	switch job.Do {
	case Await:
		run = s.await
	case Whisper, Shout:
		run = s.send
	case Receive:
		run = s.receive
	case Ping:
		run = s.ping
	case Pong:
		run = s.pong
	}
	if run != nil {
		if len(s.nodes) == 0 {
			return Result{}, fmt.Errorf("worker: %s before %s", job.Do, Start)
		}
		return run(ctx, job)
	}
	return s.raw(job)
}

func (s *server) close() {
	var wg sync.WaitGroup
	for _, n := range s.nodes {
		wg.Go(func() {
			// What this run wanted to know is known by now.
			_ = n.Close()
		})
	}
	wg.Wait()
	if s.source != nil {
		s.source.Close()
	}
	if s.sink != nil {
		s.sink.Close()
	}
	if s.mesh != nil {
		s.mesh.Close()
	}
}
