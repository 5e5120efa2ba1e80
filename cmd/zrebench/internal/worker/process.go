package worker

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"time"
)

// patience is how long a worker may take to end when it has nothing left to do.
const patience = 10 * time.Second

// Process is a worker as seen from the process that started it. It serves one goroutine.
type Process struct {
	cmd  *exec.Cmd
	in   io.WriteCloser
	jobs *json.Encoder
	out  *bufio.Reader
}

// Options say how a worker is to run.
type Options struct {
	Cores  int       // that it may use, the same for all workers; 0 for all of the machine
	Stderr io.Writer // for what a worker that fails has to say
}

// New starts a worker. It is killed when ctx ends.
func New(ctx context.Context, o Options) (*Process, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("worker: %w", err)
	}
	cmd := exec.CommandContext(ctx, self, Hidden)
	cmd.Stderr = o.Stderr
	cmd.WaitDelay = patience
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("worker: %w", err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("worker: %w", err)
	}
	start := cmd.Start
	if o.Cores > 0 {
		start = func() error { return onCores(o.Cores, cmd.Start) }
	}
	if err := start(); err != nil {
		return nil, fmt.Errorf("worker: %w", err)
	}
	return &Process{cmd: cmd, in: in, jobs: json.NewEncoder(in), out: bufio.NewReader(out)}, nil
}

// Do has the worker do a job, and waits for what comes of it.
func (p *Process) Do(job Job) (Result, error) {
	if err := p.jobs.Encode(job); err != nil {
		return Result{}, fmt.Errorf("worker: %s: %w", job.Do, err)
	}
	line, err := p.out.ReadBytes('\n')
	if err != nil {
		if errors.Is(err, io.EOF) {
			err = errors.New("the process ended")
		}
		return Result{}, fmt.Errorf("worker: %s: %w", job.Do, err)
	}
	var r Result
	if err := json.Unmarshal(line, &r); err != nil {
		return Result{}, fmt.Errorf("worker: %s: %w", job.Do, err)
	}
	if r.Error != "" {
		return r, fmt.Errorf("%s: %s", job.Do, r.Error)
	}
	return r, nil
}

// Close lets the worker end, and waits for that; one that does not is killed.
func (p *Process) Close() error {
	if err := p.in.Close(); err != nil && !errors.Is(err, os.ErrClosed) {
		return fmt.Errorf("worker: %w", err)
	}
	timer := time.AfterFunc(patience, func() {
		// An error says that it has ended already.
		_ = p.cmd.Process.Kill()
	})
	defer timer.Stop()
	if err := p.cmd.Wait(); err != nil {
		return fmt.Errorf("worker: %w", err)
	}
	return nil
}
