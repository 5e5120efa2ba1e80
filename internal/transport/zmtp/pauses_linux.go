package zmtp

import (
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// limitPauses bounds the pause after which TCP sends again what is not acknowledged
// (Linux 6.15 and later; earlier ones refuse it, and nothing changes).
func limitPauses(raw syscall.RawConn, most time.Duration) {
	_ = raw.Control(func(fd uintptr) {
		_ = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_RTO_MAX_MS, int(most.Milliseconds()))
	})
}
