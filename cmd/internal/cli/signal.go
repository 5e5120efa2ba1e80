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
// A signal that was ignored when the program started stays ignored: that is
// how nohup and a shell's background jobs ask for it.
func withSignals(parent context.Context) (ctx context.Context, stop func()) {
	ctx, cancel := context.WithCancelCause(parent)
	var wanted []os.Signal
	for _, s := range []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP} {
		if !signal.Ignored(s) {
			wanted = append(wanted, s)
		}
	}
	// Writing to a pipe that nobody reads is an error to handle (EPIPE), not a
	// reason to die without saying goodbye to the peers.
	signal.Ignore(syscall.SIGPIPE)

	came := make(chan os.Signal, 1) // capacity 1: package signal does not wait for us
	if len(wanted) > 0 {
		signal.Notify(came, wanted...)
	}
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
