package oneshot

import (
	"errors"
	"os"
	"sync"
	"syscall"

	"github.com/gozre/zre/cmd/internal/cli"
)

// output is standard output. After the first error nothing is written any more.
type output struct {
	f       *os.File
	unwatch func()        // ends the watching
	gone    chan struct{} // closed when nothing can be written any more

	mu  sync.Mutex
	err error
}

func newOutput(f *os.File) *output {
	o := &output{f: f, gone: make(chan struct{})}
	o.unwatch = cli.WatchOutput(f, func() { o.fail(syscall.EPIPE) })
	return o
}

// stop ends the watching.
func (o *output) stop() { o.unwatch() }

// line writes a line.
func (o *output) line(text string) { o.write([]byte(text + "\n")) }

// write writes text as a whole: lines of several goroutines do not mix. It reports whether
// all of it is written.
func (o *output) write(text []byte) bool {
	select {
	case <-o.gone:
		return false
	default:
	}
	o.mu.Lock()
	_, err := o.f.Write(text)
	o.mu.Unlock()
	if err != nil {
		o.fail(err)
	}
	return err == nil
}

func (o *output) fail(err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.err == nil {
		o.err = err
		close(o.gone)
	}
}

// failed is why nothing could be written. A reader that has closed the pipe is no error.
func (o *output) failed() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if errors.Is(o.err, syscall.EPIPE) {
		return nil
	}
	return o.err
}
