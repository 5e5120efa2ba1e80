package cli

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

// withSignals returns a context that ends at the first signal that asks the
// program to leave; its cause is a [*SignalError]. A second one ends the
// process at once, for the case that leaving politely hangs. stop ends the
// watching and waits for its goroutine.
//
// A SIGHUP that was ignored when the program started stays ignored: that is how
// nohup asks for it. Not so SIGINT, which shells ignore for the background jobs
// of a script: there `kill -INT` is meant.
func withSignals(parent context.Context) (ctx context.Context, stop func()) {
	ctx, cancel := context.WithCancelCause(parent)
	wanted := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) {
		wanted = append(wanted, syscall.SIGHUP)
	}
	// Writing to a pipe that nobody reads is an error to handle (EPIPE), not a
	// reason to die without saying goodbye to the peers.
	signal.Ignore(syscall.SIGPIPE)

	came := make(chan os.Signal, 1) // capacity 1: package signal does not wait for us
	signal.Notify(came, wanted...)
	done := make(chan struct{})
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for first := true; ; first = false {
			select {
			case <-done:
				return
			case s := <-came:
				err := &SignalError{Signal: s}
				if !first {
					os.Exit(err.Status())
				}
				cancel(err)
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
