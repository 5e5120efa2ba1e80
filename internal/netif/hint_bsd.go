//go:build darwin || dragonfly || freebsd || netbsd || openbsd

package netif

import (
	"context"
	"errors"
	"os"
	"sync"

	"golang.org/x/sys/unix"
)

// hint tells when the kernel's routing socket speaks of interfaces or their
// addresses, until ctx ends; task is done when it has given back what it holds.
// Where there is no such socket it tells nothing.
func hint(ctx context.Context, task *sync.WaitGroup, hints chan<- struct{}) {
	fd, err := unix.Socket(unix.AF_ROUTE, unix.SOCK_RAW, unix.AF_UNSPEC)
	if err != nil {
		return
	}
	unix.CloseOnExec(fd)
	// Only a socket that does not block can be closed while it is read.
	if err := unix.SetNonblock(fd, true); err != nil {
		unix.Close(fd)
		return
	}
	socket := os.NewFile(uintptr(fd), "routing socket")
	stop := context.AfterFunc(ctx, func() { socket.Close() })
	task.Go(func() {
		defer socket.Close()
		defer stop()
		buf := make([]byte, os.Getpagesize())
		for {
			n, err := socket.Read(buf) // one message
			// ENOBUFS: the kernel had more to tell than fitted.
			lost := errors.Is(err, unix.ENOBUFS)
			if err != nil && !lost {
				return
			}
			if lost || aboutInterfaces(buf[:n]) {
				tell(hints)
			}
		}
	})
}

// aboutInterfaces tells the messages that matter here from those about routes,
// of which a busy host has many. Each begins with its length (2 octets), its
// version and its type.
func aboutInterfaces(message []byte) bool {
	if len(message) < 4 {
		return false
	}
	switch message[3] {
	case unix.RTM_NEWADDR, unix.RTM_DELADDR, unix.RTM_IFINFO:
		return true
	}
	return false
}
