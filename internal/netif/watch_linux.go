package netif

import (
	"context"
	"errors"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// watch subscribes to rtnetlink. The messages are not looked at: several of
// them often make up one change, and List tells the outcome of all of them.
func watch(ctx context.Context) (<-chan struct{}, error) {
	socket, err := subscribe(unix.RTNLGRP_LINK, unix.RTNLGRP_IPV4_IFADDR, unix.RTNLGRP_IPV6_IFADDR)
	if err != nil {
		// Some sandboxes forbid rtnetlink.
		return watchByPolling(ctx, pollPeriod, hint)
	}
	// Only the polling after a failure needs the list.
	before, err := List()
	if err != nil {
		_ = socket.Close()
		return nil, err
	}
	changed := make(chan struct{}, 1)
	go func() {
		defer close(changed)
		follow(ctx, socket, changed)
		poll(ctx, pollPeriod, before, nil, changed)
	}()
	return changed, nil
}

// subscribe returns a socket of rtnetlink that gets the messages of these groups.
func subscribe(groups ...int) (*os.File, error) {
	fd, err := unix.Socket(
		unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, unix.NETLINK_ROUTE)
	if err != nil {
		return nil, err
	}
	addr := unix.SockaddrNetlink{Family: unix.AF_NETLINK}
	for _, g := range groups {
		addr.Groups |= 1 << (g - 1)
	}
	if err := unix.Bind(fd, &addr); err != nil {
		_ = unix.Close(fd)
		return nil, err
	}
	return os.NewFile(uintptr(fd), "rtnetlink"), nil
}

// headOfMessage is how much is read of a message, which is discarded as a whole. A goroutine that
// waits with room for all of it, 64 KiB, has a stack of 128 KiB; and the runtime takes the mean of
// the stacks there are for the size of new ones.
const headOfMessage = unix.SizeofNlMsghdr

// follow tells of every message until ctx ends or the socket fails for good.
func follow(ctx context.Context, socket io.ReadCloser, changed chan<- struct{}) {
	closed := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		_ = socket.Close()
		close(closed)
	})
	defer func() {
		if stop() {
			_ = socket.Close()
		} else {
			<-closed
		}
	}()
	head := make([]byte, headOfMessage)
	for {
		_, err := socket.Read(head)
		if ctx.Err() != nil {
			return
		}
		tell(changed)
		// ENOBUFS: the kernel had more to tell than fitted; the list has it all.
		if err != nil && !errors.Is(err, unix.ENOBUFS) && !errors.Is(err, unix.EINTR) {
			return
		}
	}
}
