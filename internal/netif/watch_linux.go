package netif

import (
	"context"
	"errors"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// watch subscribes to rtnetlink. The messages are not looked at: several of
// them often make up one change, and List tells the outcome of all of them.
func watch(ctx context.Context) (<-chan struct{}, error) {
	socket, err := nl.Subscribe(unix.NETLINK_ROUTE,
		unix.RTNLGRP_LINK, unix.RTNLGRP_IPV4_IFADDR, unix.RTNLGRP_IPV6_IFADDR)
	if err != nil {
		// Some sandboxes forbid rtnetlink.
		return watchByPolling(ctx, pollPeriod, hint)
	}
	// Only the polling after a failure needs the list.
	before, err := List()
	if err != nil {
		socket.Close()
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

// follow tells of every message until ctx ends or the socket fails for good.
func follow(ctx context.Context, socket *nl.NetlinkSocket, changed chan<- struct{}) {
	closed := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		socket.Close()
		close(closed)
	})
	defer func() {
		if stop() {
			socket.Close()
		} else {
			<-closed
		}
	}()
	for {
		_, _, err := socket.Receive()
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
