package oneshot

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/gozre/zre/cmd/internal/cli"
)

// runner runs a command for each message. What comes from the network is only on its standard
// input and in its environment: it is never a part of the command line.
type runner struct {
	argv     []string
	parallel cli.Count
	limit    cli.Bound
	count    cli.Count // end after so many

	manualAck bool // a message is acknowledged when its command has ended
}

func (r *runner) register(fs *pflag.FlagSet) {
	fs.Var(&r.parallel, "parallel", "run up to this many commands at a time; while they run, messages wait")
	fs.Var(&r.limit, "command-timeout", "end a command after this time; 0: no limit")
	fs.VarP(&r.count, "count", "c", "end when this many commands have run")
}

// find looks for the program of the command, so that a wrong name is an error at once.
func (r *runner) find(argv []string) error {
	if _, err := exec.LookPath(argv[0]); err != nil {
		return cli.Usagef("the command %s cannot be run: %w", argv[0], bareExec(err))
	}
	r.argv = argv
	return nil
}

// bareExec is an error about a program without its name.
func bareExec(err error) error {
	if e, ok := errors.AsType[*exec.Error](err); ok {
		err = e.Err
	}
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		err = e.Err
	}
	return err
}

// job is one run of the command.
type job struct {
	input  [][]byte
	env    []string
	stdout io.Writer
	stderr io.Writer
	most   int64 // of the output, in octets; 0: no limit
}

// result is how a run ended.
type result struct {
	status int    // 0 to 255
	reason string // why the status is not 0
	took   time.Duration
}

// killDelay is how long a command may take to end after a SIGTERM.
const killDelay = 2 * time.Second

// errLate and errLarge are the causes of a context that ends a command.
var (
	errLate  = errors.New("it took longer than --command-timeout")
	errLarge = errors.New("its output was larger than --max-answer")
)

// run runs the command once, in a process group of its own. When it has ended, when its time is
// over or when ctx ends, nothing of the group is left.
func (r *runner) run(ctx context.Context, j job) (res result) {
	began := time.Now()
	defer func() { res.took = time.Since(began) }()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	if r.limit > 0 {
		timer := time.AfterFunc(time.Duration(r.limit), func() { cancel(errLate) })
		defer timer.Stop()
	}
	cmd := exec.CommandContext(ctx, r.argv[0], r.argv[1:]...)
	cmd.Env = j.env
	cmd.Stdin = joined(j.input)
	cmd.Stdout, cmd.Stderr = j.stdout, j.stderr
	if j.most > 0 {
		cmd.Stdout = &bounded{w: j.stdout, left: j.most, full: func() { cancel(errLarge) }}
	}
	cmd.WaitDelay = killDelay
	unlock := ownGroup(cmd)
	defer unlock()
	if err := cmd.Start(); err != nil {
		return result{status: statusNotRun, reason: bareExec(err).Error()}
	}
	err := cmd.Wait()
	endGroup(cmd)
	switch cause := context.Cause(ctx); {
	case errors.Is(cause, errLarge):
		return result{status: statusTooLarge, reason: errLarge.Error()}
	case err == nil, errors.Is(err, exec.ErrWaitDelay) && cmd.ProcessState.Success():
		return result{}
	case errors.Is(cause, errLate):
		return result{status: statusLate, reason: errLate.Error()}
	}
	return result{status: exitStatus(cmd.ProcessState), reason: cmd.ProcessState.String()}
}

// joined is the frames one after the other.
func joined(frames [][]byte) io.Reader {
	readers := make([]io.Reader, len(frames))
	for i, f := range frames {
		readers[i] = bytes.NewReader(f)
	}
	return io.MultiReader(readers...)
}

// bounded is a writer for so many octets.
type bounded struct {
	w    io.Writer
	left int64
	full func()
}

// Write implements io.Writer.
func (b *bounded) Write(p []byte) (int, error) {
	if int64(len(p)) > b.left {
		b.full()
		return 0, errLarge
	}
	b.left -= int64(len(p))
	return b.w.Write(p)
}

// environment is the environment of a command: that of the program, with these variables, and
// without others whose name begins with ZRE_.
func environment(variables map[string]string, headers map[string]string) []string {
	var env []string
	for _, entry := range os.Environ() {
		if !strings.HasPrefix(entry, "ZRE_") {
			env = append(env, entry)
		}
	}
	for name, value := range variables {
		env = append(env, fmt.Sprintf("ZRE_%s=%s", name, value))
	}
	return append(env, headerVariables(headers)...)
}
