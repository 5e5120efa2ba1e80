package cli

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// sameSignal is how long after the first signal further ones ask for the same:
// timeout(1) sends one to the process and one to its group.
const sameSignal = 500 * time.Millisecond

// withSignals returns a context that ends at the first signal that asks the
// program to leave; its cause is a [*SignalError]. A later one ends the process
// immediately, in case leaving hangs. stop ends the watching and waits for its goroutine.
//
// A SIGHUP that was ignored when the program started stays ignored: that is how
// nohup asks for it. Not so SIGINT, which shells ignore for the background jobs
// of a script: there `kill -INT` is meant. If reload is not nil, SIGHUP puts an
// element into it instead, also if it was ignored.
func withSignals(
	parent context.Context, reload chan<- struct{},
) (ctx context.Context, stop func()) {
	ctx, cancel := context.WithCancelCause(parent)
	wanted := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if reload != nil || !signal.Ignored(syscall.SIGHUP) {
		wanted = append(wanted, syscall.SIGHUP)
	}
	ignoreWriteSignals()

	came := make(chan os.Signal, 1) // capacity 1: package signal does not wait for us
	signal.Notify(came, wanted...)
	done := make(chan struct{})
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		var first time.Time
		for {
			select {
			case <-done:
				return
			case s := <-came:
				if s == syscall.SIGHUP && reload != nil {
					select {
					case reload <- struct{}{}:
					default: // One request is enough.
					}
					continue
				}
				err := &SignalError{Signal: s}
				if first.IsZero() {
					first = time.Now()
					cancel(err)
				} else if time.Since(first) > sameSignal {
					os.Exit(err.Status())
				}
			}
		}
	}()
	return ctx, func() {
		signal.Stop(came)
		close(done)
		<-ended
		cancel(nil)
	}
}
