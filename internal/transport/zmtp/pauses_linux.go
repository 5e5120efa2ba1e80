package zmtp

import (
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// limitPauses bounds the pauses after which TCP sends again what is not acknowledged, since a
// peer that is silent for a dead period is gone. On a connection with few segments in flight the
// first six do not double, so that a line with losses does not look like one that is cut; with the
// congestion control BBR they double all the same. No pause is longer than most (Linux 6.15 and
// later; earlier ones refuse that, and double to two minutes).
func limitPauses(raw syscall.RawConn, most time.Duration) {
	_ = raw.Control(func(fd uintptr) {
		_ = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_THIN_LINEAR_TIMEOUTS, 1)
		_ = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_RTO_MAX_MS, int(most.Milliseconds()))
	})
}
