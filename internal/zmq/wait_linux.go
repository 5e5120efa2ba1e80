package zmq

import (
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"
)

// waiting is set while a receiver of this process waits in the kernel. It is a variable of the package because it stands for
// the processors of the process, of which only one may be held.
var waiting atomic.Bool

// waitInKernel waits until the descriptor is readable, for waitLimit at most, and tells whether it is. See wait.
func waitInKernel(fd int, how wait) bool {
	if !waiting.CompareAndSwap(false, true) {
		return false
	}
	defer waiting.Store(false)
	poll := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
	if how == held {
		// libzmq's thread may be waiting for this very processor, with what this one waits for. An error says that
		// the system knows no such call, and then nothing was lost.
		_, _, _ = unix.Syscall(unix.SYS_SCHED_YIELD, 0, 0, 0)
		n, err := unix.Poll(poll, int(waitLimit.Milliseconds()))
		return err == nil && n == 1
	}
	limit := unix.NsecToTimespec(int64(waitLimit))
	n, _, errno := unix.RawSyscall6(unix.SYS_PPOLL, uintptr(unsafe.Pointer(&poll[0])), 1, uintptr(unsafe.Pointer(&limit)), 0, 0, 0)
	return errno == 0 && n == 1
}
