//go:build !linux

package zmtp

import (
	"syscall"
	"time"

	"github.com/gozre/zre/internal/transport"
)

// unacknowledged reports whether the other end's system has not acknowledged what
// was sent for that long. It is not known here; TCP gives up by itself.
func unacknowledged(syscall.RawConn, time.Duration) bool { return false }

// unsent returns how many octets the other end has acknowledged, and whether some wait for room on
// the way to it. It is not known here.
func unsent(syscall.RawConn) (acked uint64, waits bool) { return 0, false }

// backlog returns how much of what was written the other end has acknowledged. It is not known here.
func backlog(syscall.RawConn) (b transport.Backlog, known bool) { return b, false }

// closedByPeer reports whether the other end has closed the connection. It is not known here.
func closedByPeer(syscall.RawConn) bool { return false }
