//go:build !linux

package zmtp

import (
	"syscall"
	"time"
)

// unacknowledged reports whether the other end's system has not acknowledged what
// was sent for that long. It is not known here; TCP gives up by itself.
func unacknowledged(syscall.RawConn, time.Duration) bool { return false }

// backlog returns how many octets the other end has acknowledged, and whether some wait for room on
// the way to it. It is not known here.
func backlog(syscall.RawConn) (acked uint64, waits bool) { return 0, false }

// closedByPeer reports whether the other end has closed the connection. It is not known here.
func closedByPeer(syscall.RawConn) bool { return false }
