//go:build unix

package cli

import (
	"errors"
	"os"
	"os/signal"
	"sync"

	"golang.org/x/sys/unix"
)

// ignoreWriteSignals makes a write that fails an error to handle (EPIPE, EFBIG). It must not
// end the process before it has said goodbye to the peers.
func ignoreWriteSignals() { signal.Ignore(unix.SIGPIPE, unix.SIGXFSZ) }

// WatchOutput calls gone once when nobody can read any more what is written to f, a pipe.
// A program that writes now and then would notice that only at its next write. stop ends
// the watching and waits for its goroutine. Where f is not a pipe, nothing is watched.
func WatchOutput(f *os.File, gone func()) (stop func()) {
	info, err := f.Stat()
	if err != nil || info.Mode()&(os.ModeNamedPipe|os.ModeSocket) == 0 {
		return func() {}
	}
	wake, stopping, err := os.Pipe()
	if err != nil {
		return func() {} // without it, the next write tells
	}
	// Fd is asked for here, once: it makes wake a blocking file, and f is not
	// touched, which would make its writes block a thread each.
	raw, err := f.SyscallConn()
	if err != nil {
		return func() {}
	}
	var out uintptr
	if err := raw.Control(func(fd uintptr) { out = fd }); err != nil {
		return func() {}
	}
	in := wake.Fd()
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			// Errors and hang-ups are reported without being asked for.
			fds := []unix.PollFd{{Fd: int32(out)}, {Fd: int32(in), Events: unix.POLLIN}}
			_, err := unix.Poll(fds, -1)
			switch {
			case errors.Is(err, unix.EINTR):
				continue
			case err == nil && fds[1].Revents == 0 && fds[0].Revents&(unix.POLLERR|unix.POLLHUP) != 0:
				gone()
			}
			return
		}
	}()
	return sync.OnceFunc(func() {
		stopping.Close()
		<-done
		wake.Close()
	})
}
