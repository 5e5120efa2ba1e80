package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"syscall"
	"time"

	"github.com/gozre/zre/cmd/internal/cli"
)

// maxLine bounds a line of commands, and so a message said that way.
const maxLine = 1 << 20

// drainTime bounds how long a signal waits for a reader of standard output.
const drainTime = 5 * time.Second

// pipe is the front for programs: commands from standard input, lines to
// standard output, what goes wrong to standard error.
type pipe struct {
	*shell
	writing sync.Mutex // one line at a time

	mu     sync.Mutex
	err    error         // why the output failed
	broken chan struct{} // closed when it did

	failed bool // a command failed
	absent bool // a command found no peer or member
}

// runPipe runs commands from standard input, and prints events, until there is
// a reason to leave.
func (s *shell) runPipe(ctx context.Context) error {
	p := &pipe{shell: s, broken: make(chan struct{})}
	s.format.json = s.options.json
	s.print = p.write
	s.hint = func(text string) { fmt.Fprintln(s.env.Stderr, text) }
	s.say = func(string) {}
	s.printed = p.acknowledge
	s.patience = time.Now().Add(time.Duration(s.options.patience))
	s.settling = &settling{settle: s.settle, say: func(err error) { s.hint(fmt.Sprintf("zre: %v", err)) }}

	// That nobody reads the output is noticed immediately, and not at the next event.
	defer cli.WatchOutput(s.env.Stdout, func() { p.breakOff(syscall.EPIPE) })()
	s.start()
	drained := make(chan struct{})
	go func() { defer close(drained); s.watch() }()

	err := s.joinFirst(ctx)
	if err == nil {
		err = p.commands(ctx)
	}
	if closeErr := delivery(s.node.Close()); err == nil {
		err = closeErr
	}
	var late <-chan time.Time
	if ctx.Err() != nil {
		timer := time.NewTimer(drainTime)
		defer timer.Stop()
		late = timer.C
	}
	select {
	case <-drained:
	case <-late:
	}
	return p.verdict(err)
}

// verdict is what the program ends with.
func (p *pipe) verdict(err error) error {
	if broken := p.outputError(); broken != nil && !errors.Is(broken, syscall.EPIPE) {
		return fmt.Errorf("standard output: %w", broken)
	} // a reader that has closed the pipe is not an error
	switch {
	case err != nil:
		return err
	case p.failed, p.settling.failed():
		return &cli.ExitError{Status: cli.ExitFailure} // said when it happened
	case p.absent:
		return &cli.ExitError{Status: cli.ExitNoPeer}
	}
	return nil
}

// write prints lines. After the first failure nothing is printed any more.
func (p *pipe) write(text string) {
	p.writing.Lock()
	defer p.writing.Unlock()
	if p.outputError() != nil {
		return
	}
	if _, err := p.env.Stdout.WriteString(text + "\n"); err != nil {
		p.breakOff(err)
	}
}

// acknowledge acknowledges what was printed. What could not be printed is not acknowledged, so
// that its sender knows.
func (p *pipe) acknowledge() {
	if p.outputError() == nil {
		p.node.Ack()
	}
}

// breakOff keeps the first reason why nothing more can be printed.
func (p *pipe) breakOff(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.err == nil {
		p.err = err
		close(p.broken)
	}
}

func (p *pipe) outputError() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.err
}

// commands runs what comes from standard input, to its end.
func (p *pipe) commands(ctx context.Context) error {
	if cli.NoInput(p.env.Stdin) {
		return p.linger(ctx)
	}
	lines := make(chan string)
	ended := make(chan error, 1) // capacity 1: after a signal it is not waited for
	stop := make(chan struct{})
	defer close(stop)
	go func() { ended <- readLines(p.env.Stdin, lines, stop) }()

	for number := 1; ; number++ {
		select {
		case line := <-lines:
			err := p.execute(ctx, line)
			if errors.Is(err, errQuit) {
				return p.flush(ctx)
			}
			if err != nil {
				p.fail(number, err)
			}
		case err := <-ended:
			if err != nil {
				return fmt.Errorf("standard input: %w", err)
			}
			if p.options.stay {
				return p.linger(ctx)
			}
			return p.flush(ctx)
		case <-p.broken:
			return nil
		case <-ctx.Done():
			return nil
		}
	}
}

// fail says what is wrong with a line. The lines behind it are still run, as
// a shell does.
func (p *pipe) fail(number int, err error) {
	p.hint(fmt.Sprintf("zre: line %d: %v", number, err))
	if errors.Is(err, errNobody) || errors.Is(err, errNoSuchPeer) {
		p.absent = true
		p.explainAbsence()
	} else {
		p.failed = true
	}
}

// linger goes on printing until a signal, or until nobody reads the output.
func (p *pipe) linger(ctx context.Context) error {
	select {
	case <-ctx.Done():
	case <-p.broken:
	}
	return nil
}

// flush waits until the peers have acknowledged everything that was sent.
func (p *pipe) flush(ctx context.Context) error {
	err := p.node.Flush(ctx)
	if ctx.Err() != nil { // Close flushes once more, for a bounded time
		return nil
	}
	return delivery(err)
}

// readLines gives the lines of r one by one, without their ends.
func readLines(r io.Reader, lines chan<- string, stop <-chan struct{}) error {
	scanner := bufio.NewScanner(r)
	scanner.Buffer(nil, maxLine)
	for scanner.Scan() {
		select {
		case lines <- scanner.Text():
		case <-stop:
			return nil
		}
	}
	if errors.Is(scanner.Err(), bufio.ErrTooLong) {
		return fmt.Errorf("a line is longer than %d octets; zrecat sends anything", maxLine)
	}
	return scanner.Err()
}
