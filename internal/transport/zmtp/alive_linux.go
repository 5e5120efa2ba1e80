package zmtp

import (
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/gozre/zre/internal/transport"
)

// unacknowledged reports whether the other end's system has not acknowledged
// something that was sent, and nothing else either, for that long. A peer that
// does not read for long acknowledges, and is alive; TCP_USER_TIMEOUT would end its
// connection.
func unacknowledged(raw syscall.RawConn, since time.Duration) bool {
	silent := false
	err := raw.Control(func(fd uintptr) {
		info, err := unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO)
		silent = err == nil && info.Unacked > 0 &&
			time.Duration(info.Last_ack_recv)*time.Millisecond >= since
	})
	return err == nil && silent
}

// unsent returns how many octets the other end has acknowledged, and whether some wait for room on
// the way to it.
func unsent(raw syscall.RawConn) (acked uint64, waits bool) {
	err := raw.Control(func(fd uintptr) {
		info, err := unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO)
		if err == nil {
			acked, waits = info.Bytes_acked, info.Notsent_bytes > 0
		}
	})
	return acked, err == nil && waits
}

// backlog returns how much of what was written the other end has acknowledged. In this order the sum
// is never more than what was written.
func backlog(raw syscall.RawConn) (b transport.Backlog, known bool) {
	err := raw.Control(func(fd uintptr) {
		info, err := unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO)
		if err != nil {
			return
		}
		unacked, err := unix.IoctlGetInt(int(fd), unix.SIOCOUTQ)
		if err != nil {
			return
		}
		b, known = transport.Backlog{Acked: info.Bytes_acked, Unacked: uint64(unacked)}, true
	})
	return b, err == nil && known
}

// closedByPeer reports whether the other end has closed the connection. What it has sent before
// may not be read yet.
func closedByPeer(raw syscall.RawConn) bool {
	closed := false
	err := raw.Control(func(fd uintptr) {
		info, err := unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO)
		closed = err == nil && info.State != unix.BPF_TCP_ESTABLISHED
	})
	return err != nil || closed
}
