//go:build !unix

package cli

import (
	"os"
	"os/signal"
	"syscall"
)

// ignoreWriteSignals makes a write that fails an error to handle. It must not end the process
// before it has said goodbye to the peers.
func ignoreWriteSignals() { signal.Ignore(syscall.SIGPIPE) }

// WatchOutput does nothing on this system: that nobody reads f any more is noticed at the
// next write.
func WatchOutput(_ *os.File, _ func()) (stop func()) { return func() {} }
