package zmtp

import (
	"errors"

	"golang.org/x/sys/windows"

	"github.com/gozre/zre/internal/transport"
)

func classes() []class {
	return []class{
		{[]error{windows.WSAECONNREFUSED}, transport.ErrRefused},
		{[]error{
			windows.WSAEHOSTUNREACH, windows.WSAENETUNREACH,
			windows.WSAENETDOWN, windows.WSAEHOSTDOWN,
		}, transport.ErrUnreachable},
		{[]error{windows.WSAETIMEDOUT}, transport.ErrTimeout},
		{[]error{
			windows.WSAECONNRESET, windows.WSAECONNABORTED,
			windows.WSAENOTCONN, windows.WSAESHUTDOWN,
		}, transport.ErrReset},
		{[]error{windows.WSAEADDRINUSE, windows.WSAEACCES}, transport.ErrAddrInUse},
		{[]error{windows.WSAEADDRNOTAVAIL}, transport.ErrAddrNotAvailable},
	}
}

// outOfDescriptors reports whether the process or the system has no descriptor left.
func outOfDescriptors(err error) bool {
	return errors.Is(err, windows.WSAEMFILE) || errors.Is(err, windows.WSAENOBUFS)
}
