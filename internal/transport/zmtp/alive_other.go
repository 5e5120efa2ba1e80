//go:build !linux

package zmtp

import (
	"syscall"
	"time"
)

// unacknowledged reports whether the other end's system has not acknowledged what
// was sent for that long. It is not known here; TCP gives up by itself.
func unacknowledged(syscall.RawConn, time.Duration) bool { return false }

// closedByPeer reports whether the other end has closed the connection. It is not known here.
func closedByPeer(syscall.RawConn) bool { return false }
