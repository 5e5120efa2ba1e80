//go:build unix

package zmtp

import (
	"errors"

	"golang.org/x/sys/unix"

	"github.com/gozre/zre/internal/transport"
)

func classes() []class {
	return []class{
		{[]error{unix.ECONNREFUSED}, transport.ErrRefused},
		{[]error{
			unix.EHOSTUNREACH, unix.ENETUNREACH, unix.ENETDOWN, unix.EHOSTDOWN,
		}, transport.ErrUnreachable},
		{[]error{unix.ETIMEDOUT}, transport.ErrTimeout},
		{[]error{unix.ECONNRESET, unix.EPIPE, unix.ECONNABORTED, unix.ENOTCONN}, transport.ErrReset},
		{[]error{unix.EADDRINUSE}, transport.ErrAddrInUse},
		{[]error{unix.EADDRNOTAVAIL}, transport.ErrAddrNotAvailable},
	}
}

// outOfDescriptors reports whether the process or the system has no descriptor left.
func outOfDescriptors(err error) bool {
	return errors.Is(err, unix.EMFILE) || errors.Is(err, unix.ENFILE)
}
