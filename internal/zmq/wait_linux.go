package zmq

import (
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"
)

// eager is set while a receiver of this process waits eagerly. It is a variable of the package because it stands for the
// processors of the process, of which only one may be held.
var eager atomic.Bool

// waitEagerly waits until the descriptor is readable, for eagerLimit at most, and tells whether it is. See pace.
func waitEagerly(fd int) bool {
	if !eager.CompareAndSwap(false, true) {
		return false
	}
	defer eager.Store(false)
	poll := unix.PollFd{Fd: int32(fd), Events: unix.POLLIN}
	limit := unix.NsecToTimespec(int64(eagerLimit))
	n, _, errno := unix.RawSyscall6(unix.SYS_PPOLL, uintptr(unsafe.Pointer(&poll)), 1, uintptr(unsafe.Pointer(&limit)), 0, 0, 0)
	return errno == 0 && n == 1
}
