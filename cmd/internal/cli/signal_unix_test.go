//go:build unix

package cli

import (
	"context"
	"errors"
	"syscall"
	"testing"
	"time"
)

// SIGHUP is a request to read files again where a program wants that, and else ends it.
func TestHangup(t *testing.T) {
	hangup := func() {
		t.Helper()
		if err := syscall.Kill(syscall.Getpid(), syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
	}
	reload := make(chan struct{}, 1)
	ctx, stop := withSignals(t.Context(), reload)
	for range 2 {
		hangup()
		select {
		case <-reload:
		case <-time.After(time.Minute):
			t.Fatal("no request")
		}
	}
	if ctx.Err() != nil {
		t.Error("it ends the program")
	}
	stop()

	ctx, stop = withSignals(t.Context(), nil)
	defer stop()
	hangup()
	select {
	case <-ctx.Done():
	case <-time.After(time.Minute):
		t.Fatal("it does not end the program")
	}
	if cause, ok := errors.AsType[*SignalError](context.Cause(ctx)); !ok || cause.Signal != syscall.SIGHUP {
		t.Errorf("cause %v", context.Cause(ctx))
	}
}
